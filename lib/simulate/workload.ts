/**
 * What is called when: functions with their popularity by the minute, execution times, memory and start-up time. Comes
 * from a trace folder, a log of fnlb's own, or the generator; the simulator does not care which.
 */
import type { Distribution } from './distribution.ts'
import type { Random } from './random.ts'

export interface FunctionProfile {
  /** The function key that the balancers place by. */
  readonly key: string
  readonly execution: Distribution
  /** Of one container. */
  readonly memoryMb: number
  /** Calls in each minute of the workload. */
  readonly calls: Uint32Array
}

export interface Workload {
  /** Where it is from, for reports. */
  readonly source: string
  /** What the source calls its first minute. */
  readonly firstMinute: number
  readonly minutes: number
  readonly functions: readonly FunctionProfile[]
}

/** Start-up times: one median per function, and a spread around it per start. Half of a start waits, half computes. */
export interface ColdStartModel {
  /** Median over functions, seconds. */
  readonly medianS: number
  /** Of the logarithm, over functions. */
  readonly sigma: number
  readonly minS: number
  readonly maxS: number
  /** Each start takes its function's time ± this part of it. */
  readonly jitterRatio: number
}

/**
 * research/policy.md §2 and §4.1: the median of Joosen et al. (EuroSys'25, 31 days of a public cloud) with a somewhat
 * narrower spread, cut to what a pool without exotic runtimes shows.
 */
export const DEFAULT_COLD_START: ColdStartModel = { medianS: 1.35, sigma: 1.1, minS: 0.1, maxS: 30, jitterRatio: 0.3 }

/** @throws RangeError if the workload does not have these minutes (as its source counts them). */
export function selectWindow (workload: Workload, firstMinute: number, minutes: number): Workload {
  const from = firstMinute - workload.firstMinute
  if (from < 0 || from + minutes > workload.minutes || minutes < 1) {
    throw new RangeError(`minutes ${firstMinute} to ${firstMinute + minutes - 1}: ${workload.source} has ` +
      `${workload.firstMinute} to ${workload.firstMinute + workload.minutes - 1}`)
  }
  return {
    ...workload,
    firstMinute,
    minutes,
    functions: workload.functions.map(profile => ({ ...profile, calls: profile.calls.slice(from, from + minutes) }))
  }
}

export function totalCalls (workload: Workload): number {
  return workload.functions.reduce((sum, { calls }) => sum + calls.reduce((a, b) => a + b, 0), 0)
}

/** Cores that the workload keeps busy on average, without cold starts. */
export function offeredCores (workload: Workload): number {
  let seconds = 0
  for (const { calls, execution } of workload.functions) {
    seconds += calls.reduce((a, b) => a + b, 0) * execution.meanS
  }
  return seconds / (workload.minutes * 60)
}

/** Median start-up time of each function, seconds. */
export function coldMedians (count: number, model: ColdStartModel, random: Random): Float64Array {
  return Float64Array.from({ length: count }, () =>
    Math.min(model.maxS, Math.max(model.minS, random.logNormal(model.medianS, model.sigma))))
}
