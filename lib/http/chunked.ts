/**
 * Decoder of the chunked transfer coding (RFC 9112 §7.1), strict: sizes are bare hexadecimal numbers, lines end in CRLF,
 * extensions follow the grammar and are dropped, and sizes, extensions and trailers are bounded.
 *
 * It works on any cut of the stream: feed it what has come, take the events it yields. Memory is constant but for an
 * incomplete trailer section, which is bounded.
 */
import { CR, LF, VALUE_BYTE } from './bytes.ts'
import { TOKEN_LOWER } from './field-names.ts'

/** More bytes are needed; all given ones are taken. */
export const CHUNK_MORE = 0
/** Content at [dataStart, dataEnd) of the given bytes. Never empty: written on as a chunk, that would be the last one. */
export const CHUNK_DATA = 1
/** The last chunk and the trailer section are complete; `at` is behind them and `trailers` holds the section. */
export const CHUNK_END = 2
/** The coding is broken: nothing that follows can be trusted. */
export const CHUNK_FAULT = 3

/** Enough for 2^52 bytes; leading zeros count, so that a size line can not be drawn out. */
const MAX_SIZE_DIGITS = 13
/** Extensions of a whole message. Each chunk's are dropped; the sum is bounded (CVE-2024-22019). */
const MAX_EXTENSION_BYTES = 16 * 1024

const S_SIZE_FIRST = 0
const S_SIZE = 1
const S_SIZE_LF = 2
const S_DATA = 3
const S_DATA_CR = 4
const S_DATA_LF = 5
const S_TRAILER = 6
const S_EXT_NAME_FIRST = 7
const S_EXT_NAME = 8
const S_EXT_VALUE_FIRST = 9
const S_EXT_VALUE = 10
const S_EXT_QUOTED = 11
const S_EXT_ESCAPED = 12
const S_EXT_AFTER_QUOTED = 13
const S_END = 14
const S_FAULT = 15

const SEMICOLON = 59
const EQUALS = 61
const QUOTE = 34
const BACKSLASH = 92

/** Value of a hexadecimal digit, 255 for every other byte. */
const HEX = (() => {
  const table = new Uint8Array(256).fill(255)
  for (let digit = 0; digit < 10; digit++) table[48 + digit] = digit
  for (let digit = 10; digit < 16; digit++) table[55 + digit] = table[87 + digit] = digit
  return table
})()

const EMPTY = new Uint8Array(0)

export class ChunkedDecoder {
  /** Where reading goes on; after CHUNK_END and CHUNK_FAULT the first byte not taken. */
  at = 0
  dataStart = 0
  dataEnd = 0
  /** The trailer section with its closing empty line; empty when there are no trailers. Valid after CHUNK_END. */
  trailers: Uint8Array = EMPTY
  #state = S_SIZE_FIRST
  #size = 0
  #digits = 0
  #extensionBytes = 0
  readonly #maxTrailerBytes: number

  /** @param maxTrailerBytes largest trailer section, its empty line included; at least 2 */
  constructor (maxTrailerBytes: number) {
    this.#maxTrailerBytes = maxTrailerBytes
  }

  get isAtEnd (): boolean {
    return this.#state === S_END
  }

