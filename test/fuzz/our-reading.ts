/**
 * Reads a connection with our codec as the engine does: what has come is kept and parsed again when more comes
 * (lib/proxy/client.ts, response-relay.ts), bodies are read piece by piece, nothing behind a fault is looked at.
 */
import { BODY_DATA, BODY_END, BODY_FAULT, BODY_MORE, BodyReader } from '../../lib/http/body-reader.ts'
import { latin1 } from '../../lib/http/bytes.ts'
import { KIND_COUNT, K_CONNECTION, K_HOST, K_TE, K_TRANSFER_ENCODING, K_UPGRADE } from '../../lib/http/field-names.ts'
import { FRAMING_CLOSE, FRAMING_NONE, FieldSection } from '../../lib/http/field-section.ts'
import type { HeadLimits } from '../../lib/http/field-section.ts'
import { RequestHead } from '../../lib/http/request-head.ts'
import { parseRequestTarget } from '../../lib/http/request-target.ts'
import { ResponseHead } from '../../lib/http/response-head.ts'
import type { OwnMessage, OwnReading } from './readings.ts'

/** The defaults of the daemon. */
export const LIMITS: HeadLimits = { maxHeadBytes: 16 * 1024, maxFields: 100, maxTargetBytes: 8 * 1024 }
/** So small that every limit is hit often. */
export const TIGHT_LIMITS: HeadLimits = { maxHeadBytes: 96, maxFields: 3, maxTargetBytes: 12 }

/** Fields that do not go on, in the shape of `keep`'s table. */
export const HOP_BY_HOP = (() => {
  const table = new Uint8Array(KIND_COUNT)
  for (const kind of [K_CONNECTION, K_TE, K_TRANSFER_ENCODING, K_UPGRADE]) table[kind] = 1
  return table
})()

/** The parsers of one thread: they read all its connections, one after the other. */
export class Parsers {
  readonly limits: HeadLimits
  readonly request: RequestHead
  readonly response: ResponseHead
  readonly trailers: FieldSection

  constructor (limits: HeadLimits) {
    this.limits = limits
    this.request = new RequestHead(limits)
    this.response = new ResponseHead(limits)
    this.trailers = new FieldSection(limits)
  }
}

abstract class OwnStream {
  readonly reading: OwnReading = { messages: [], ending: 'idle' }
  protected readonly parsers: Parsers
  protected isOver = false
  #pending: Buffer | null = null
  #body: BodyReader | null = null
  /** Bytes of the connection that have come. */
  #come = 0

  constructor (parsers: Parsers) {
    this.parsers = parsers
  }

