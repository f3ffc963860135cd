/**
 * Character classes of the HTTP and URI grammars as one bit table, so that a check of a whole value is one indexed
 * load per character. Only ASCII is ever in a class: what lies above never passes. RFC 9110 §5.6.2 (tchar), RFC 3986
 * §2, §3.2.2.
 */

/** RFC 9110 tchar: what a method or field name is made of. */
export const TCHAR = 1
/** RFC 3986 unreserved and sub-delims: a registered name without its percent escapes. */
export const REG_NAME = 2
/** Hexadecimal digit, either case. */
export const HEXDIG = 4
/** Hexadecimal digit, lower case only. */
export const LOWER_HEXDIG = 8
export const DIGIT = 16
/** What a request id may hold: URI-safe and free of field delimiters. */
export const REQUEST_ID = 32

/** Class bits of the code units below 256; read with `CLASS[code]! & BIT` (above, undefined counts as 0). */
export const CLASS = new Uint8Array(256)

function mark (characters: string, bits: number): void {
  for (let at = 0; at < characters.length; at++) CLASS[characters.charCodeAt(at)]! |= bits
}

mark('0123456789', TCHAR | REG_NAME | HEXDIG | LOWER_HEXDIG | DIGIT | REQUEST_ID)
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', TCHAR | REG_NAME | REQUEST_ID)
mark('abcdef', HEXDIG | LOWER_HEXDIG)
mark('ABCDEF', HEXDIG)
mark("!#$%&'*+-.^_`|~", TCHAR)
mark("-._~!$&'()*+,;=", REG_NAME)
mark('._~:/+=@-', REQUEST_ID)

/** Whether every character of `text` in [from, to) has one of `bits`. True for an empty range. */
export function allOf (text: string, bits: number, from = 0, to = text.length): boolean {
  for (let at = from; at < to; at++) {
    if ((CLASS[text.charCodeAt(at)]! & bits) === 0) return false
  }
  return true
}

/** Whether `text` is an RFC 9110 token: not empty, tchar only. */
export function isToken (text: string): boolean {
  return text.length > 0 && allOf(text, TCHAR)
}
