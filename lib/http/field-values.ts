/** Values of the fields that frame a message, read strictly. */
import { HTAB, SP } from './bytes.ts'
import type { HeadFaultCode } from './head-faults.ts'

/** Digits of a length that a double still holds exactly. */
const MAX_DECIMAL_DIGITS = 15

/** A plain decimal number (1*DIGIT) in [start, end), or -1. */
export function readDecimal (bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > MAX_DECIMAL_DIGITS) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/**
 * What is wrong with a Transfer-Encoding value, 0 when it is exactly `chunked`. Unknown codings under a final `chunked`
 * are told apart from the rest, because the answer differs: 501 where it is we who lack a coding (RFC 9112 §6.1), 400
 * where nobody could know the length (§6.3).
 */
export function transferEncodingFault (value: string): HeadFaultCode | 0 {
  const lower = value.toLowerCase()
  if (lower === 'chunked') return 0
  const codings = lower.split(',').map(trimWhiteSpace)
  const isCoding = (coding: string) => /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:[ \t]*;.*)?$/.test(coding)
  return codings.every(isCoding) && codings.indexOf('chunked') === codings.length - 1 ? 15 : 16
}

/** Whether a comma-separated list holds `token` (lower case), whatever its case there. */
export function listsToken (value: string, token: string): boolean {
  return value.split(',').some((element) => trimWhiteSpace(element).toLowerCase() === token)
}

/** Without the white space of RFC 9110 §5.6.3 around it. `String.trim` would also take the byte 0xA0. */
function trimWhiteSpace (text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isWhiteSpace (code: number): boolean {
  return code === SP || code === HTAB
}
