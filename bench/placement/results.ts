/** What a run of the placement bench leaves behind: enough to print every table, plot and verdict again. */
import { spread } from '../lib/stats.ts'
import type { Result } from '../../lib/simulate/simulation.ts'
import type { Spread } from '../lib/stats.ts'

export const RESULTS_FORMAT = 'fnlb-placement-1'

export interface RunResult extends Result {
  /** What the run took of one core. */
  readonly wallMs: number
}

export interface Results {
  readonly format: typeof RESULTS_FORMAT
  readonly date: string
  readonly commit: string
  readonly node: string
  readonly cpu: string
  /** Where the workload is from. */
  readonly source: string
  readonly firstMinute: number
  readonly seeds: readonly number[]
  readonly bootSeeds: readonly number[]
  readonly quick: boolean
  readonly wallSeconds: number
  readonly runs: readonly RunResult[]
}

/** The runs of one contender in one scenario, by seed. */
export function runsOf (results: Results, contender: string, scenario: string): RunResult[] {
  return results.runs.filter(run => run.contender === contender && run.scenario === scenario)
    .toSorted((a, b) => a.seed - b.seed)
}

export function contendersIn (results: Results, scenario?: string): string[] {
  return [...new Set(results.runs.filter(run => scenario === undefined || run.scenario === scenario)
    .map(run => run.contender))]
}

export function scenariosIn (results: Results): string[] {
  return [...new Set(results.runs.map(run => run.scenario))]
}

export interface Summary extends Spread {
  readonly mean: number
}

/** Over seeds; undefined when there is no run. The mean is what research/policy.md compares. */
export function summary (runs: readonly RunResult[], measure: (run: RunResult) => number): Summary | undefined {
  if (runs.length === 0) return undefined
  const values = runs.map(measure)
  return { ...spread(values), mean: values.reduce((sum, value) => sum + value, 0) / values.length }
}

export function phaseOf (run: RunResult, name: string) {
  const phase = run.phases.find(one => one.name === name)
  if (phase === undefined) throw new RangeError(`scenario ${run.scenario} has no phase "${name}"`)
  return phase
}

/** A minute counts as recovered below this, or below this many times what it was before. */
const RECOVERED_MS = 100
const RECOVERED_RATIO = 2

/**
 * Minutes from a disturbance until the mean added delay of every later minute but one in ten stays near what it was
 * before; Infinity if it never does.
 */
export function recoveryMinutes (run: RunResult, disturbedMinute: number): number {
  const limit = Math.max(RECOVERED_MS, RECOVERED_RATIO * phaseOf(run, 'before').meanAddedMs)
  const after = run.minutes.slice(disturbedMinute)
  for (let minute = 0; minute + 5 <= after.length; minute++) {
    const rest = after.slice(minute)
    const high = rest.filter(({ meanAddedMs }) => meanAddedMs > limit).length
    if (rest[0]!.meanAddedMs <= limit && high <= rest.length / 10) return minute
  }
  return Infinity
}
