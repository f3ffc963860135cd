/**
 * The Via field, RFC 9110 §7.6.3: each proxy appends the version it received and a name of its own, so that a
 * request that comes back to its sender is seen and stopped (§7.6.3; Proxy-Status error `proxy_loop_detected`). The
 * name must be one daemon's alone: two balancers in a row under one name would take each other for a loop.
 */

const TAB = 0x09
const SPACE = 0x20
const OPEN = 0x28
const CLOSE = 0x29
const COMMA = 0x2c
const BACKSLASH = 0x5c

/**
 * The field value to send.
 * @param value what was received, joined with commas; '' if nothing.
 * @param version of the received message, `1.0` or `1.1`.
 * @param self our pseudonym, a token.
 */
export function appendVia (value: string, version: '1.0' | '1.1', self: string): string {
  return value === '' ? `${version} ${self}` : `${value}, ${version} ${self}`
}

/** Whether an element of a Via value was written by `self` (compared without case). Comments are skipped. */
export function hasLoop (value: string, self: string): boolean {
  const name = self.toLowerCase()
  let at = 0
  while (at < value.length) {
    at = skipSpace(value, at)
    at = skipSpace(value, skipWord(value, at))
    const end = skipWord(value, at)
    if (end > at && value.slice(at, end).toLowerCase() === name) return true
    at = nextElement(value, end)
  }
  return false
}

function skipSpace (value: string, from: number): number {
  let at = from
  while (at < value.length && (value.charCodeAt(at) === SPACE || value.charCodeAt(at) === TAB)) at++
  return at
}

/** To the end of a protocol or name: white space, a comma or a comment. */
function skipWord (value: string, from: number): number {
  let at = from
  for (; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code === SPACE || code === TAB || code === COMMA || code === OPEN) break
  }
  return at
}

/** To after the next comma that is not inside a (nested) comment. */
function nextElement (value: string, from: number): number {
  let depth = 0
  for (let at = from; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code === OPEN) depth++
    else if (depth === 0 && code === COMMA) return at + 1
    else if (depth > 0 && code === CLOSE) depth--
    else if (depth > 0 && code === BACKSLASH) at++
  }
  return value.length
}
