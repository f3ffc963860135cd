/**
 * Notices a data thread whose event loop stands still: its heartbeat (tables/counters.ts) does not change.
 *
 * Time is counted in ticks of this timer and not by the clock, so that a stopped and continued process (SIGSTOP, a
 * suspended machine) does not make all threads look dead at once. A heartbeat of 0 means that the thread has not begun.
 */
import type { Counters } from '../tables/counters.ts'

/** Looks per time limit; enough that a beat of a tenth of the limit is never missed. */
const TICKS = 8

export class Watchdog {
  readonly #counters: Counters
  readonly #onHang: (thread: number) => void
  readonly #last: number[]
  readonly #still: number[]
  readonly #timer: NodeJS.Timeout

  constructor (counters: Counters, hangTimeoutMs: number, onHang: (thread: number) => void) {
    this.#counters = counters
    this.#onHang = onHang
    this.#last = new Array<number>(counters.threads).fill(0)
    this.#still = new Array<number>(counters.threads).fill(0)
    this.#timer = setInterval(() => this.tick(), hangTimeoutMs / TICKS).unref()
  }

  /** One look at all threads; the timer calls it. */
  tick (): void {
    for (let thread = 0; thread < this.#counters.threads; thread++) {
      const beat = this.#counters.of(thread, 'heartbeat')
      const isStill = beat !== 0 && beat === this.#last[thread]
      this.#last[thread] = beat
      this.#still[thread] = isStill ? this.#still[thread]! + 1 : 0
      if (this.#still[thread] === TICKS) this.#onHang(thread)
    }
  }

  stop (): void {
    clearInterval(this.#timer)
  }
}
