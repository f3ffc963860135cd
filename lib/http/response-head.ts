/**
 * Head of an HTTP/1.x response (RFC 9112 §4). A runner is no more trusted than a client: whatever could be framed in
 * two ways is a fault.
 */
import { CR, SP, VALUE_BYTE } from './bytes.ts'
import { K_TRANSFER_ENCODING } from './field-names.ts'
import { FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_LENGTH, FRAMING_NONE, FieldSection } from './field-section.ts'
import type { HeadFaultCode } from './head-faults.ts'

export class ResponseHead extends FieldSection {
  status = 0

  /**
   * Parses a response head. `requestMethod` decides, with the status, whether a body follows (RFC 9112 §6.3).
   *
   * @returns the offset behind the head, 0 when it is not complete yet, or the negative number of a fault
   */
  parse (bytes: Uint8Array, start: number, end: number, requestMethod: string): number {
    this.reset(bytes)
    end = this.limitEnd(start, end)
    this.lineStart = start
    let at = this.#statusLine(bytes, start, end)
    if (at <= 0) return at === 0 ? this.incomplete(start, end) : at
    at = this.fields(bytes, at, end)
    if (at <= 0) return at === 0 ? this.incomplete(start, end) : at
    const fault = this.#responseRules(requestMethod)
    return fault === 0 ? at : this.fail(fault)
  }

  #statusLine (bytes: Uint8Array, start: number, end: number): number {
    let at = this.version(bytes, start, end)
    if (at <= 0) return at
    if (at + 4 > end) return 0
    let status = 0
    for (let i = 1; i <= 3; i++) {
      const digit = bytes[at + i]! - 48
      if (digit < 0 || digit > 9) return this.fail(21)
      status = status * 10 + digit
    }
    if (bytes[at] !== SP || status < 100) return this.fail(21)
    this.status = status
    at += 4
    if (at === end) return 0
    // A missing reason with its space also missing is a common fault of servers, and nothing hangs on it.
    if (bytes[at] !== SP && bytes[at] !== CR) return this.fail(21)
    while (at < end && VALUE_BYTE[bytes[at]!] === 1) at++
    if (at === end) return 0
    return this.lineFeed(bytes, at, end)
  }

  #responseRules (requestMethod: string): HeadFaultCode | 0 {
    const status = this.status
    const chunked = this.counts[K_TRANSFER_ENCODING]! > 0
    if (chunked) {
      const fault = this.readTransferEncoding()
      if (fault !== 0) return fault
    }
    if (requestMethod === 'HEAD' || status < 200 || status === 204 || status === 304) this.framing = FRAMING_NONE
    else if (chunked) this.framing = FRAMING_CHUNKED
    else if (this.contentLength >= 0) this.framing = this.contentLength === 0 ? FRAMING_NONE : FRAMING_LENGTH
    else this.framing = FRAMING_CLOSE
    // A 204 that announces a body may well be followed by one, which must not meet the next call (RFC 9112 §6.1).
    if (status === 204 && (chunked || this.contentLength > 0)) this.saysClose = true
    return 0
  }
}
