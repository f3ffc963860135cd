/**
 * An order of 0 to count - 1 that goes round in equal steps: its start and its step are drawn, each number comes once,
 * and nothing is kept but the two.
 */
export class Rotation {
  #count = 0
  #start = 0
  #step = 1

  /** @param start, step uniform from 0 to below 1 */
  draw (count: number, start: number, step: number): void {
    this.#count = count
    this.#start = Math.floor(start * count)
    // The largest step below the one drawn that shares no divisor with the count; 1 always does.
    this.#step = 1 + Math.floor(step * Math.max(1, count - 1))
    while (commonDivisor(this.#step, count) > 1) this.#step--
  }

  /** The number at a place of the order; -1 behind its end. */
  at (place: number): number {
    return place >= this.#count ? -1 : (this.#start + place * this.#step) % this.#count
  }
}

function commonDivisor (a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}
