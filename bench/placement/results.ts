/** What a run of the placement bench leaves behind: enough to print every table, plot and verdict again. */
import { spread } from '../lib/stats.ts'
import { scenarioNamed } from '../../lib/simulate/scenario.ts'
import type { MinuteResult } from '../../lib/simulate/metrics.ts'
import type { Scenario } from '../../lib/simulate/scenario.ts'
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

/** Recovered is what is back within this many times of the steady state, or below some milliseconds. */
const RECOVERED_RATIO = 2
const RECOVERED_MS = 50
const RECOVERY_WINDOW_MINUTES = 5

function meanAdded (minutes: readonly MinuteResult[]): number {
  const calls = minutes.reduce((sum, minute) => sum + minute.calls, 0)
  return calls === 0 ? 0 : minutes.reduce((sum, minute) => sum + minute.meanAddedMs * minute.calls, 0) / calls
}

/**
 * Minutes from a disturbance until the mean added delay, over five minutes and over all the rest of the run, is back
 * near the steady state; Infinity if it never is.
 * @param steadyMs mean added delay of the same policy without the disturbance.
 */
export function recoveryMinutes (run: RunResult, disturbedMinute: number, steadyMs: number): number {
  const limit = Math.max(RECOVERED_MS, RECOVERED_RATIO * steadyMs)
  const after = run.minutes.slice(disturbedMinute)
  for (let minute = 0; minute + RECOVERY_WINDOW_MINUTES <= after.length; minute++) {
    if (meanAdded(after.slice(minute, minute + RECOVERY_WINDOW_MINUTES)) <= limit && meanAdded(after.slice(minute)) <= limit) {
      return minute
    }
  }
  return Infinity
}

/**
 * Mean added delay of the same policy in the steady state: with the same load, if that was run; else before the
 * disturbance, by the same run.
 */
export function steadyMs (results: Results, run: RunResult): number {
  const { balancers, load } = scenarioNamed(run.scenario)
  const steady = summary(results.runs.filter(other => {
    const scenario = scenarioNamed(other.scenario)
    return other.contender === run.contender && scenario.phases.length === 0 && scenario.balancers === balancers &&
      scenario.load === load && scenario.nodes.length === scenarioNamed(run.scenario).nodes.length && isUniform(scenario)
  }), other => other.meanAddedMs)
  return steady?.mean ?? phaseOf(run, 'before').meanAddedMs
}

function isUniform ({ nodes }: Scenario): boolean {
  return nodes.every(({ cores, speed }) => cores === nodes[0]!.cores && speed === nodes[0]!.speed)
}
