/**
 * Bytes of downloads: a fixed pseudo-random block, repeated. The block's length is a prime, so that no power-of-two
 * chunk is equal to another: lost, doubled or swapped chunks always change the checksum.
 */
import { Readable } from 'node:stream'

/** Largest prime below 64 Ki. */
const BLOCK_BYTES = 65_521

let cached: Buffer | undefined

/** The block; made once. Do not write to it. */
export function patternBlock (): Buffer {
  if (cached !== undefined) return cached
  const block = Buffer.allocUnsafe(BLOCK_BYTES)
  let x = 0x9e3779b9
  for (let i = 0; i < BLOCK_BYTES; i++) {
    // xorshift32 (Marsaglia 2003)
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    block[i] = x & 0xff
  }
  cached = block
  return block
}

/** The pattern's first `bytes` bytes, in pieces of one block, all views of the same memory. */
export function * patternPieces (bytes: number): Generator<Buffer, void> {
  const block = patternBlock()
  for (let left = bytes; left > 0; left -= BLOCK_BYTES) yield left >= BLOCK_BYTES ? block : block.subarray(0, left)
}

/** The same as a byte stream. */
export function patternStream (bytes: number): Readable {
  return Readable.from(patternPieces(bytes), { objectMode: false, highWaterMark: BLOCK_BYTES })
}
