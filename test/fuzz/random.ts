/** Random numbers that are the same for the same seed on every machine (mulberry32, public domain, by T. Ettinger). */
export class Random {
  #state: number

  constructor (seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number in [0, 2^32). */
  next (): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
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
