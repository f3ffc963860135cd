/**
 * Reads the body of one message, whatever its framing (RFC 9112 §6.3), out of the pieces in which it arrives. The caller
 * learns where content lies and where the message ends; nothing is copied or kept.
 */
import { CHUNK_DATA, CHUNK_END, CHUNK_MORE, ChunkedDecoder } from './chunked.ts'
import { FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_LENGTH, FRAMING_NONE } from './field-section.ts'

/** All given bytes are taken and the message goes on. */
export const BODY_MORE = 0
/** Content at [dataStart, dataEnd), never empty. Ask again. */
export const BODY_DATA = 1
/** The message is complete; `at` is the first byte that does not belong to it. */
export const BODY_END = 2
/** The framing is broken. */
export const BODY_FAULT = 3

export class BodyReader {
  readonly framing: number
  /** Where reading goes on. Set it to the start of each new piece. */
  at = 0
  dataStart = 0
  dataEnd = 0
  #left: number
  readonly #decoder: ChunkedDecoder | null

  /** @param length bytes of the body, for FRAMING_LENGTH */
  constructor (framing: number, length: number, maxTrailerBytes: number) {
    this.framing = framing
    this.#left = length
    this.#decoder = framing === FRAMING_CHUNKED ? new ChunkedDecoder(maxTrailerBytes) : null
  }

  /** The message needs no more bytes. Never true for a body that ends with its connection. */
  get isComplete (): boolean {
    if (this.#decoder !== null) return this.#decoder.isAtEnd
    return this.framing === FRAMING_NONE || (this.framing === FRAMING_LENGTH && this.#left === 0)
  }

  /** The trailer section that came with the last chunk; empty without one. */
  get trailers (): Uint8Array | null {
    return this.#decoder === null || this.#decoder.trailers.length === 0 ? null : this.#decoder.trailers
  }

  next (bytes: Uint8Array, end: number): number {
    if (this.#decoder !== null) return this.#nextChunk(this.#decoder, bytes, end)
    if (this.isComplete) return BODY_END
    if (this.at === end) return BODY_MORE
    this.dataStart = this.at
    if (this.framing === FRAMING_CLOSE) {
      this.at = this.dataEnd = end
      return BODY_DATA
    }
    const taken = Math.min(end - this.at, this.#left)
    this.#left -= taken
    this.at = this.dataEnd = this.at + taken
    return BODY_DATA
  }

  #nextChunk (decoder: ChunkedDecoder, bytes: Uint8Array, end: number): number {
    decoder.at = this.at
    const event = decoder.next(bytes, end)
    this.at = decoder.at
    if (event === CHUNK_DATA) {
      this.dataStart = decoder.dataStart
      this.dataEnd = decoder.dataEnd
      return BODY_DATA
    }
    return event === CHUNK_MORE ? BODY_MORE : event === CHUNK_END ? BODY_END : BODY_FAULT
  }
}
