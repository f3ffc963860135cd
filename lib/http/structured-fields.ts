/**
 * The two bare items of RFC 9651 that we write: Token (§3.3.4) and String (§3.3.3). A String holds printable ASCII
 * only, so whatever else is given becomes '?': a structured field must not fail, and must not end, because of its
 * contents.
 */
import { CLASS, TCHAR } from './char-class.ts'

const COLON = 0x3a
const SLASH = 0x2f
const ASTERISK = 0x2a

/** Whether `text` may stand as a Token: a letter or '*' first, then tchar, ':' and '/'. */
export function isSfToken (text: string): boolean {
  const first = text.charCodeAt(0)
  const letter = first | 0x20
  if (!(letter >= 0x61 && letter <= 0x7a) && first !== ASTERISK) return false
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((CLASS[code]! & TCHAR) === 0 && code !== COLON && code !== SLASH) return false
  }
  return true
}

/** A String with its quotes. `maxLength` bounds the characters taken from `text`. */
export function sfString (text: string, maxLength = text.length): string {
  let value = '"'
  for (let at = 0; at < text.length && at < maxLength; at++) {
    const character = text[at]!
    if (character === '"' || character === '\\') value += '\\' + character
    else value += character >= ' ' && character <= '~' ? character : '?'
  }
  return value + '"'
}
