/** A fixed sequence of uniform numbers, for placements that were given no chance of their own. */
import { fmix32 } from '../hash.ts'

/** Numbers from 0 to below 1, the same for the same seed. */
export function seededRandom (seed: number): () => number {
  let count = Math.imul(seed + 1, 0x9e3779b1)
  return () => {
    count = (count + 0x6d2b79f5) | 0
    return fmix32(count) / 0x100000000
  }
}
