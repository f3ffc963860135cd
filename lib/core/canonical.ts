/**
 * One spelling for what means the same: `%41` and `A`, `%c3` and `%C3`. Used to compare and to name functions, never to
 * rewrite what is sent on.
 *
 * Invariant: two inputs get one form exactly if they decode to the same bytes with the same separators. So what
 * separates (`/` in a path; `&` and `+` in a query) stays encoded if it came encoded: `a%2Fb` is one segment, `a/b` is
 * two.
 * Source: RFC 3986 §6.2.2, taken further than its unreserved set, since runners decode a path whole before they match
 * it.
 */

/** Everything that is not printable ASCII, and the percent sign: the reason to look closer. */
const PATH_NEEDS_WORK = /[^\x21-\x24\x26-\x7e]/
const QUERY_NEEDS_WORK = /[^\x21-\x24\x26-\x2a\x2c-\x7e]/

/** Stay encoded because decoded they would separate or end something. */
const PATH_KEPT = '/?#%'
const QUERY_KEPT = '&+#%'

/** @param path a path as received, one byte per character, without its query. */
export function canonicalPath (path: string): string {
  return PATH_NEEDS_WORK.test(path) ? rewrite(path, PATH_KEPT, false) : path
}

/** @param text a name or a value of a query as received; `+` is a space there, as forms write it. */
export function canonicalQueryText (text: string): string {
  return QUERY_NEEDS_WORK.test(text) ? rewrite(text, QUERY_KEPT, true) : text
}

function rewrite (text: string, kept: string, plusIsSpace: boolean): string {
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x25) {
      const byte = hexByte(text, at + 1)
      if (byte < 0) {
        // A percent sign that encodes nothing means itself.
        out += '%25'
        continue
      }
      at += 2
      const char = String.fromCharCode(byte)
      out += byte > 0x20 && byte < 0x7f && !kept.includes(char) ? char : encoded(byte)
    } else if (unit === 0x2b && plusIsSpace) out += '%20'
    else out += unit > 0x20 && unit < 0x7f ? text[at]! : encoded(unit)
  }
  return out
}

/** Value of the two hexadecimal digits at `at`, or -1. */
function hexByte (text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at))
  const low = hexDigit(text.charCodeAt(at + 1))
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

function hexDigit (unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const letter = unit | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

function encoded (unit: number): string {
  // Above one byte: only from a caller that is not the wire (a command line). Kept, since there is no byte to name.
  if (unit > 0xff) return String.fromCharCode(unit)
  return '%' + unit.toString(16).toUpperCase().padStart(2, '0')
}

/**
 * The path that a runner would route by: decoded whole (`%2F` too), without empty and dot segments. For deciding what a
 * path must not reach, where looking at it as it is written would be too kind.
 */
export function resolvedPath (path: string): string {
  let decoded = ''
  for (let at = 0; at < path.length; at++) {
    const byte = path.charCodeAt(at) === 0x25 ? hexByte(path, at + 1) : -1
    if (byte >= 0) at += 2
    decoded += byte >= 0 ? String.fromCharCode(byte) : path[at]!
  }
  const segments: string[] = []
  for (const segment of decoded.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return '/' + segments.join('/')
}
