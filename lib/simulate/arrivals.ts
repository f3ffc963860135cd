/**
 * The calls of a workload in the order of their arrival. Counts of a minute times a factor that sets the load, each call
 * uniform inside its minute: given its count, that is a Poisson process. Made a minute at a time, so memory does not
 * grow with the length of a run.
 *
 * Everything that is chance about a call is drawn here, before any policy sees it: the same seed is the same calls.
 */
import type { Random } from './random.ts'
import type { Workload } from './workload.ts'

/** One function called at a constant rate on top of the workload. */
export interface Burst {
  readonly functionIndex: number
  readonly fromS: number
  readonly untilS: number
  readonly callsPerSecond: number
}

export class Arrivals {
  /** Fields of the call last taken by `next`. */
  timeS = 0
  functionIndex = 0
  /** Execution time on an idle core of speed 1, seconds. */
  executionS = 0
  /** Uniform in [0, 1): how long its cold start would take, should it be one. */
  coldDraw = 0
  /** Uniform in [0, 1): which balancer it comes to. */
  balancerDraw = 0
  readonly #workload: Workload
  readonly #factor: number
  readonly #random: Random
  readonly #bursts: readonly Burst[]
  #minute = 0
  #times = new Float64Array(0)
  #order = new Uint32Array(0)
  #functions = new Uint32Array(0)
  #at = 0
  #count = 0

  /** @param factor calls per call of the workload. */
  constructor (workload: Workload, factor: number, random: Random, bursts: readonly Burst[] = []) {
    this.#workload = workload
    this.#factor = factor
    this.#random = random
    this.#bursts = bursts
  }

  /** Puts the next call into the fields; false after the last. */
  next (): boolean {
    while (this.#at === this.#count) {
      if (this.#minute === this.#workload.minutes) return false
      this.#fill(this.#minute++)
    }
    const call = this.#order[this.#at++]!
    this.timeS = this.#times[call]!
    this.functionIndex = this.#functions[call]!
    const random = this.#random
    this.executionS = this.#workload.functions[this.functionIndex]!.execution.quantile(random.next())
    this.coldDraw = random.next()
    this.balancerDraw = random.next()
    return true
  }

  #fill (minute: number): void {
    const random = this.#random
    const times: number[] = []
    const functions: number[] = []
    const startS = minute * 60
    for (const [index, { calls }] of this.#workload.functions.entries()) {
      // Rounded up or down by chance, so that rare functions keep their share whatever the factor.
      const count = calls[minute]! === 0 ? 0 : Math.floor(calls[minute]! * this.#factor + random.next())
      for (let call = 0; call < count; call++) {
        times.push(startS + random.next() * 60)
        functions.push(index)
      }
    }
    for (const { functionIndex, fromS, untilS, callsPerSecond } of this.#bursts) {
      const from = Math.max(fromS, startS)
      const until = Math.min(untilS, startS + 60)
      if (until <= from) continue
      for (let at = from + random.exponential(1 / callsPerSecond); at < until;
        at += random.exponential(1 / callsPerSecond)) {
        times.push(at)
        functions.push(functionIndex)
      }
    }
    this.#times = Float64Array.from(times)
    this.#functions = Uint32Array.from(functions)
    this.#order = Uint32Array.from(times.keys()).sort((a, b) => this.#times[a]! - this.#times[b]!)
    this.#at = 0
    this.#count = times.length
  }
}
