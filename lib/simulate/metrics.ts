/**
 * What is measured of a run, over the calls that arrive in the measured part of it:
 *
 * - added delay: latency minus the execution time on an idle core of speed 1; what a balancer can change;
 * - cold starts: part of all calls, and the mean over functions of each one's part;
 * - slowdown: latency over execution time, the latter at least 10 ms; p50, p99, p99.9, and the geometric mean over
 *   functions of each one's mean;
 * - spread of load: in windows of 10 s, the mean number of calls per core at the most loaded node over that of all
 *   nodes, averaged over the windows.
 */

/** Execution times below this count as this much in the slowdown: nobody waits for milliseconds. */
const SLOWDOWN_FLOOR_S = 0.01

export const LOAD_WINDOW_S = 10

/** A part of the run by arrival times, such as the minutes after a node was lost. */
export interface Phase {
  readonly name: string
  readonly fromS: number
  readonly untilS: number
}

export interface PhaseResult {
  readonly name: string
  readonly calls: number
  readonly coldStarts: number
  readonly meanAddedMs: number
  /** Of the minute in which it was highest. */
  readonly worstMinuteP99Ms: number
}

export interface MinuteResult {
  readonly calls: number
  readonly coldStarts: number
  readonly meanAddedMs: number
  readonly p99AddedMs: number
}

export interface Measures {
  /** Calls that arrived in the measured part and were executed. */
  readonly calls: number
  /** Part of those that arrived in it which were not: shed, or lost with a node. They are in no other measure. */
  readonly notRunPercent: number
  /** The mean over functions of each one's part of calls not run: whether one function's overload hits the others. */
  readonly notRunPercentPerFunction: number
  readonly meanAddedMs: number
  readonly p50AddedMs: number
  readonly p99AddedMs: number
  readonly p999AddedMs: number
  readonly meanLatencyMs: number
  readonly meanExecutionMs: number
  readonly coldPercent: number
  readonly coldPercentPerFunction: number
  readonly slowdownP50: number
  readonly slowdownP99: number
  readonly slowdownP999: number
  readonly slowdownGeoMean: number
  readonly loadMaxToMean: number
  /** Coefficient of variation of the nodes' loads in the same windows. */
  readonly loadVariation: number
  readonly phases: readonly PhaseResult[]
  /** By minute of arrival, from the start of the run, warm-up included. */
  readonly minutes: readonly MinuteResult[]
}

/** A list of numbers that grows without boxes. */
class Numbers {
  #values = new Float32Array(4096)
  size = 0

  push (value: number): void {
    if (this.size === this.#values.length) {
      const grown = new Float32Array(this.size * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.size++] = value
  }

  sorted (): Float32Array {
    return this.#values.slice(0, this.size).sort()
  }
}

/** Nearest rank; 0 of nothing. */
export function quantile (sorted: ArrayLike<number>, part: number): number {
  return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]!
}

export class Metrics {
  readonly #fromS: number
  readonly #untilS: number
  readonly #phases: readonly Phase[]
  readonly #added = new Numbers()
  readonly #slowdowns = new Numbers()
  #notRun = 0
  #addedSum = 0
  #executionSum = 0
  /** Per function: calls, cold starts, sum of slowdowns. */
  readonly #calls: Float64Array
  readonly #cold: Float64Array
  readonly #slowdownSums: Float64Array
  readonly #failures: Float64Array
  readonly #minutes: Array<{ added: Numbers, addedSum: number, coldStarts: number }> = []
  readonly #phaseSums: Array<{ calls: number, coldStarts: number, addedSum: number }>
  #spreadSum = 0
  #variationSum = 0
  #spreads = 0

  /** @param fromS and `untilS`: the measured part. */
  constructor (functions: number, fromS: number, untilS: number, phases: readonly Phase[]) {
    this.#fromS = fromS
    this.#untilS = untilS
    this.#phases = phases
    this.#phaseSums = phases.map(() => ({ calls: 0, coldStarts: 0, addedSum: 0 }))
    this.#calls = new Float64Array(functions)
    this.#cold = new Float64Array(functions)
    this.#slowdownSums = new Float64Array(functions)
    this.#failures = new Float64Array(functions)
  }

  isMeasured (arrivalS: number): boolean {
    return arrivalS >= this.#fromS && arrivalS < this.#untilS
  }

