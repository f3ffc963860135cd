/**
 * The response on its way from a runner to the client.
 *
 * It reads the runner's bytes, whatever their cut, decides how the client gets the message, and writes it. It knows
 * nothing of retries or leases: what it finds is told to the exchange, which decides. Nothing is passed on before a
 * complete, valid head has come.
 */
import { BODY_DATA, BODY_END, BODY_FAULT, BodyReader } from '../http/body-reader.ts'
import { chunkHeader } from '../http/chunked.ts'
import { K_KEEP_ALIVE, K_RETRY_AFTER, K_SEC_WEBSOCKET_ACCEPT } from '../http/field-names.ts'
import { FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_LENGTH, FRAMING_NONE } from '../http/field-section.ts'
import type { HeadLimits } from '../http/field-section.ts'
import { isFnBusy, MAX_BUSY_BODY_BYTES } from '../http/busy.ts'
import { latin1 } from '../http/bytes.ts'
import { keepAliveTimeoutSeconds } from '../http/keep-alive.ts'
import type { ResponseHead } from '../http/response-head.ts'
import { lastChunkText } from './message-text.ts'
import type { ResponseText } from './message-text.ts'
import type { CallFacts } from './request-facts.ts'
import { writeFramed } from './copies.ts'
import type { WiredSocket } from './transport.ts'

/** Interim responses that one call may bring; more is a runner gone wild (RFC 9110 §15.2 sets no bound). */
const MAX_INTERIM_RESPONSES = 32

/** What a piece of a response led to. */
export const RELAY_MORE = 0
/** The response is complete and written; `leftover` says whether the runner sent more than that. */
export const RELAY_END = 1
/** The runner broke the protocol; `faultDetail` says how. */
export const RELAY_FAULT = 2
/** The runner refused the call without executing it; nothing was written. */
export const RELAY_BUSY = 3
/** The protocol is switched: the 101 is written, bytes from `at` on belong to the tunnel. */
export const RELAY_SWITCHED = 4

/** What the relay must know of the call. */
export interface RelayCall {
  readonly facts: CallFacts
  /** A busy refusal can be taken elsewhere. */
  canGoElsewhere (): boolean
  /** Value for the client's Connection field, asked when the final head is known. */
  connectionValue (endsWithClose: boolean): string
  /** A valid final head has come. */
  onFinalHead (status: number): void
}

const S_HEAD = 0
const S_BUSY = 1
const S_BODY = 2

export class ResponseRelay {
  status = 0
  bytesOut = 0
  faultDetail = ''
  /** Behind the last byte taken, after RELAY_SWITCHED. */
  at = 0
  hasLeftover = false
  /** Seconds from the runner's Keep-Alive field, -1 = none. */
  keepAliveSeconds = -1
  /** The runner's connection may serve another call. */
  isReusable = false
  /** The client's socket does not take more at the moment. */
  isBlocked = false
  /** Any byte came from the runner. */
  hasBytes = false
  #state = S_HEAD
  #interim = 0
  #hasContinued = false
  #pending: Buffer | null = null
  #body: BodyReader | null = null
  #isClientChunked = false
  #busyHead = ''
  readonly #call: RelayCall
  readonly #head: ResponseHead
  readonly #limits: HeadLimits
  readonly #text: ResponseText
  readonly #client: WiredSocket

  constructor (call: RelayCall, client: WiredSocket, head: ResponseHead, limits: HeadLimits, text: ResponseText) {
    this.#call = call
    this.#client = client
    this.#head = head
    this.#limits = limits
    this.#text = text
  }

  /** The client has been told a final status. */
  get hasStarted (): boolean {
    return this.#state === S_BODY
  }

  /** For the client, the response ends where its connection does. */
  get endsWithClose (): boolean {
    return this.#state === S_BODY && this.#body !== null && this.#body.framing !== FRAMING_LENGTH && !this.#isClientChunked
  }

  /** Forgets an answer of which nothing was passed on, for the next attempt. */
  restart (): void {
    this.#state = S_HEAD
    this.#pending = null
    this.#body = null
    this.#busyHead = ''
    this.hasBytes = false
    this.hasLeftover = false
    this.keepAliveSeconds = -1
    this.isReusable = false
  }

