/**
 * A section of field lines (RFC 9110 §5, RFC 9112 §5), for a proxy that passes the bytes on: a head's fields or a trailer
 * section, read out of one piece of memory.
 *
 * It records where each part lies, so that fields go on as they came: same order, case and duplicates. It refuses
 * everything that two parsers could read differently; there is no lenient mode. An object holds the facts of the last
 * head until the next parse, and its offsets are valid as long as the caller keeps the bytes. One object serves all
 * connections of a thread.
 */
import { COLON, COMMA, CR, HTAB, LF, SP, VALUE_BYTE, latin1 } from './bytes.ts'
import {
  FieldNames, KIND_COUNT, K_CONNECTION, K_CONTENT_LENGTH, K_EXPECT, K_HOST, K_TE, K_TRANSFER_ENCODING, K_UPGRADE,
  TOKEN_LOWER, equalsLower
} from './field-names.ts'
import { listsToken, readDecimal, transferEncodingFault } from './field-values.ts'
import type { HeadFaultCode } from './head-faults.ts'

/** How the length of a body is known (RFC 9112 §6.3). */
export const FRAMING_NONE = 0
export const FRAMING_LENGTH = 1
export const FRAMING_CHUNKED = 2
/** Until the connection closes: responses only. */
export const FRAMING_CLOSE = 3

export interface HeadLimits {
  readonly maxHeadBytes: number
  readonly maxFields: number
  readonly maxTargetBytes: number
}

const MAX_CONNECTION_TOKENS = 16

export class FieldSection {
  /** Per field: start and end of the name, start and end of the value (outer white space excluded). */
  readonly offsets: Int32Array
  /** Per field: kind of its name (field-names.ts). */
  readonly kinds: Uint8Array
  /** Per field: end of its line, CRLF included. */
  readonly lineEnds: Int32Array
  /** Per kind: how many fields of it there are. */
  readonly counts = new Uint16Array(KIND_COUNT)
  count = 0
  /** First byte of the first line; differs from the given start when empty lines were skipped. */
  lineStart = 0
  /** End of the first line, CRLF included. */
  lineEnd = 0
  /** 0 or 1: the minor version. */
  minor = 1
  framing = FRAMING_NONE
  /** Content-Length in bytes, -1 without one. For HEAD and 304 it is declared, but no body follows. */
  contentLength = -1
  /** Connection options (RFC 9110 §7.6.1). */
  saysClose = false
  saysKeepAlive = false
  saysUpgrade = false
  /** Other field names that the Connection field names, in lower case; null when there are none. */
  nominated: string[] | null = null
  /** `Expect: 100-continue` was given; `expectsOther` = an expectation we do not know. */
  expectsContinue = false
  expectsOther = false
  /** The Upgrade field names `websocket` and nothing else. */
  upgradesToWebsocket = false
  /** `TE: trailers` was given. */
  acceptsTrailers = false
  /** Number of the fault (head-faults.ts) of the last parse that failed. */
  fault: HeadFaultCode | 0 = 0
  /** The bytes that the offsets refer to. */
  bytes: Uint8Array = new Uint8Array(0)
  protected readonly limits: HeadLimits
  readonly #names: FieldNames

  /** @param requestIdName lower-case name of the request id field, when it is not `x-request-id` */
  constructor (limits: HeadLimits, requestIdName = '') {
    this.limits = limits
    this.#names = new FieldNames(requestIdName)
    this.offsets = new Int32Array(limits.maxFields * 4)
    this.kinds = new Uint8Array(limits.maxFields)
    this.lineEnds = new Int32Array(limits.maxFields)
  }

  /**
   * Parses a trailer section (RFC 9112 §7.1.2): field lines up to an empty line.
   *
   * @returns the offset behind it, 0 when it is not complete yet, or the negative number of a fault
   */
  parseTrailers (bytes: Uint8Array, start: number, end: number): number {
    this.reset(bytes)
    end = this.limitEnd(start, end)
    this.lineStart = this.lineEnd = start
    const at = this.fields(bytes, start, end)
    return at === 0 ? this.incomplete(start, end) : at
  }

  /** Value of the first field of a kind, '' when there is none. */
  valueOf (kind: number): string {
    if (this.counts[kind] === 0) return ''
    for (let i = 0; i < this.count; i++) if (this.kinds[i] === kind) return this.valueAt(i)
    return ''
  }

