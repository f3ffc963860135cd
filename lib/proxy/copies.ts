/**
 * Copies of bytes that must outlive the shared read buffer.
 *
 * Small ones become text and leave together with their frame. Large ones go into blocks that are used again: a fresh 64 KiB
 * buffer costs as much as sending it, and a large body would leave a trail of garbage of its own size. A block goes back
 * when it is neither kept nor being written.
 */
import type net from 'node:net'
import { latin1 } from '../http/bytes.ts'

/** Up to this size text is cheaper than a buffer. */
export const SMALL_PIECE_BYTES = 8 * 1024
const BLOCK_BYTES = 64 * 1024
/** A piece takes a whole block, so smaller ones would waste more than half of it. */
const BLOCK_WORTHY_BYTES = BLOCK_BYTES / 2
/** 2 MiB a thread. */
const MAX_FREE_BLOCKS = 32

const freeBlocks: Buffer[] = []

export class Copy {
  readonly bytes: Buffer
  #block: Buffer | null = null
  #isKept: boolean
  #writes = 0

  /** @param isKept it will be written again, until `letGo` */
  constructor (from: Buffer, start: number, end: number, isKept: boolean) {
    const size = end - start
    if (size >= BLOCK_WORTHY_BYTES && size <= BLOCK_BYTES) this.#block = freeBlocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.bytes = this.#block === null ? Buffer.allocUnsafe(size) : this.#block.subarray(0, size)
    from.copy(this.bytes, 0, start, end)
    this.#isKept = isKept
  }

  get length (): number {
    return this.bytes.length
  }

  /** @returns false when the peer is slow */
  write (socket: net.Socket): boolean {
    if (this.#block === null) return socket.write(this.bytes)
    this.#writes++
    return socket.write(this.bytes, (error) => {
      this.#writes--
      // After an error the system may still be reading from it.
      if (error != null) this.#block = null
      this.#recycle()
    })
  }

  letGo (): void {
    this.#isKept = false
    this.#recycle()
  }

  #recycle (): void {
    if (this.#isKept || this.#writes > 0 || this.#block === null) return
    if (freeBlocks.length < MAX_FREE_BLOCKS) freeBlocks.push(this.#block)
    this.#block = null
  }
}

/** A piece of a message that is kept: text, or a copy of bytes. */
export type Piece = string | Copy

export function keepPiece (bytes: Buffer, start: number, end: number): Piece {
  return end - start <= SMALL_PIECE_BYTES ? latin1(bytes, start, end) : new Copy(bytes, start, end, true)
}

export function writePiece (socket: net.Socket, piece: Piece): boolean {
  return typeof piece === 'string' ? socket.write(piece, 'latin1') : piece.write(socket)
}

/**
 * Writes text, bytes and text in as few system calls as possible.
 *
 * @returns false when the peer is slow: stop reading from the other side until the socket drains
 */
export function writeFramed (socket: net.Socket, before: string, bytes: Buffer, start: number, end: number, after: string): boolean {
  if (end - start <= SMALL_PIECE_BYTES) return socket.write(before + latin1(bytes, start, end) + after, 'latin1')
  const copy = new Copy(bytes, start, end, false)
  if (before === '' && after === '') return copy.write(socket)
  socket.cork()
  if (before !== '') socket.write(before, 'latin1')
  let isReady = copy.write(socket)
  if (after !== '') isReady = socket.write(after, 'latin1')
  socket.uncork()
  return isReady
}
