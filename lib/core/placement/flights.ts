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

  /** A call waits for the function, or does so no more. */
  wait (entry: number, low: number, delta: 1 | -1): void {
    if (delta === 1) this.#own(entry)
    else if (this.#lows[entry] !== low || this.#waiting[entry] === 0) return
    this.#waiting[entry]! += delta
  }

  waiting (entry: number): number {
    return this.#isOwn(entry) ? this.#waiting[entry]! : 0
  }

  busy (entry: number): number {
    return this.#isOwn(entry) ? this.#busy[entry]! : 0
  }

  /**
   * Milliseconds until an instance can be expected to be free for a call with `ahead` others before it: busy ones end
   * one after the other, evenly; those being started first need to be ready. Infinity if none is under way.
   */
  expectedMs (entry: number, ahead: number, execMs: number, initMs: number, nowMs: number): number {
    if (!this.#isOwn(entry)) return Infinity
    const busy = this.#busy[entry]!
    if (busy === 0) return Infinity
    const starting = this.#starting[entry]!
    const running = busy - starting
    const untilStarted = starting === 0 ? 0 : Math.max(0, initMs - (nowMs - this.#startedMs[entry]!))
    if (running === 0) return untilStarted + execMs * (ahead + 1) / busy
    // The running ones serve the queue alone until those being started join them.
    const alone = execMs * (ahead + 1) / running
    return alone <= untilStarted + execMs ? alone : Math.min(alone, untilStarted + execMs * (ahead + 1) / busy)
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

function grown<T extends Int32Array | Uint16Array | Float64Array> (from: T, to: T): T {
  to.set(from)
  return to
}