  valueAt (field: number): string {
    return latin1(this.bytes, this.offsets[field * 4 + 2]!, this.offsets[field * 4 + 3]!)
  }

  nameAt (field: number): string {
    return latin1(this.bytes, this.offsets[field * 4]!, this.offsets[field * 4 + 1]!)
  }

  /** Value of the first field with this lower-case name, or undefined. For names that have no kind. */
  find (lowerName: string): string | undefined {
    for (let i = 0; i < this.count; i++) {
      const start = this.offsets[i * 4]!
      if (this.offsets[i * 4 + 1]! - start === lowerName.length && equalsLower(this.bytes, start, lowerName)) {
        return this.valueAt(i)
      }
    }
    return undefined
  }

  /**
   * The head's text from `from` (an offset: the first line's start, or the first field's) without the fields whose kind
   * is marked in `drop`, nor those that Connection names, and without the empty line at the end.
   */
  keep (from: number, drop: Uint8Array): string {
    const bytes = this.bytes
    let text = ''
    let runStart = from
    let runEnd = this.lineEnd
    for (let i = 0; i < this.count; i++) {
      if (drop[this.kinds[i]!] === 1 || (this.nominated !== null && this.#isNominated(i))) {
        if (runEnd > runStart) text += latin1(bytes, runStart, runEnd)
        runStart = runEnd = this.lineEnds[i]!
      } else {
        runEnd = this.lineEnds[i]!
      }
    }
    return runEnd > runStart ? text + latin1(bytes, runStart, runEnd) : text
  }

  /** Framing fields and Host are what they are, whatever a sender writes into Connection. */
  #isNominated (field: number): boolean {
    const kind = this.kinds[field]!
    if (kind === K_HOST || kind === K_CONTENT_LENGTH || kind === K_TRANSFER_ENCODING) return false
    return this.nominated!.includes(this.nameAt(field).toLowerCase())
  }

  protected reset (bytes: Uint8Array): void {
    this.bytes = bytes
    this.count = 0
    this.counts.fill(0)
    this.framing = FRAMING_NONE
    this.contentLength = -1
    this.saysClose = this.saysKeepAlive = this.saysUpgrade = false
    this.expectsContinue = this.expectsOther = this.upgradesToWebsocket = this.acceptsTrailers = false
    this.nominated = null
    this.fault = 0
  }

  protected fail (fault: HeadFaultCode): number {
    this.fault = fault
    return -fault
  }

  /** What lies beyond the size limit is not looked at, so that the verdict is the same however the bytes are cut. */
  protected limitEnd (start: number, end: number): number {
    return Math.min(end, start + this.limits.maxHeadBytes)
  }

  protected incomplete (start: number, end: number): number {
    return end - start >= this.limits.maxHeadBytes ? this.fail(10) : 0
  }

  /** `HTTP/1.0` or `HTTP/1.1` at `start`; returns the offset behind it. */
  protected version (bytes: Uint8Array, start: number, end: number): number {
    const expected = 'HTTP/'
    for (let i = 0; i < expected.length; i++) {
      if (start + i === end) return 0
      if (bytes[start + i] !== expected.charCodeAt(i)) return this.fail(3)
    }
    if (start + 8 > end) return 0
    const major = bytes[start + 5]! - 48
    const minor = bytes[start + 7]! - 48
    if (major < 0 || major > 9 || bytes[start + 6] !== 46 || minor < 0 || minor > 9) return this.fail(3)
    if (major !== 1 || minor > 1) return this.fail(4)
    this.minor = minor
    return start + 8
  }

  protected lineFeed (bytes: Uint8Array, at: number, end: number): number {
    if (at === end) return 0
    if (bytes[at] !== CR) return this.fail(bytes[at] === LF ? 5 : 3)
    if (at + 1 === end) return 0
    if (bytes[at + 1] !== LF) return this.fail(5)
    this.lineEnd = at + 2
    return at + 2
  }

