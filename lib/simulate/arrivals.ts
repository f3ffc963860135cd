/**
 * The calls of a workload in the order of their arrival, whatever becomes of them (an open loop). Counts of a minute
 * times a factor that sets the load, each call uniform inside its minute: given its count, that is a Poisson process.
 * Made a minute at a time, so memory does not grow with the length of a run.
 */
import type { CallSource } from './call-source.ts'
import type { Random } from './random.ts'
import type { Workload } from './workload.ts'

/** One function called at a constant rate on top of the workload. */
export interface Burst {
  readonly functionIndex: number
  readonly fromS: number
  readonly untilS: number
  readonly callsPerSecond: number
}

export class Arrivals implements CallSource {
  functionIndex = 0
  executionS = 0
  coldDraw = 0
  balancerDraw = 0
  readonly #workload: Workload
  readonly #factor: number
  readonly #random: Random
  readonly #bursts: readonly Burst[]
  #schedule: (timeS: number, caller: number) => void = () => {}
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

  begin (schedule: (timeS: number, caller: number) => void): void {
    this.#schedule = schedule
    this.#scheduleNext()
  }

  take (): void {
    const call = this.#order[this.#at++]!
    const random = this.#random
    this.functionIndex = this.#functions[call]!
    this.executionS = this.#workload.functions[this.functionIndex]!.execution.quantile(random.next())
    this.coldDraw = random.next()
    this.balancerDraw = random.next()
    this.#scheduleNext()
  }

  ended (): void {}

  #scheduleNext (): void {
    while (this.#at === this.#count) {
      if (this.#minute === this.#workload.minutes) return
      this.#fill(this.#minute++)
    }
    this.#schedule(this.#times[this.#order[this.#at]!]!, 0)
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
