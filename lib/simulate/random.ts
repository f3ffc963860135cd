/**
 * Seeded randomness of the simulator: one seed, one run, on every machine. Each consumer forks a stream of its own by
 * name, so that a policy that draws more often does not change what the next call is, and policies can be compared on
 * the very same calls.
 *
 * Source: sfc32 of PractRand (Chris Doty-Humphrey, public domain), seeded through the hash of `core/hash.ts`.
 */
import { fmix32, murmur3 } from '../core/hash.ts'

/** Steps that mix a fresh seed into all four words. */
const WARM_UP = 16

export class Random {
  readonly #seed: number
  #a: number
  #b: number
  #c: number
  #counter = 1
  /** The second value of the last pair of normal numbers; NaN = none. */
  #spare = NaN

  /** @param seed any whole number; its lower 32 bits count. */
  constructor (seed: number) {
    this.#seed = seed | 0
    this.#a = fmix32(this.#seed)
    this.#b = fmix32(this.#a ^ 0x9e3779b9)
    this.#c = fmix32(this.#b ^ 0x243f6a88)
    for (let step = 0; step < WARM_UP; step++) this.next()
  }

  /** A stream that depends on this one's seed and the name alone, not on what was drawn before. */
  fork (name: string): Random {
    return new Random(murmur3(name, this.#seed))
  }

  /** Uniform in [0, 1), 32 bits fine. */
  next (): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }

  /** A whole number from 0 to `below - 1`. */
  below (below: number): number {
    return Math.floor(this.next() * below)
  }

  exponential (mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  /** Standard normal (polar method of Marsaglia). */
  normal (): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare
      this.#spare = NaN
      return spare
    }
    for (;;) {
      const x = 2 * this.next() - 1
      const y = 2 * this.next() - 1
      const square = x * x + y * y
      if (square >= 1 || square === 0) continue
      const scale = Math.sqrt(-2 * Math.log(square) / square)
      this.#spare = y * scale
      return x * scale
    }
  }

  logNormal (median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal())
  }

  /** Poisson distributed; by the normal approximation above 60, where it is off by less than a count matters. */
  poisson (mean: number): number {
    if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()))
    const floor = Math.exp(-mean)
    let count = 0
    for (let product = this.next(); product > floor; product *= this.next()) count++
    return count
  }
}