  protected fields (bytes: Uint8Array, start: number, end: number): number {
    const { maxFields } = this.limits
    let at = start
    for (;;) {
      if (at === end) return 0
      if (bytes[at] === CR) {
        if (at + 1 === end) return 0
        return bytes[at + 1] === LF ? at + 2 : this.fail(5)
      }
      if (this.count === maxFields) return this.fail(9)
      const nameStart = at
      let hash = 0
      let lower = TOKEN_LOWER[bytes[at]!]!
      while (lower !== 0) {
        hash = (Math.imul(hash, 31) + lower) | 0
        if (++at === end) return 0
        lower = TOKEN_LOWER[bytes[at]!]!
      }
      const nameEnd = at
      if (bytes[at] !== COLON || nameEnd === nameStart) {
        const first = bytes[nameStart]
        return this.fail(first === SP || first === HTAB ? 7 : first === LF ? 5 : 6)
      }
      at++
      while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++
      const valueStart = at
      while (at < end && VALUE_BYTE[bytes[at]!] === 1) at++
      if (at + 1 >= end) {
        if (at < end && bytes[at] !== CR) return this.fail(bytes[at] === LF ? 5 : 8)
        return 0
      }
      if (bytes[at] !== CR) return this.fail(bytes[at] === LF ? 5 : 8)
      if (bytes[at + 1] !== LF) return this.fail(5)
      let valueEnd = at
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--
      at += 2
      const fault = this.#field(nameStart, nameEnd, valueStart, valueEnd, at, hash)
      if (fault !== 0) return this.fail(fault)
    }
  }

  #field (
    nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, lineEnd: number, hash: number
  ): HeadFaultCode | 0 {
    const index = this.count++
    const cell = index * 4
    this.offsets[cell] = nameStart
    this.offsets[cell + 1] = nameEnd
    this.offsets[cell + 2] = valueStart
    this.offsets[cell + 3] = valueEnd
    this.lineEnds[index] = lineEnd
    const kind = this.#names.lookup(this.bytes, nameStart, nameEnd, hash)
    this.kinds[index] = kind
    if (kind === 0) return 0
    const seen = ++this.counts[kind]!
    switch (kind) {
      case K_HOST:
        return seen > 1 ? 19 : 0
      case K_CONTENT_LENGTH:
        this.contentLength = readDecimal(this.bytes, valueStart, valueEnd)
        return seen > 1 ? 12 : this.contentLength < 0 ? 13 : 0
      case K_CONNECTION:
        return this.#readConnection(valueStart, valueEnd)
      case K_EXPECT:
        if (latin1(this.bytes, valueStart, valueEnd).toLowerCase() === '100-continue') this.expectsContinue = true
        else this.expectsOther = true
        return 0
      case K_UPGRADE:
        this.upgradesToWebsocket = seen === 1 &&
          latin1(this.bytes, valueStart, valueEnd).toLowerCase() === 'websocket'
        return 0
      case K_TE:
        if (listsToken(latin1(this.bytes, valueStart, valueEnd), 'trailers')) this.acceptsTrailers = true
        return 0
      default:
        return 0
    }
  }

  /** `#token`; empty elements are allowed (RFC 9110 §5.6.1.2). */
  #readConnection (start: number, end: number): HeadFaultCode | 0 {
    const bytes = this.bytes
    let at = start
    while (at < end) {
      while (at < end && (bytes[at] === SP || bytes[at] === HTAB || bytes[at] === COMMA)) at++
      const tokenStart = at
      while (at < end && TOKEN_LOWER[bytes[at]!] !== 0) at++
      const length = at - tokenStart
      if (length === 0) return at === end ? 0 : 22
      while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++
      if (at < end && bytes[at] !== COMMA) return 22
      if (length === 10 && equalsLower(bytes, tokenStart, 'keep-alive')) this.saysKeepAlive = true
      else if (length === 5 && equalsLower(bytes, tokenStart, 'close')) this.saysClose = true
      else if (length === 7 && equalsLower(bytes, tokenStart, 'upgrade')) this.saysUpgrade = true
      else {
        this.nominated ??= []
        if (this.nominated.length === MAX_CONNECTION_TOKENS) return 22
        this.nominated.push(latin1(bytes, tokenStart, tokenStart + length).toLowerCase())
      }
    }
    return 0
  }

  /** Transfer-Encoding must be exactly `chunked`, in one field, without a Content-Length (RFC 9112 §6.1). */
  protected readTransferEncoding (): HeadFaultCode | 0 {
    if (this.minor === 0) return 17
    if (this.counts[K_CONTENT_LENGTH]! > 0) return 14
    if (this.counts[K_TRANSFER_ENCODING]! > 1) return 16
    return transferEncodingFault(this.valueOf(K_TRANSFER_ENCODING))
  }
}