  /** Takes the next bytes. They lie anywhere in `bytes`, as in a pooled buffer. */
  feed (bytes: Buffer, start = 0, end = bytes.length): void {
    if (this.isOver) return
    const { reading } = this
    let origin = this.#come - start
    this.#come += end - start
    if (this.#pending !== null) {
      origin += start - this.#pending.length
      bytes = Buffer.concat([this.#pending, bytes.subarray(start, end)])
      this.#pending = null
      start = 0
      end = bytes.length
    }
    while (!this.isOver) {
      if (this.#body !== null) {
        start = this.#readBody(this.#body, bytes, start, end, origin)
        if (this.#body !== null) return
      } else if (this.isDone) {
        if (start < end) reading.ending = 'leftover'
        else if (reading.ending !== 'leftover') reading.ending = 'done'
        return
      } else if (start === end) {
        reading.ending = this.emptyEnding
        return
      } else {
        const at = this.parse(bytes, start, end)
        if (at < 0) return this.over(`fault:${-at}`)
        if (at === 0) {
          reading.ending = 'partial'
          this.#pending = Buffer.from(bytes.subarray(start, end))
          return
        }
        start = at
        this.begin(bytes, origin + at)
      }
    }
  }

  /** The peer has ended the connection. */
  abstract finish (): void
  protected abstract readonly isDone: boolean
  protected readonly emptyEnding: 'idle' | 'partial' = 'idle'
  protected abstract parse (bytes: Buffer, start: number, end: number): number
  protected abstract begin (bytes: Buffer, end: number): void

  protected over (ending: OwnReading['ending']): void {
    this.reading.ending = ending
    this.isOver = true
  }

  protected expectBody (framing: number, length: number): void {
    this.#body = new BodyReader(framing, length, this.parsers.limits.maxHeadBytes)
  }

  protected messageEnded (_message: OwnMessage): void {}

  #readBody (body: BodyReader, bytes: Buffer, start: number, end: number, origin: number): number {
    const message = this.reading.messages.at(-1)!
    body.at = start
    for (;;) {
      switch (body.next(bytes, end)) {
        case BODY_DATA:
          message.content += latin1(bytes, body.dataStart, body.dataEnd)
          continue
        case BODY_MORE:
          this.reading.ending = 'partial'
          return end
        case BODY_END:
          this.#body = null
          if (!this.#readTrailers(body.trailers, message)) this.over('trailer-fault')
          else {
            message.isComplete = true
            message.end = origin + body.at
            this.messageEnded(message)
          }
          return body.at
        case BODY_FAULT:
          this.over('body-fault')
          return end
      }
    }
  }

  #readTrailers (section: Uint8Array | null, message: OwnMessage): boolean {
    if (section === null) return true
    const parser = this.parsers.trailers
    if (parser.parseTrailers(section, 0, section.length) !== section.length) return false
    message.trailers = fieldsOf(parser)
    message.facts += `|${parser.keep(0, HOP_BY_HOP)}`
    return true
  }
}

export class OwnRequests extends OwnStream {
  protected readonly isDone = false

  finish (): void {}

  protected parse (bytes: Buffer, start: number, end: number): number {
    return this.parsers.request.parse(bytes, start, end)
  }

  protected begin (_bytes: Buffer, end: number): void {
    const head = this.parsers.request
    if (parseRequestTarget(head.method, head.target) === null) return this.over('target')
    const message = messageOf(head, `${head.method} ${head.target}`, end)
    message.method = head.method
    message.target = head.target
    if (head.counts[K_HOST] === 1) message.facts += `|${head.host}`
    this.reading.messages.push(message)
    if (head.method === 'CONNECT') this.over('connect')
    else if (head.framing === FRAMING_NONE) this.messageEnded(message)
    else this.expectBody(head.framing, head.contentLength)
  }

  protected override messageEnded (message: OwnMessage): void {
    if (message.saysClose || (message.minor === 0 && !message.saysKeepAlive)) this.over('closed')
  }
}

export class OwnResponses extends OwnStream {
  readonly method: string
  protected isDone = false
  protected override readonly emptyEnding = 'partial'

  constructor (parsers: Parsers, method: string) {
    super(parsers)
    this.method = method
    this.reading.ending = 'partial'
  }

  finish (): void {
    if (this.isOver || this.isDone) return
    const message = this.reading.messages.at(-1)
    if (this.reading.ending === 'partial' && message?.framing === FRAMING_CLOSE && message.status >= 200) {
      message.isComplete = true
      this.over('done')
    } else this.over('cut')
  }

  protected parse (bytes: Buffer, start: number, end: number): number {
    return this.parsers.response.parse(bytes, start, end, this.method)
  }

  protected begin (bytes: Buffer, end: number): void {
    const head = this.parsers.response
    const statusLine = latin1(bytes, head.lineStart, head.lineEnd - 2)
    const message = messageOf(head, `${head.status} ${statusLine.slice('HTTP/1.1 200 '.length)}`, end)
    message.status = head.status
    this.reading.messages.push(message)
    if (head.status === 101) this.over('switched')
    else if (head.framing !== FRAMING_NONE) this.expectBody(head.framing, head.contentLength)
    else this.messageEnded(message)
  }

  protected override messageEnded (message: OwnMessage): void {
    this.isDone = message.status >= 200
  }
}

function fieldsOf (section: FieldSection): string[] {
  const fields: string[] = []
  for (let i = 0; i < section.count; i++) fields.push(section.nameAt(i), section.valueAt(i))
  return fields
}

function messageOf (head: FieldSection, start: string, end: number): OwnMessage {
  const lastLineEnd = head.count === 0 ? head.lineEnd : head.lineEnds[head.count - 1]!
  const hasBody = head.framing !== FRAMING_NONE
  return {
    start,
    version: `1.${head.minor}`,
    fields: fieldsOf(head),
    content: '',
    trailers: [],
    isComplete: !hasBody,
    facts: JSON.stringify([head.expectsContinue, head.expectsOther,
      head.upgradesToWebsocket, head.acceptsTrailers, head.nominated, head.contentLength,
      head.keep(head.lineStart, HOP_BY_HOP), [...head.counts], [...head.kinds.subarray(0, head.count)]]),
    method: '',
    target: '',
    status: 0,
    saysClose: head.saysClose,
    saysKeepAlive: head.saysKeepAlive,
    saysUpgrade: head.saysUpgrade,
    minor: head.minor,
    framing: head.framing,
    end: hasBody ? -1 : end,
    text: latin1(head.bytes, head.lineStart, lastLineEnd)
  }
}
