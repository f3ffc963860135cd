/** Values of the fields that frame a message, read strictly. */
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
 * What is wrong with a Transfer-Encoding value, 0 when it is exactly `chunked`. An unknown coding is told apart from
 * nonsense, because the answer differs (501 or 400: RFC 9112 §6.1).
 */
export function transferEncodingFault (value: string): HeadFaultCode | 0 {
  const lower = value.toLowerCase()
  if (lower === 'chunked') return 0
  const codings = lower.split(',').map((coding) => coding.trim())
  const isCoding = (coding: string) => /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:[ \t]*;.*)?$/.test(coding)
  return codings.every(isCoding) && codings.filter((coding) => coding === 'chunked').length < 2 ? 15 : 16
}

/** Whether a comma-separated list holds `token` (lower case), whatever its case there. */
export function listsToken (value: string, token: string): boolean {
  return value.split(',').some((element) => element.trim().toLowerCase() === token)
}
