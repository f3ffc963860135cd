/**
 * One client connection: reads requests one after the other, hands each to an exchange, and answers what never becomes
 * one. Requests that arrive while one is being answered (pipelining) wait their turn, in bounded memory.
 *
 * Invariant: at most one exchange at a time, and nothing behind a malformed head is ever looked at: it is answered and
 * the connection ends.
 */
import { FRAMING_NONE } from '../http/field-section.ts'
import { HEAD_FAULTS } from '../http/head-faults.ts'
import type { HeadFaultCode } from '../http/head-faults.ts'
import { LF } from '../http/bytes.ts'
import type { Refusal } from '../tables/counters.ts'
import { answerText } from './answer.ts'
import type { Timed } from './deadlines.ts'
import type { Engine } from './engine.ts'
import { Exchange } from './exchange.ts'
import type { Peer } from './message-text.ts'
import { RequestBody } from './request-body.ts'
import { readRequest } from './request-facts.ts'
import type { RequestFacts } from './request-facts.ts'
import { queuedBytes } from './transport.ts'
import type { Receiver, WiredSocket } from './transport.ts'
import type { Tunnel } from './tunnel.ts'

/** What the deadline of a connection is about. */
type Waiting = 'header' | 'idle' | 'body' | 'write' | 'linger' | 'departure' | 'nothing'

/**
 * A FIN may mean "I have said all" or "I have gone", and TCP does not tell which. While the answer is awaited we ask:
 * an interim response (which every HTTP/1.1 client must take, RFC 9110 §15.2) makes the host of a client that has gone
 * answer with a reset. First after this time, then ever more rarely.
 */
const DEPARTURE_FIRST_MS = 250
const DEPARTURE_MAX_MS = 8000
const DEPARTURE_QUESTION = 'HTTP/1.1 102 Processing\r\n\r\n'

export class Client implements Receiver, Timed {
  deadline = Infinity
  sweepIndex = -1
  socket!: WiredSocket
  readonly peer: Peer
  /** The connection ends after the present answer. */
  closesAfter = false
  tunnel: Tunnel | null = null
  /** The client sent its FIN. */
  hasEnded = false
  readonly #engine: Engine
  #exchange: Exchange | null = null
  #pending: Buffer | null = null
  #waiting: Waiting = 'header'
  #requests = 0
  #isLingering = false
  #isParsing = false
  #queuedBefore = 0
  #departureMs = 0

  constructor (engine: Engine, peer: Peer) {
    this.#engine = engine
    this.peer = peer
    this.#await('header', engine.settings.limits.headerTimeoutMs)
  }

  get poolIndex (): number {
    return this.#exchange?.target.pool.index ?? this.#engine.noPool
  }

  // ── bytes in ────────────────────────────────────────────────────────────────────────────────────────────────────

