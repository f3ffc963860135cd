/**
 * The Host field: uri-host [":" port] of RFC 9110 §7.2, with uri-host by RFC 3986 §3.2.2 (registered name, IPv4 address
 * or bracketed literal). An empty host never passes, since an http URI must not have one (RFC 9110 §4.2.1); neither do
 * user information, a port over 65535 or of more than five digits, or a zone identifier.
 */
import { allOf, CLASS, DIGIT, HEXDIG, REG_NAME } from './char-class.ts'
import { isIpv6Address } from './ip-address.ts'

const PERCENT = 0x25
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const MAX_PORT_DIGITS = 5
const MAX_PORT = 65535

/** Whether `value` names a host, with or without a port (`host:` alone is legal). False for an empty value. */
export function isValidHost (value: string): boolean {
  const hostEnd = value.charCodeAt(0) === OPEN_BRACKET ? literalEnd(value) : nameEnd(value)
  if (hostEnd === 0) return false
  if (hostEnd === value.length) return true
  return value.charCodeAt(hostEnd) === COLON && isPort(value, hostEnd + 1)
}

/** The host of a valid Host value without its port, in lower case; an IP literal keeps its brackets. */
export function hostName (value: string): string {
  const end = value.charCodeAt(0) === OPEN_BRACKET ? value.indexOf(']') + 1 : value.indexOf(':')
  return (end > 0 ? value.slice(0, end) : value).toLowerCase()
}

/** Where the registered name (or IPv4 address) at the start of `value` ends; 0 = there is none. */
function nameEnd (value: string): number {
  let at = 0
  while (at < value.length) {
    const code = value.charCodeAt(at)
    if ((CLASS[code]! & REG_NAME) !== 0) {
      at++
    } else if (code === PERCENT) {
      if (at + 3 > value.length || !allOf(value, HEXDIG, at + 1, at + 3)) return 0
      at += 3
    } else {
      break
    }
  }
  return at
}

/** Where the bracketed literal at the start of `value` ends; 0 = it is malformed. */
function literalEnd (value: string): number {
  const close = value.indexOf(']')
  if (close === -1) return 0
  return isIpv6Address(value, 1, close) || isFutureAddress(value, 1, close) ? close + 1 : 0
}

/** IPvFuture: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ). */
function isFutureAddress (value: string, from: number, to: number): boolean {
  if ((value.charCodeAt(from) | 0x20) !== 0x76) return false
  const dot = value.indexOf('.', from)
  if (dot === -1 || dot === from + 1 || dot + 1 >= to || !allOf(value, HEXDIG, from + 1, dot)) return false
  for (let at = dot + 1; at < to; at++) {
    const code = value.charCodeAt(at)
    if ((CLASS[code]! & REG_NAME) === 0 && code !== COLON) return false
  }
  return true
}

function isPort (value: string, from: number): boolean {
  return value.length - from <= MAX_PORT_DIGITS && allOf(value, DIGIT, from) && Number(value.slice(from)) <= MAX_PORT
}
