/**
 * Head of an HTTP/1.x request (RFC 9112 §3): request line, fields, and the rules that make it unambiguous. Framing is
 * decided here, once; whoever relays the body asks `framing` and nothing else.
 */
import { CR, LF, SP, TARGET_BYTE, latin1 } from './bytes.ts'
import { K_HOST, K_TRANSFER_ENCODING, TOKEN_LOWER } from './field-names.ts'
import { FRAMING_CHUNKED, FRAMING_LENGTH, FRAMING_NONE, FieldSection } from './field-section.ts'
import type { HeadFaultCode } from './head-faults.ts'
import { isValidHost } from './host.ts'

const MAX_METHOD_BYTES = 32
/** Empty lines in front of a request that are forgiven (RFC 9112 §2.2 asks for at least one). */
const MAX_LEADING_EMPTY_LINES = 2
const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE'] as const

export class RequestHead extends FieldSection {
  /** Also known of a head that is refused behind its method; '' where it is not. */
  method = ''
  targetStart = 0
  targetEnd = 0
  /** Value of the Host field; holds only where `counts[K_HOST]` is 1. */
  host = ''

  /**
   * Parses a request head that starts at `start`.
   *
   * @returns the offset behind the head, 0 when it is not complete yet, or the negative number of a fault
   */
  parse (bytes: Uint8Array, start: number, end: number): number {
    this.reset(bytes)
    end = this.limitEnd(start, end)
    this.method = ''
    let at = start
    for (let skipped = 0; at < end && bytes[at] === CR; skipped++) {
      if (skipped === MAX_LEADING_EMPTY_LINES) return this.fail(3)
      if (at + 1 === end) return this.incomplete(start, end)
      if (bytes[at + 1] !== LF) return this.fail(5)
      at += 2
    }
    this.lineStart = at
    at = this.#requestLine(bytes, at, end)
    if (at <= 0) return at === 0 ? this.incomplete(start, end) : at
    at = this.fields(bytes, at, end)
    if (at <= 0) return at === 0 ? this.incomplete(start, end) : at
    const fault = this.#requestRules()
    return fault === 0 ? at : this.fail(fault)
  }

  get target (): string {
    return latin1(this.bytes, this.targetStart, this.targetEnd)
  }

  #requestLine (bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end && TOKEN_LOWER[bytes[at]!] !== 0) at++
    if (at - start > MAX_METHOD_BYTES) return this.fail(1)
    if (at === end) return 0
    if (bytes[at] !== SP || at === start) return this.fail(1)
    this.method = this.#methodAt(bytes, start, at)
    const target = ++at
    while (at < end && TARGET_BYTE[bytes[at]!] === 1) at++
    if (at - target > this.limits.maxTargetBytes) return this.fail(11)
    if (at === end) return 0
    if (bytes[at] !== SP || at === target) return this.fail(2)
    this.targetStart = target
    this.targetEnd = at
    const afterVersion = this.version(bytes, at + 1, end)
    if (afterVersion <= 0) return afterVersion
    return this.lineFeed(bytes, afterVersion, end)
  }

  #methodAt (bytes: Uint8Array, start: number, end: number): string {
    next: for (const method of METHODS) {
      if (method.length !== end - start) continue
      for (let i = 0; i < method.length; i++) if (bytes[start + i] !== method.charCodeAt(i)) continue next
      return method
    }
    return latin1(bytes, start, end)
  }

  /** Most requests of a connection name the same host: it is checked, and made a string, once. */
  #readHost (): boolean {
    let field = 0
    while (this.kinds[field] !== K_HOST) field++
    const start = this.offsets[field * 4 + 2]!
    const length = this.offsets[field * 4 + 3]! - start
    if (length === this.host.length && length > 0) {
      let i = 0
      while (i < length && this.bytes[start + i] === this.host.charCodeAt(i)) i++
      if (i === length) return true
    }
    const host = this.valueAt(field)
    if (!isValidHost(host)) return false
    this.host = host
    return true
  }

  #requestRules (): HeadFaultCode | 0 {
    const hosts = this.counts[K_HOST]!
    if (hosts === 0 && this.minor === 1) return 18
    if (hosts === 1 && !this.#readHost()) return 20
    if (this.counts[K_TRANSFER_ENCODING]! > 0) {
      const fault = this.readTransferEncoding()
      if (fault !== 0) return fault
      this.framing = FRAMING_CHUNKED
    } else if (this.contentLength >= 0) {
      this.framing = this.contentLength === 0 ? FRAMING_NONE : FRAMING_LENGTH
    }
    return 0
  }
}
