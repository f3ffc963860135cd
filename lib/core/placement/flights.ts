/**
 * The calls of one thread that are under way or waiting, by function: what a call that finds no idle instance can expect
 * if it waits for one. Only the own thread's calls count, because their responses come to this thread, which then knows
 * that an instance is free.
 *
 * Indexed by the entries of the function table; an entry that was given to another function begins anew, so what was
 * evicted while its calls were under way is forgotten, which costs a start at most.
 */
import type { FunctionTable } from '../function-table.ts'

export class Flights {
  readonly #functions: FunctionTable
  /** The function that the counts of an entry are of. */
  #lows = new Int32Array(0)
  #busy = new Uint16Array(0)
  #starting = new Uint16Array(0)
  #waiting = new Uint16Array(0)
  /** When the last of the calls under way began a start. */
  #startedMs = new Float64Array(0)

  constructor (functions: FunctionTable) {
    this.#functions = functions
  }

  /** A call was sent. @param isStart an instance is expected to be started for it */
  begin (entry: number, isStart: boolean, nowMs: number): void {
    this.#own(entry)
    this.#busy[entry]!++
    if (!isStart) return
    if (this.#starting[entry] === 0) this.#startedMs[entry] = nowMs
    this.#starting[entry]!++
  }

  /** A call counted by `begin` has ended, however. @param low of the function it was of */
  end (entry: number, low: number, isStart: boolean): void {
    if (this.#lows[entry] !== low || this.#busy[entry] === 0) return
    this.#busy[entry]!--
    if (isStart && this.#starting[entry]! > 0) this.#starting[entry]!--
  }

  /** A call waits for the function from now on. */
  wait (entry: number): void {
    this.#own(entry)
    this.#waiting[entry]!++
  }

  /** A call counted by `wait` waits no more. @param low of the function it was of */
  stopWaiting (entry: number, low: number): void {
    if (this.#lows[entry] === low && this.#waiting[entry]! > 0) this.#waiting[entry]!--
  }

  waiting (entry: number): number {
    return this.#isOwn(entry) ? this.#waiting[entry]! : 0
  }

  busy (entry: number): number {
    return this.#isOwn(entry) ? this.#busy[entry]! : 0
  }

  /**
   * Milliseconds until an instance that is being started can be expected to be free for a call with `ahead` others
   * before it. Infinity if none is being started, or if others are running: where a function is warm already, a pool of
   * instances that is kept short by waiting would make its calls wait again and again (docs/placement.md).
   */
  expectedMs (entry: number, ahead: number, execMs: number, initMs: number, nowMs: number): number {
    if (!this.#isOwn(entry)) return Infinity
    const starting = this.#starting[entry]!
    if (starting === 0 || starting < this.#busy[entry]!) return Infinity
    return untilStarted(initMs, nowMs - this.#startedMs[entry]!) + execMs * (ahead + 1) / starting
  }

  #isOwn (entry: number): boolean {
    return entry >= 0 && entry < this.#lows.length && this.#lows[entry] === this.#functions.low(entry)
  }

  #own (entry: number): void {
    if (entry >= this.#lows.length) this.#grow(Math.max(256, entry + 1, this.#lows.length * 2))
    const low = this.#functions.low(entry)
    if (this.#lows[entry] === low) return
    this.#lows[entry] = low
    this.#busy[entry] = 0
    this.#starting[entry] = 0
    this.#waiting[entry] = 0
  }

  #grow (entries: number): void {
    this.#lows = grown(this.#lows, new Int32Array(entries))
    this.#busy = grown(this.#busy, new Uint16Array(entries))
    this.#starting = grown(this.#starting, new Uint16Array(entries))
    this.#waiting = grown(this.#waiting, new Uint16Array(entries))
    this.#startedMs = grown(this.#startedMs, new Float64Array(entries))
  }
}

/**
 * Time until a start that began `elapsed` ago is over. One that takes longer than such starts do is likely to go on for
 * as long again: the times of starts have a long tail.
 */
export function untilStarted (init: number, elapsed: number): number {
  return elapsed <= init ? init - elapsed : elapsed
}

function grown<T extends Int32Array | Uint16Array | Float64Array> (from: T, to: T): T {
  to.set(from)
  return to
}