  /** A call was executed. */
  done (functionIndex: number, arrivalS: number, executionS: number, isCold: boolean, nowS: number): void {
    const latencyS = nowS - arrivalS
    const addedS = latencyS - executionS
    const minute = this.#minuteOf(arrivalS)
    minute.added.push(addedS)
    minute.addedSum += addedS
    if (isCold) minute.coldStarts++
    for (const [index, phase] of this.#phases.entries()) {
      if (arrivalS < phase.fromS || arrivalS >= phase.untilS) continue
      const sums = this.#phaseSums[index]!
      sums.calls++
      sums.addedSum += addedS
      if (isCold) sums.coldStarts++
    }
    if (!this.isMeasured(arrivalS)) return
    const slowdown = latencyS / Math.max(executionS, SLOWDOWN_FLOOR_S)
    this.#added.push(addedS)
    this.#slowdowns.push(slowdown)
    this.#addedSum += addedS
    this.#executionSum += executionS
    this.#calls[functionIndex]!++
    this.#slowdownSums[functionIndex]! += slowdown
    if (isCold) this.#cold[functionIndex]!++
  }

  /** A call was not executed. */
  failed (functionIndex: number, arrivalS: number): void {
    if (!this.isMeasured(arrivalS)) return
    this.#notRun++
    this.#failures[functionIndex]!++
  }

  /** Mean calls per core at each node over the window that ends now. */
  load (perCore: readonly number[], nowS: number): void {
    if (nowS <= this.#fromS || nowS > this.#untilS || perCore.length === 0) return
    const mean = perCore.reduce((sum, load) => sum + load, 0) / perCore.length
    if (mean <= 0) return
    this.#spreadSum += Math.max(...perCore) / mean
    const variance = perCore.reduce((sum, load) => sum + (load - mean) ** 2, 0) / perCore.length
    this.#variationSum += Math.sqrt(variance) / mean
    this.#spreads++
  }

  result (): Measures {
    const added = this.#added.sorted()
    const slowdowns = this.#slowdowns.sorted()
    const calls = added.length
    let [functions, coldParts, logs, called, failedParts] = [0, 0, 0, 0, 0]
    for (const [index, count] of this.#calls.entries()) {
      const all = count + this.#failures[index]!
      if (all === 0) continue
      called++
      failedParts += this.#failures[index]! / all
      if (count === 0) continue
      functions++
      coldParts += this.#cold[index]! / count
      logs += Math.log(this.#slowdownSums[index]! / count)
    }
    const each = (sum: number, count: number): number => count === 0 ? 0 : sum / count
    return {
      calls,
      notRunPercent: each(this.#notRun, calls + this.#notRun) * 100,
      notRunPercentPerFunction: each(failedParts, called) * 100,
      meanAddedMs: each(this.#addedSum, calls) * 1000,
      p50AddedMs: quantile(added, 0.5) * 1000,
      p99AddedMs: quantile(added, 0.99) * 1000,
      p999AddedMs: quantile(added, 0.999) * 1000,
      meanLatencyMs: each(this.#addedSum + this.#executionSum, calls) * 1000,
      meanExecutionMs: each(this.#executionSum, calls) * 1000,
      coldPercent: each(this.#cold.reduce((sum, count) => sum + count, 0), calls) * 100,
      coldPercentPerFunction: each(coldParts, functions) * 100,
      slowdownP50: quantile(slowdowns, 0.5),
      slowdownP99: quantile(slowdowns, 0.99),
      slowdownP999: quantile(slowdowns, 0.999),
      slowdownGeoMean: Math.exp(each(logs, functions)),
      loadMaxToMean: each(this.#spreadSum, this.#spreads),
      loadVariation: each(this.#variationSum, this.#spreads),
      phases: this.#phases.map((phase, index) => this.#phaseResult(phase, index)),
      minutes: this.#minutes.map(minute => ({
        calls: minute.added.size,
        coldStarts: minute.coldStarts,
        meanAddedMs: each(minute.addedSum, minute.added.size) * 1000,
        p99AddedMs: quantile(minute.added.sorted(), 0.99) * 1000
      }))
    }
  }

  #phaseResult (phase: Phase, index: number): PhaseResult {
    const { calls, coldStarts, addedSum } = this.#phaseSums[index]!
    const minutes = this.#minutes.slice(Math.floor(phase.fromS / 60), Math.ceil(phase.untilS / 60))
    return {
      name: phase.name,
      calls,
      coldStarts,
      meanAddedMs: calls === 0 ? 0 : addedSum / calls * 1000,
      worstMinuteP99Ms: Math.max(0, ...minutes.map(minute => quantile(minute.added.sorted(), 0.99) * 1000))
    }
  }

  #minuteOf (arrivalS: number): { added: Numbers, addedSum: number, coldStarts: number } {
    const index = Math.floor(arrivalS / 60)
    while (this.#minutes.length <= index) this.#minutes.push({ added: new Numbers(), addedSum: 0, coldStarts: 0 })
    return this.#minutes[index]!
  }
}
