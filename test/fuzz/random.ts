/** Random numbers that are the same for the same seed on every machine: a counter, mixed. */
import { fmix32 } from '../../lib/core/hash.ts'

/** 2^32 divided by the golden ratio: neighbouring counts and seeds come far apart. */
const STEP = 0x9e3779b9

export class Random {
  #state: number

  constructor (seed: number) {
    this.#state = fmix32(seed)
  }

  /** A whole number in [0, 2^32). */
  next (): number {
    this.#state = (this.#state + STEP) >>> 0
    return fmix32(this.#state) >>> 0
  }

  /** A whole number in [0, bound). */
  below (bound: number): number {
    return Math.floor(this.next() / 2 ** 32 * bound)
  }

  /** True once in `times`. */
  oneIn (times: number): boolean {
    return this.below(times) === 0
  }

  pick<T> (list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
}
