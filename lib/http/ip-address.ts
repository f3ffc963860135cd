/**
 * IPv4 and IPv6 address texts by the grammar of RFC 3986 §3.2.2, checked in place on a range of a longer string.
 * Stricter than a resolver: no leading zeros in an octet, no short forms, no zone identifiers, so that two readers
 * can not see two different addresses.
 */
import { CLASS, DIGIT, HEXDIG } from './char-class.ts'

const DOT = 0x2e
const COLON = 0x3a
const ZERO = 0x30

/** Dotted decimal, four octets. */
export function isIpv4Address (text: string, from = 0, to = text.length): boolean {
  let octets = 0
  let at = from
  while (true) {
    const start = at
    let value = 0
    while (at < to && at - start < 3 && (CLASS[text.charCodeAt(at)]! & DIGIT) !== 0) {
      value = value * 10 + text.charCodeAt(at++) - ZERO
    }
    const digits = at - start
    if (digits === 0 || value > 255 || (digits > 1 && text.charCodeAt(start) === ZERO)) return false
    octets++
    if (at === to) return octets === 4
    if (octets === 4 || text.charCodeAt(at++) !== DOT) return false
  }
}

/** Eight groups, or fewer with one `::`; the last two may be written as an IPv4 address. */
export function isIpv6Address (text: string, from = 0, to = text.length): boolean {
  let groups = 0
  let isCompressed = false
  let at = from
  if (text.charCodeAt(at) === COLON && text.charCodeAt(at + 1) === COLON && at + 2 <= to) {
    isCompressed = true
    at += 2
    if (at === to) return true
  }
  while (true) {
    const start = at
    while (at < to && at - start < 4 && (CLASS[text.charCodeAt(at)]! & HEXDIG) !== 0) at++
    if (at === start) return false
    if (at < to && text.charCodeAt(at) === DOT) {
      return (isCompressed ? groups <= 5 : groups === 6) && isIpv4Address(text, start, to)
    }
    groups++
    if (at === to) break
    if (groups === 8 || text.charCodeAt(at++) !== COLON) return false
    if (at < to && text.charCodeAt(at) === COLON) {
      if (isCompressed) return false
      isCompressed = true
      at++
      if (at === to) break
    }
  }
  return isCompressed ? groups <= 7 : groups === 8
}
