/**
 * The bars of research/policy.md §6, judged by means over seeds as that table is. "Stretch" is noted, "must" decides.
 * What could not be measured is not held.
 */
import { BOUNDED, CH_RLU, OURS, OURS_T0, PULL } from './contenders.ts'
import { BOOT_SCENARIO } from './run.ts'
import { phaseOf, recoveryMinutes, runsOf, steadyMs, summary } from './results.ts'
import { REFERENCE } from '../../lib/simulate/scenario.ts'
import type { Results, RunResult } from './results.ts'

export interface Bar {
  readonly what: string
  readonly unit: string
  /** Wanted: at most (or, for a ratio of gain, at least) this. */
  readonly must: number
  readonly stretch: number | null
  readonly direction: 'at most' | 'at least'
  readonly measured: number | null
  readonly verdict: 'stretch reached' | 'held' | 'missed' | 'not measured'
}

type Wanted = Pick<Bar, 'what' | 'unit' | 'must' | 'stretch'> & { readonly direction?: Bar['direction'] }

function judge (wanted: Wanted, measured: number | null | undefined): Bar {
  const direction = wanted.direction ?? 'at most'
  const bar = { ...wanted, direction }
  if (measured === undefined || measured === null || Number.isNaN(measured)) {
    return { ...bar, measured: null, verdict: 'not measured' }
  }
  const holds = (limit: number): boolean => direction === 'at most' ? measured <= limit : measured >= limit
  const verdict = wanted.stretch !== null && holds(wanted.stretch) ? 'stretch reached' : holds(wanted.must) ? 'held' : 'missed'
  return { ...bar, measured, verdict }
}

export function judgeBars (results: Results): Bar[] {
  const mean = (contender: string, scenario: string, measure: (run: RunResult) => number): number | undefined =>
    summary(runsOf(results, contender, scenario), measure)?.mean
  const added = (contender: string, scenario: string): number | undefined => mean(contender, scenario, run => run.meanAddedMs)
  const ratio = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined || b === undefined ? undefined : a / b
  const ours = (measure: (run: RunResult) => number): number | undefined => mean(OURS, 'R', measure)
  const after = (scenario: string): number | undefined =>
    mean(OURS, scenario, run => phaseOf(run, 'after').meanAddedMs)
  const rises = mean(OURS, 'node-added', run =>
    Math.max(phaseOf(run, 'after').meanAddedMs, phaseOf(run, 'later').meanAddedMs) - phaseOf(run, 'before').meanAddedMs)
  const boots = runsOf(results, OURS, BOOT_SCENARIO)
  const recovered = boots.filter(run => recoveryMinutes(run, REFERENCE.warmUpMinutes, steadyMs(results, run)) <= 10).length
  return [
    judge({ what: 'R: mean added delay', unit: 'ms', must: 14, stretch: 9 }, added(OURS, 'R')),
    judge({ what: 'R: gain over bounded-load, fed back', unit: '×', must: 10, stretch: 15, direction: 'at least' },
      ratio(added(BOUNDED, 'R'), added(OURS, 'R'))),
    judge({ what: 'R: gain over ch-rlu, tuned', unit: '×', must: 7, stretch: 11, direction: 'at least' },
      ratio(added(CH_RLU, 'R'), added(OURS, 'R'))),
    judge({ what: 'R: cold starts of all calls', unit: '%', must: 0.32, stretch: 0.25 }, ours(run => run.coldPercent)),
    judge({ what: 'R: mean cold starts per function', unit: '%', must: 30, stretch: 27.5 },
      ours(run => run.coldPercentPerFunction)),
    judge({ what: 'R: slowdown p99', unit: '', must: 1.4, stretch: 1.25 }, ours(run => run.slowdownP99)),
    judge({ what: 'R: slowdown p99.9', unit: '', must: 10, stretch: 4 }, ours(run => run.slowdownP999)),
    judge({ what: 'R: geometric mean of slowdown over functions', unit: '', must: 2.3, stretch: 2.1 },
      ours(run => run.slowdownGeoMean)),
    judge({ what: 'R: load max/mean in windows of 10 s', unit: '', must: 1.25, stretch: 1.14 },
      ours(run => run.loadMaxToMean)),
    judge({ what: '10 balancers: mean added delay', unit: 'ms', must: 20, stretch: 12 }, added(OURS, 'L10-70')),
    judge({ what: '10 balancers: mean added delay, T0', unit: 'ms', must: 45, stretch: null }, added(OURS_T0, 'L10-70')),
    judge({ what: '85 % load: mean added delay', unit: 'ms', must: 55, stretch: 43 }, added(OURS, 'L3-85')),
    judge({ what: '64 nodes, 10 balancers: mean added delay', unit: 'ms', must: 12, stretch: 7 }, added(OURS, 'N64-L10')),
    judge({ what: 'node lost: mean added delay of the next 3 min', unit: 'ms', must: 25, stretch: 12 }, after('node-lost')),
    judge({ what: 'node added: mean added delay of the next 3 min', unit: 'ms', must: 10, stretch: 5 }, after('node-added')),
    judge({ what: 'node added: rise above before', unit: 'ms', must: 5, stretch: null }, rises),
    judge({ what: 'burst: mean added delay', unit: 'ms', must: 25, stretch: 13 }, after('burst')),
    judge({ what: 'cold boot at 85 %: seeds recovered within 10 min', unit: `of ${boots.length}`, must: Math.max(10, boots.length), stretch: null, direction: 'at least' },
      boots.length === 0 ? null : recovered),
    judge({ what: 'against pull, 1 balancer', unit: '×', must: 1.2, stretch: 1.05 },
      ratio(added(OURS, 'L1-70'), added(PULL, 'L1-70'))),
    judge({ what: 'against pull, 3 balancers', unit: '×', must: 0.5, stretch: 0.3 }, ratio(added(OURS, 'R'), added(PULL, 'R'))),
    judge({ what: 'R: refusals per call', unit: '', must: 0.25, stretch: 0.1 }, ours(run => run.refusalsPerCall))
  ]
}

export function isKept (bar: Bar): boolean {
  return bar.verdict === 'held' || bar.verdict === 'stretch reached'
}
