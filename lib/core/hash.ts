/**
 * Hashing: MurmurHash3 x86_32 (Austin Appleby, public domain; this is the variant whose vectors are published
 * everywhere) over the UTF-8 bytes of a string, and its finaliser as a mixer of whole numbers.
 *
 * Invariant: a result never changes for the same input. Every balancer of a cluster, and every release, must come to
 * the same home for a function; the vectors in test/golden hold this file to it.
 *
 * Not a defence against chosen keys: somebody who picks function names can aim them at one node, as with any published
 * hash. What is keyed by a client's string in memory uses Map, whose hash is seeded per process.
 */

const C1 = 0xcc9e2d51
const C2 = 0x1b873593

/**
 * Seed of the function key hash; differs from the seeds of the ring's points so that a key named like a node is as free
 * as any.
 */
const KEY_SEED = 0x666e6c62

/** Seed of the other half of a function's 64-bit identity. */
const LOW_SEED = 0x686f7421

function mixBlock (h: number, k: number): number {
  k = Math.imul(k, C1)
  k = (k << 15) | (k >>> 17)
  h ^= Math.imul(k, C2)
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}

function mixTail (h: number, k: number): number {
  k = Math.imul(k, C1)
  k = (k << 15) | (k >>> 17)
  return h ^ Math.imul(k, C2)
}

/**
 * The finaliser of MurmurHash3: a bijection of 32-bit numbers in which each input bit moves half of the output bits.
 */
export function fmix32 (h: number): number {
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * MurmurHash3 x86_32 of the UTF-8 bytes of `text`: an unsigned 32-bit number. A lone surrogate counts as the three
 * bytes that UTF-8 would give its code point, so that different strings are always different bytes.
 */
export function murmur3 (text: string, seed = 0): number {
  const length = text.length
  const blocks = length - (length & 3)
  let h = seed | 0
  let at = 0
  for (; at < blocks; at += 4) {
    const a = text.charCodeAt(at)
    const b = text.charCodeAt(at + 1)
    const c = text.charCodeAt(at + 2)
    const d = text.charCodeAt(at + 3)
    if ((a | b | c | d) > 0x7f) return murmur3Utf8(text, at, h)
    h = mixBlock(h, a | (b << 8) | (c << 16) | (d << 24))
  }
  let k = 0
  for (let shift = 0; at < length; at++, shift += 8) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7f) return murmur3Utf8(text, blocks, h)
    k |= unit << shift
  }
  if (length !== blocks) h = mixTail(h, k)
  return fmix32(h ^ length)
}

/** Goes on byte by byte from `at`, a multiple of four, with everything before it ASCII and already in `h`. */
function murmur3Utf8 (text: string, at: number, h: number): number {
  let k = 0
  let shift = 0
  let bytes = at
  const push = (byte: number): void => {
    bytes++
    k |= byte << shift
    shift += 8
    if (shift !== 32) return
    h = mixBlock(h, k)
    k = 0
    shift = 0
  }
  for (; at < text.length; at++) {
    const point = text.codePointAt(at)!
    if (point < 0x80) push(point)
    else if (point < 0x800) {
      push(0xc0 | (point >> 6))
      push(0x80 | (point & 0x3f))
    } else if (point < 0x10000) {
      push(0xe0 | (point >> 12))
      push(0x80 | ((point >> 6) & 0x3f))
      push(0x80 | (point & 0x3f))
    } else {
      at++
      push(0xf0 | (point >> 18))
      push(0x80 | ((point >> 12) & 0x3f))
      push(0x80 | ((point >> 6) & 0x3f))
      push(0x80 | (point & 0x3f))
    }
  }
  if (shift !== 0) h = mixTail(h, k)
  return fmix32(h ^ bytes)
}

/** The 32-bit hash of a function key; its upper 24 bits are the key's position on the ring. */
export function hashKey (key: string): number {
  return murmur3(key, KEY_SEED)
}

/**
 * Second, independent 32 bits of a function key. With `hashKey` as the high half they name the function in the hot table
 * and in digests; not used on the ring. Never 0, which stands for "no function" in shared tables.
 */
export function hashKeyLow (key: string): number {
  return murmur3(key, LOW_SEED) || 1
}
