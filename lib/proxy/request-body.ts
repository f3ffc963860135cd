/**
 * The request body on its way to a runner.
 *
 * It is decoded as it comes, framed anew, and written as soon as there is a connection. Up to a bound, the pieces are also
 * kept, so that the call can be made again elsewhere when the first runner never got it; above the bound they are let go,
 * and before there is a connection the client is made to wait instead.
 */
import { BODY_DATA, BODY_END, BODY_FAULT, BODY_MORE, BodyReader } from '../http/body-reader.ts'
import { FRAMING_CHUNKED } from '../http/field-section.ts'
import type { FieldSection } from '../http/field-section.ts'
import { chunkHeader } from '../http/chunked.ts'
import { lastChunkText } from './message-text.ts'
import { keepPiece, writeFramed, writePiece } from './copies.ts'
import type { Piece } from './copies.ts'
import { hearLastWords } from './transport.ts'
import type { WiredSocket } from './transport.ts'

export const UPLOAD_OK = 0
export const UPLOAD_FAULT = 1
export const UPLOAD_TOO_LARGE = 2

export class RequestBody {
  /** Content bytes so far, framing not counted. */
  receivedBytes = 0
  /** Behind the body's last byte, after `take`. */
  at = 0
  /** The runner's socket does not take more at the moment. */
  isBlocked = false
  readonly #reader: BodyReader
  readonly #isChunked: boolean
  readonly #maxBytes: number
  readonly #replayBytes: number
  readonly #trailerParser: FieldSection
  #pieces: Piece[] | null = []
  #keptBytes = 0
  #socket: WiredSocket | null = null
  /** Known from the start to be larger than what is kept. */
  readonly #isLarge: boolean

  /**
   * @param maxBytes largest body taken, 0 = no limit
   * @param replayBytes most bytes that are kept
   */
  constructor (framing: number, length: number, maxBytes: number, replayBytes: number, trailerParser: FieldSection, maxTrailerBytes: number) {
    this.#reader = new BodyReader(framing, length, maxTrailerBytes)
    this.#isChunked = framing === FRAMING_CHUNKED
    this.#isLarge = !this.#isChunked && length > replayBytes
    this.#maxBytes = maxBytes
    this.#replayBytes = replayBytes
    this.#trailerParser = trailerParser
  }

  get isComplete (): boolean {
    return this.#reader.isComplete
  }

  /** Everything that came is still kept: the call can be made again. */
  get isReplayable (): boolean {
    return this.#pieces !== null
  }

  /** More would have to be kept than is allowed: stop reading from the client until there is a connection. */
  get isFull (): boolean {
    return this.#socket === null && this.#keptBytes >= this.#replayBytes
  }

  /** Takes the body's part of [start, end); `at` says where it ended. */
  take (bytes: Buffer, start: number, end: number): number {
    const reader = this.#reader
    reader.at = start
    for (;;) {
      switch (reader.next(bytes, end)) {
        case BODY_DATA:
          this.receivedBytes += reader.dataEnd - reader.dataStart
          if (this.#maxBytes > 0 && this.receivedBytes > this.#maxBytes) return UPLOAD_TOO_LARGE
          this.#pass(bytes, reader.dataStart, reader.dataEnd)
          if (this.#isChunked || !reader.isComplete) continue
          this.at = reader.at
          return UPLOAD_OK
        case BODY_END: {
          this.at = reader.at
          if (!this.#isChunked) return UPLOAD_OK
          const last = lastChunkText(reader.trailers, this.#trailerParser, true)
          if (last === null) return UPLOAD_FAULT
          this.#keep(last)
          if (this.#socket !== null) this.#note(this.#socket.write(last, 'latin1'))
          return UPLOAD_OK
        }
        case BODY_MORE:
          this.at = end
          return UPLOAD_OK
        case BODY_FAULT:
          return UPLOAD_FAULT
      }
    }
  }

  /** Writes the head, and all of the body that has come, to a runner; what comes later follows. */
  attach (socket: WiredSocket, headText: string): void {
    this.#socket = socket
    this.isBlocked = false
    if (!this.isComplete) hearLastWords(socket)
    const pieces = this.#pieces
    if (pieces === null) throw new Error('a request body that was let go can not be sent again')
    let text = headText
    let i = 0
    // Head and first text pieces leave in one write.
    for (; i < pieces.length && typeof pieces[i] === 'string'; i++) text += pieces[i] as string
    if (i < pieces.length) socket.cork()
    this.#note(socket.write(text, 'latin1'))
    for (; i < pieces.length; i++) this.#note(writePiece(socket, pieces[i]!))
    if (socket.writableCorked > 0) socket.uncork()
    this.#letGoIfLarge()
  }

  /** The connection was lost; what has been kept waits for the next. */
  detach (): void {
    this.#socket = null
    this.isBlocked = false
  }

  /** Nothing will be sent again: frees the memory. */
  letGo (): void {
    if (this.#pieces === null) return
    for (const piece of this.#pieces) if (typeof piece !== 'string') piece.letGo()
    this.#pieces = null
    this.#keptBytes = 0
  }

  #pass (bytes: Buffer, start: number, end: number): void {
    const before = this.#isChunked ? chunkHeader(end - start) : ''
    const after = this.#isChunked ? '\r\n' : ''
    if (this.#pieces === null) {
      if (this.#socket !== null) this.#note(writeFramed(this.#socket, before, bytes, start, end, after))
      return
    }
    const piece = keepPiece(bytes, start, end)
    if (typeof piece === 'string') {
      const framed = before + piece + after
      this.#keep(framed)
      if (this.#socket !== null) this.#note(this.#socket.write(framed, 'latin1'))
    } else {
      for (const part of [before, piece, after]) {
        if (part === '') continue
        this.#keep(part)
        if (this.#socket !== null) this.#note(writePiece(this.#socket, part))
      }
    }
    this.#letGoIfLarge()
  }

  #keep (piece: Piece): void {
    if (this.#pieces === null) return
    this.#pieces.push(piece)
    this.#keptBytes += piece.length
  }

  /** What is on its way to a runner and above the bound needs no copy here. */
  #letGoIfLarge (): void {
    if (this.#socket !== null && (this.#isLarge || this.#keptBytes > this.#replayBytes)) this.letGo()
  }

  #note (isReady: boolean): void {
    if (!isReady) this.isBlocked = true
  }
}