  onBytes (bytes: Buffer, start: number, end: number): number {
    this.hasBytes = true
    if (this.#state === S_BODY) return this.#relay(bytes, start, end, '')
    if (this.#pending !== null) {
      bytes = Buffer.concat([this.#pending, bytes.subarray(start, end)])
      start = 0
      end = bytes.length
      this.#pending = null
    }
    return this.#state === S_BUSY ? this.#checkBusy(bytes, start, end) : this.#readHead(bytes, start, end)
  }

  /** The runner sent its FIN. RELAY_END where that ends the response, RELAY_FAULT where it cuts it off. */
  onEnd (): number {
    if (this.#state !== S_BODY || this.#body?.framing !== FRAMING_CLOSE) return this.#fault('the connection was closed in the middle of the response')
    this.#finishBody(null, '')
    return RELAY_END
  }

  #readHead (bytes: Buffer, start: number, end: number): number {
    const head = this.#head
    for (;;) {
      const at = head.parse(bytes, start, end, this.#call.facts.method)
      if (at < 0) return this.#fault(`malformed response head (fault ${-at})`)
      if (at === 0) {
        if (end > start) this.#pending = Buffer.from(bytes.subarray(start, end))
        return RELAY_MORE
      }
      if (head.status >= 200) return this.#onFinalHead(bytes, at, end)
      if (head.status === 101) return this.#onSwitch(at)
      if (++this.#interim > MAX_INTERIM_RESPONSES) return this.#fault('too many interim responses')
      if (this.#passesInterim(head.status)) this.#write(this.#text.write(head, '', '', ''))
      start = at
    }
  }

  /**
   * An HTTP/1.0 client would take an interim response for the final one (RFC 9110 §15.2), and a 100 is for those who wait
   * for it, once.
   */
  #passesInterim (status: number): boolean {
    if (this.#call.facts.isHttp10) return false
    if (status !== 100) return true
    if (this.#hasContinued || !this.#call.facts.expectsContinue) return false
    this.#hasContinued = true
    return true
  }

  #onSwitch (at: number): number {
    const { websocketAccept, requestId } = this.#call.facts
    const head = this.#head
    if (websocketAccept === '') return this.#fault('101 to a request that asked for no upgrade')
    if (!head.saysUpgrade || !head.upgradesToWebsocket || head.valueOf(K_SEC_WEBSOCKET_ACCEPT) !== websocketAccept) {
      return this.#fault('101 that does not match the upgrade asked for')
    }
    this.status = 101
    this.#call.onFinalHead(101)
    this.#write(this.#text.write(head, 'Upgrade: websocket\r\n', 'Upgrade', requestId))
    this.#state = S_BODY
    this.at = at
    return RELAY_SWITCHED
  }

  #onFinalHead (bytes: Buffer, at: number, end: number): number {
    const head = this.#head
    const call = this.#call
    if (head.status === 503 && head.framing === FRAMING_LENGTH && head.contentLength <= MAX_BUSY_BODY_BYTES &&
        head.valueOf(K_RETRY_AFTER) === '15' && call.canGoElsewhere() && this.#busyHead === '') {
      // The marks of a busy refusal are in the body too: wait for it, it is tiny.
      this.#state = S_BUSY
      this.#busyHead = latin1(bytes, head.lineStart, at)
      return this.#checkBusy(bytes, head.lineStart, end)
    }
    this.status = head.status
    this.isReusable = head.minor === 1 ? !head.saysClose : head.saysKeepAlive && !head.saysClose
    if (head.framing === FRAMING_CLOSE) this.isReusable = false
    if (head.counts[K_KEEP_ALIVE]! > 0) this.keepAliveSeconds = keepAliveTimeoutSeconds(head.valueOf(K_KEEP_ALIVE))
    const isUnsized = head.framing === FRAMING_CHUNKED || head.framing === FRAMING_CLOSE
    this.#isClientChunked = isUnsized && !call.facts.isHttp10
    call.onFinalHead(head.status)
    const connection = call.connectionValue(isUnsized && call.facts.isHttp10)
    const text = this.#text.write(head, this.#isClientChunked ? 'Transfer-Encoding: chunked\r\n' : '', connection, call.facts.requestId)
    this.#state = S_BODY
    if (head.framing === FRAMING_NONE) {
      this.#write(text)
      this.hasLeftover = at < end
      return RELAY_END
    }
    this.#body = new BodyReader(head.framing, head.contentLength, this.#limits.maxHeadBytes)
    return this.#relay(bytes, at, end, text)
  }

  /** `bytes` start with the refusal's head. */
  #checkBusy (bytes: Buffer, start: number, end: number): number {
    const bodyStart = start + this.#busyHead.length
    // The head was parsed before this piece came: parse again, it is small and rare.
    const at = this.#head.parse(bytes, start, end, this.#call.facts.method)
    if (end - bodyStart < this.#head.contentLength) {
      this.#pending = Buffer.from(bytes.subarray(start, end))
      return RELAY_MORE
    }
    const bodyEnd = bodyStart + this.#head.contentLength
    // Meanwhile the request body may have become too large to be sent again.
    if (this.#call.canGoElsewhere() && isFnBusy(503, '15', latin1(bytes, bodyStart, bodyEnd))) {
      this.status = 503
      this.isReusable = this.#head.minor === 1 && !this.#head.saysClose && bodyEnd === end
      return RELAY_BUSY
    }
    return this.#onFinalHead(bytes, at, end)
  }

  /** Passes content on; `before` is the head's text where it has not been written yet. */
  #relay (bytes: Buffer, start: number, end: number, before: string): number {
    const body = this.#body!
    body.at = start
    for (;;) {
      switch (body.next(bytes, end)) {
        case BODY_DATA: {
          const size = body.dataEnd - body.dataStart
          this.bytesOut += size
          const frame = this.#isClientChunked ? chunkHeader(size) : ''
          const after = this.#isClientChunked ? '\r\n' : ''
          if (!writeFramed(this.#client, before + frame, bytes, body.dataStart, body.dataEnd, after)) this.isBlocked = true
          before = ''
          if (body.framing === FRAMING_CHUNKED || !body.isComplete) continue
          this.hasLeftover = body.at < end
          return RELAY_END
        }
        case BODY_END:
          this.hasLeftover = body.at < end
          if (this.#finishBody(body.trailers, before)) return RELAY_END
          if (before !== '') this.#state = S_HEAD
          return this.#fault('malformed trailers')
        case BODY_FAULT:
          // Of what came in one piece with its head nothing has been told yet.
          if (before !== '') this.#state = S_HEAD
          return this.#fault('malformed chunked coding')
        default:
          if (before !== '') this.#write(before)
          return RELAY_MORE
      }
    }
  }

  /** @param before text that goes in front. @returns false when the trailers are malformed */
  #finishBody (trailers: Uint8Array | null, before: string): boolean {
    const last = lastChunkText(trailers, this.#head, this.#call.facts.acceptsTrailers)
    if (last === null) return false
    const text = this.#isClientChunked ? before + last : before
    if (text !== '') this.#write(text)
    return true
  }

  #write (text: string): void {
    if (!this.#client.write(text, 'latin1')) this.isBlocked = true
  }

  #fault (detail: string): number {
    this.faultDetail = detail
    return RELAY_FAULT
  }
}
