/**
 * One element of the Forwarded field, RFC 7239. Values come from a socket and from a client's Host field: what has no
 * place in a token is quoted, what can not be said at all is `unknown` or left out, and nothing can end the quotes.
 */
import { CLASS, isToken, TCHAR } from './char-class.ts'
import { isIpv4Address, isIpv6Address } from './ip-address.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MAPPED_PREFIX = '::ffff:'

/**
 * The node identifier of a peer address (§6): IPv4 bare, IPv6 bracketed and quoted, anything else (a unix socket) is
 * `unknown`. An IPv4-mapped address is written as the IPv4 address it is, and a zone (which only this host can read) is
 * dropped.
 */
export function forwardedNode (address: string): string {
  if (isIpv4Address(address)) return address
  if (address.startsWith(MAPPED_PREFIX) && isIpv4Address(address, MAPPED_PREFIX.length)) {
    return address.slice(MAPPED_PREFIX.length)
  }
  const zone = address.indexOf('%')
  const end = zone === -1 ? address.length : zone
  return isIpv6Address(address, 0, end) ? `"[${address.slice(0, end)}]"` : 'unknown'
}

/**
 * A whole element: `for=…;host=…;proto=…`.
 * @param host Host value as received; left out when it is empty or can not be quoted.
 */
export function forwardedElement (address: string, proto: 'http' | 'https', host: string): string {
  const value = quotedValue(host)
  return value === ''
    ? `for=${forwardedNode(address)};proto=${proto}`
    : `for=${forwardedNode(address)};host=${value};proto=${proto}`
}

/**
 * A token as it is, anything else of visible ASCII and spaces as a quoted string; '' when there is no way to write
 * it.
 */
function quotedValue (text: string): string {
  if (isToken(text)) return text
  let escapes = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((CLASS[code]! & TCHAR) !== 0) continue
    if (code < 0x20 || code > 0x7e) return ''
    if (code === QUOTE || code === BACKSLASH) escapes = true
  }
  if (text === '') return ''
  return `"${escapes ? text.replace(/["\\]/g, '\\$&') : text}"`
}