  /**
   * Reads on from `at` (set it to the start of each new piece) up to `end`.
   *
   * @returns one of the CHUNK_ events; after CHUNK_DATA call again with the same piece
   */
  next (bytes: Uint8Array, end: number): number {
    while (this.at < end) {
      const byte = bytes[this.at]!
      switch (this.#state) {
        case S_DATA: {
          this.dataStart = this.at
          const left = end - this.at
          if (left < this.#size) {
            this.#size -= left
            this.at = this.dataEnd = end
          } else {
            this.at = this.dataEnd = this.at + this.#size
            this.#state = S_DATA_CR
          }
          return CHUNK_DATA
        }
        case S_DATA_CR:
          if (byte !== CR) return this.#fail()
          this.#state = S_DATA_LF
          break
        case S_DATA_LF:
          if (byte !== LF) return this.#fail()
          this.#state = S_SIZE_FIRST
          break
        case S_SIZE_FIRST:
          this.#size = HEX[byte]!
          if (this.#size === 255) return this.#fail()
          this.#digits = 1
          this.#state = S_SIZE
          break
        case S_SIZE:
          if (HEX[byte] !== 255) {
            if (++this.#digits > MAX_SIZE_DIGITS) return this.#fail()
            this.#size = this.#size * 16 + HEX[byte]!
          } else if (!this.#endOfPart(byte)) return this.#fail()
          break
        case S_SIZE_LF:
          if (byte !== LF) return this.#fail()
          this.#state = this.#size === 0 ? S_TRAILER : S_DATA
          break
        case S_TRAILER:
          return this.#trailer(bytes, end)
        case S_END:
          return CHUNK_END
        default:
          if (!this.#extension(byte)) return this.#fail()
      }
      this.at++
    }
    return this.#state === S_END ? CHUNK_END : this.#state === S_FAULT ? CHUNK_FAULT : CHUNK_MORE
  }

  #fail (): number {
    this.#state = S_FAULT
    return CHUNK_FAULT
  }

  /** After a size, an extension's name or its value: the line's end or the next extension. */
  #endOfPart (byte: number): boolean {
    if (byte === CR) this.#state = S_SIZE_LF
    else if (byte === SEMICOLON) this.#state = S_EXT_NAME_FIRST
    else return false
    return true
  }

  /** `*( ";" token [ "=" ( token / quoted-string ) ] )`, without the white space that RFC 9112 only tolerates. */
  #extension (byte: number): boolean {
    if (++this.#extensionBytes > MAX_EXTENSION_BYTES) return false
    const isToken = TOKEN_LOWER[byte] !== 0
    switch (this.#state) {
      case S_EXT_NAME_FIRST:
        this.#state = S_EXT_NAME
        return isToken
      case S_EXT_NAME:
        if (byte === EQUALS) this.#state = S_EXT_VALUE_FIRST
        else if (!isToken) return this.#endOfPart(byte)
        return true
      case S_EXT_VALUE_FIRST:
        this.#state = byte === QUOTE ? S_EXT_QUOTED : S_EXT_VALUE
        return isToken || byte === QUOTE
      case S_EXT_VALUE:
        return isToken || this.#endOfPart(byte)
      case S_EXT_QUOTED:
        if (byte === QUOTE) this.#state = S_EXT_AFTER_QUOTED
        else if (byte === BACKSLASH) this.#state = S_EXT_ESCAPED
        return VALUE_BYTE[byte] === 1
      case S_EXT_ESCAPED:
        this.#state = S_EXT_QUOTED
        return VALUE_BYTE[byte] === 1
      case S_EXT_AFTER_QUOTED:
        return this.#endOfPart(byte)
      default:
        return false
    }
  }

  /**
   * Nearly always the section is just the empty line. Otherwise its bytes are collected, whatever their cut, until an
   * empty line ends them; what they say is checked by the field parser.
   */
  #trailer (bytes: Uint8Array, end: number): number {
    const before = this.trailers.length
    if (before === 0 && end - this.at >= 2 && bytes[this.at] === CR && bytes[this.at + 1] === LF) {
      this.at += 2
      this.#state = S_END
      return CHUNK_END
    }
    const take = Math.min(end - this.at, this.#maxTrailerBytes - before)
    const section = Buffer.alloc(before + take)
    section.set(this.trailers)
    section.set(bytes.subarray(this.at, this.at + take), before)
    const sectionEnd = endOfSection(section, Math.max(0, before - 3))
    if (sectionEnd < 0) {
      this.trailers = section
      this.at += take
      if (section.length === this.#maxTrailerBytes) return this.#fail()
      return CHUNK_MORE
    }
    this.at += sectionEnd - before
    this.trailers = sectionEnd === 2 ? EMPTY : section.subarray(0, sectionEnd)
    this.#state = S_END
    return CHUNK_END
  }
}

/** Offset behind the empty line that ends a field section, or -1. */
function endOfSection (section: Uint8Array, from: number): number {
  if (section.length >= 2 && section[0] === CR && section[1] === LF) return 2
  for (let at = from; at + 3 < section.length; at++) {
    if (section[at] === CR && section[at + 1] === LF && section[at + 2] === CR && section[at + 3] === LF) return at + 4
  }
  return -1
}

/** The size line of a chunk of `size` bytes. */
export function chunkHeader (size: number): string {
  return size.toString(16) + '\r\n'
}

export const LAST_CHUNK = '0\r\n\r\n'