  onBytes (bytes: Buffer, start: number, end: number): void {
    if (this.#isLingering) return
    if (this.tunnel !== null) return this.tunnel.onClientBytes(bytes, start, end)
    const exchange = this.#exchange
    if (exchange !== null) {
      if (exchange.body !== null && !exchange.body.isComplete) {
        if (this.#waiting !== 'write') this.#await('body', this.#engine.settings.limits.bodyTimeoutMs)
        start = exchange.onClientBytes(bytes, start, end)
        if (exchange.body.isComplete && this.#waiting === 'body') this.#await('nothing', Infinity)
      }
      // The exchange may have ended meanwhile, and the connection with it.
      if (start === end || this.#isLingering || this.socket.destroyed) return
      this.#store(bytes, start, end)
      if (this.#exchange === null) this.#next()
      return
    }
    // A client that does not read its answers gets no more of them.
    if (this.#pending !== null || this.socket.writableNeedDrain) {
      const couldEnd = bytes.subarray(start, end).includes(LF)
      this.#store(bytes, start, end)
      // No head ends without a line feed: a head that drips in byte by byte is not parsed again for each.
      if (couldEnd || this.#pending!.length >= this.#engine.headLimits.maxHeadBytes) this.#next()
      return
    }
    if (this.#parse(bytes, start, end)) this.#next()
  }

  /** Requests that have come are worked off one by one. */
  #next (): void {
    if (this.#isParsing) return
    while (this.#pending !== null && this.#exchange === null && !this.#isLingering && !this.socket.writableNeedDrain) {
      const bytes = this.#pending
      this.#pending = null
      if (!this.#parse(bytes, 0, bytes.length)) break
    }
    if (this.hasEnded && this.#exchange === null && this.tunnel === null) this.#close()
  }

  /** @returns whether a request was found; what is left over is pending */
  #parse (bytes: Buffer, start: number, end: number): boolean {
    const { requestHead } = this.#engine
    const at = requestHead.parse(bytes, start, end)
    if (at === 0) {
      if (this.#waiting === 'idle') this.#await('header', this.#engine.settings.limits.headerTimeoutMs)
      this.#store(bytes, start, end)
      return false
    }
    if (at < 0) {
      const { refusal, detail } = HEAD_FAULTS[-at as HeadFaultCode]
      this.#refuseUnread(refusal, detail, requestHead.method)
      return false
    }
    this.#isParsing = true
    this.#begin(bytes, at, end)
    this.#isParsing = false
    return true
  }

  #begin (bytes: Buffer, at: number, end: number): void {
    const engine = this.#engine
    const head = engine.requestHead
    this.#requests++
    const { limits } = engine.settings
    this.closesAfter = head.saysClose || (head.minor === 0 && !head.saysKeepAlive) || engine.isClosing ||
      this.#requests === limits.maxRequestsPerConnection
    const hasBody = head.framing !== FRAMING_NONE
    const { framing, contentLength } = head
    const reading = readRequest(engine, head, this.peer)
    if ('refusal' in reading) {
      // A body that nobody will read makes the rest of the connection unreadable, and so does what is no request.
      const closes = hasBody || reading.refusal === 'bad_request' || reading.refusal === 'connect_method'
      this.answer(reading.refusal, reading.detail, reading.facts, closes, '', 0)
      engine.refused(this.peer, reading)
      if (at < end && !this.closesAfter) this.#store(bytes, at, end)
      this.#settle()
      return
    }
    const { view } = reading.target.pool
    const body = hasBody
      ? new RequestBody(framing, contentLength, view.maxBodyBytes, view.replayBytes, engine.trailers, limits.maxHeadBytes)
      : null
    const exchange = new Exchange(engine, this, reading.facts, reading.target, body)
    this.#exchange = exchange
    this.#await('nothing', Infinity)
    if (body !== null) {
      if (at < end) at = exchange.onClientBytes(bytes, at, end)
      if (!body.isComplete && !exchange.isDone) this.#await('body', limits.bodyTimeoutMs)
    }
    if (!exchange.isDone) exchange.launch()
    if (at < end && !this.#isLingering) this.#store(bytes, at, end)
  }

  #store (bytes: Buffer, start: number, end: number): void {
    const rest = bytes.subarray(start, end)
    this.#pending = this.#pending === null ? Buffer.from(rest) : Buffer.concat([this.#pending, rest])
    // More than a head's size ahead of its turn: the client has to wait.
    const mustWait = this.#exchange !== null || this.socket.writableNeedDrain
    if (mustWait && this.#pending.length > this.#engine.headLimits.maxHeadBytes) this.socket.pause()
  }

  takePending (): Buffer | null {
    const pending = this.#pending
    this.#pending = null
    return pending
  }

  // ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Writes an error of our own. @returns its status */
  answer (refusal: Refusal, detail: string, facts: RequestFacts, closes: boolean, pool: string, attempts: number): number {
    if (closes) this.closesAfter = true
    const { status, text } = answerText(this.#engine, refusal, detail, facts, this.closesAfter, pool, attempts)
    this.socket.write(text, 'latin1')
    return status
  }

  /** A head that could not be read: answer, and end the connection. */
  #refuseUnread (refusal: Refusal, detail: string, method: string): void {
    const engine = this.#engine
    const facts: RequestFacts = {
      method, path: '', host: '', requestId: engine.nextRequestId(), isHttp10: false, traceId: ''
    }
    this.answer(refusal, detail, facts, true, '', 0)
    engine.refused(this.peer, { refusal, detail, facts, poolIndex: engine.noPool })
    this.#settle()
  }

  /** The exchange has ended and its answer is written (or can not be). */
  onExchangeDone (): void {
    this.#exchange = null
    this.#settle()
    if (!this.#isLingering && !this.#isParsing) this.#next()
  }

  #settle (): void {
    this.#departureMs = 0
    if (this.socket.destroyed) return
    if (this.closesAfter || (this.#engine.isDraining && this.#pending === null)) return this.#close()
    if (this.socket.writableNeedDrain) this.awaitDrain()
    else this.#await('idle', this.#engine.settings.limits.idleTimeoutMs)
    if (this.socket.isPaused()) this.socket.resume()
  }

  /**
   * Ends the connection so that the client gets everything: our FIN goes behind the answer, and what the client still
   * sends is read and dropped for a while, since unread bytes would turn the FIN into a reset (RFC 9112 §9.6).
   */
  #close (): void {
    if (this.#isLingering) return
    this.#isLingering = true
    this.#pending = null
    if (this.socket.writableLength === 0) {
      this.socket.end()
      this.#linger()
    } else {
      // A slow reader has the time that it needs; only then the clock of the linger starts.
      this.socket.end(() => { this.#linger() })
      this.awaitDrain()
    }
    this.socket.resume()
  }

  #linger (): void {
    if (this.hasEnded) this.socket.destroy()
    else this.#await('linger', this.#engine.settings.limits.lingerTimeoutMs)
  }

  /** An answer that can not be finished: the client must not take it for a complete one. */
  breakOff (endsWithClose: boolean): void {
    this.closesAfter = true
    this.#isLingering = true
    // Where only the end of the connection ends the answer, a FIN would be a lie.
    if (endsWithClose && typeof this.socket.resetAndDestroy === 'function') this.socket.resetAndDestroy()
    else this.socket.destroy()
  }

  // ── steering by the exchange ────────────────────────────────────────────────────────────────────────────────────

  /** The request body can not be taken at the moment. Not the client's fault, so its clock stands. */
  pauseFor (exchange: Exchange): void {
    if (exchange !== this.#exchange) return
    this.socket.pause()
    if (this.#waiting === 'body') this.#await('nothing', Infinity)
  }

  resumeFor (exchange: Exchange): void {
    if (exchange !== this.#exchange || !this.socket.isPaused()) return
    this.socket.resume()
    if (this.#waiting === 'nothing') this.#awaitRest()
  }

  /** The answer waits for the client to read. */
  awaitDrain (): void {
    this.#queuedBefore = queuedBytes(this.socket)
    this.#await('write', this.#engine.settings.limits.writeTimeoutMs)
  }

  onDrain (): void {
    if (this.#waiting === 'write') this.#awaitRest()
    if (this.tunnel !== null) this.tunnel.onClientDrain()
    else if (this.#exchange !== null) this.#exchange.onClientDrain()
    else {
      this.socket.resume()
      this.#next()
    }
  }

  // ── ends and deadlines ──────────────────────────────────────────────────────────────────────────────────────────

  onEnd (): void {
    this.hasEnded = true
    if (this.tunnel !== null) return this.tunnel.onClientEnd()
    if (this.#isLingering) {
      if (this.socket.writableLength === 0) this.socket.destroy()
      return
    }
    const exchange = this.#exchange
    if (exchange === null) {
      // Requests that wait for the client to read are still to be answered.
      if (this.#pending === null || !this.socket.writableNeedDrain) this.#close()
      return
    }
    this.closesAfter = this.#pending === null || this.closesAfter
    if (exchange.body !== null && !exchange.body.isComplete) {
      exchange.abandon('client_gone')
      this.socket.destroy()
      return
    }
    this.#departureMs = DEPARTURE_FIRST_MS
    if (this.#waiting === 'nothing') this.#await('departure', this.#departureMs)
  }

  onClosed (): void {
    this.#isLingering = true
    this.tunnel?.onClientClosed()
    this.#exchange?.abandon('client_gone')
    this.#engine.forgetClient(this)
  }

  onConnected (): void {}

  onDeadline (): void {
    const waiting = this.#waiting
    this.deadline = Infinity
    const { counters, noPool } = this.#engine
    switch (waiting) {
      case 'header':
        if (this.#pending !== null) return this.#refuseUnread('header_timeout', '', '')
        counters.refusal(noPool, 'header_timeout')
        this.socket.destroy()
        return
      case 'idle':
        if (!this.#engine.isDraining) counters.refusal(noPool, 'idle_timeout')
        return this.#close()
      case 'body':
        this.#exchange?.refuse('body_timeout', '')
        return
      case 'write': {
        const queued = queuedBytes(this.socket)
        if (queued !== this.#queuedBefore) {
          this.awaitDrain()
          return
        }
        this.#isLingering = true
        if (this.#exchange === null) counters.refusal(noPool, 'write_timeout')
        else this.#exchange.abandon('write_timeout')
        this.socket.destroy()
        break
      }
      case 'departure':
        return this.#askForDeparture()
      case 'linger':
        this.socket.destroy()
        break
      case 'nothing':
        break
    }
  }

  #askForDeparture (): void {
    const exchange = this.#exchange
    if (exchange === null || exchange.status !== 0 || exchange.facts.isHttp10) return
    this.socket.write(DEPARTURE_QUESTION, 'latin1')
    // The second question finds out what the first one led to.
    const isFirst = this.#departureMs === DEPARTURE_FIRST_MS
    this.#await('departure', isFirst ? this.#departureMs / 2 : this.#departureMs)
    this.#departureMs = Math.min(this.#departureMs * 2, DEPARTURE_MAX_MS)
  }

  /**
   * The process is going down: what waits for a request ends, the rest after its answer. Not at once, but at the next
   * sweep, since a request may be on its way, and whoever sent it could not know whether it was executed.
   */
  drain (): void {
    if (this.tunnel !== null) return
    this.closesAfter = true
    if (this.#exchange === null && this.#pending === null && !this.#isLingering) this.#await('idle', 0)
  }

  /** The grace period is over. @returns whether a call was cut off */
  cut (): boolean {
    const wasBusy = this.#exchange !== null || this.tunnel !== null
    this.socket.destroy()
    return wasBusy
  }

  /** What is awaited when nothing is in the way any more. */
  #awaitRest (): void {
    const { limits } = this.#engine.settings
    const body = this.#exchange?.body ?? null
    if (this.#exchange === null) this.#await('idle', limits.idleTimeoutMs)
    else if (body !== null && !body.isComplete && !this.socket.isPaused()) this.#await('body', limits.bodyTimeoutMs)
    else this.#await('nothing', Infinity)
  }

  #await (waiting: Waiting, ms: number): void {
    this.#waiting = waiting
    this.deadline = this.#engine.clock + ms
  }
}
