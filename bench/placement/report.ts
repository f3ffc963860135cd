/**
 * Tables of a placement bench, computed from its raw results alone. Means over seeds, as in research/policy.md, with the
 * range where there is room; a policy that could not run to an end says so in its row.
 */
import { markdownTable, textTable } from '../lib/table.ts'
import { scenarioNamed } from '../../lib/simulate/scenario.ts'
import { judgeBars } from './bars.ts'
import { contendersIn, phaseOf, recoveryMinutes, runsOf, scenariosIn, steadyMs, summary } from './results.ts'
import { BOOT_SCENARIO } from './run.ts'
import { REFERENCE } from '../../lib/simulate/scenario.ts'
import type { Column } from '../lib/table.ts'
import type { Bar } from './bars.ts'
import type { Results, RunResult } from './results.ts'

export interface Section {
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: ReadonlyArray<readonly string[]>
  readonly note?: string
}

const NONE = '-'
const left = (title: string): Column => ({ title, align: 'left' })
const right = (title: string): Column => ({ title, align: 'right' })

export function compact (value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value)) return 'never'
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}

function mean (runs: readonly RunResult[], measure: (run: RunResult) => number): string {
  const found = summary(runs, measure)
  return found === undefined ? NONE : compact(found.mean)
}

function range (runs: readonly RunResult[], measure: (run: RunResult) => number): string {
  const found = summary(runs, measure)
  if (found === undefined) return NONE
  return runs.length === 1 ? compact(found.mean) : `${compact(found.mean)} (${compact(found.min)}-${compact(found.max)})`
}

/** Percent of the measured calls that were shed or lost; '' when there was none. */
function failed (runs: readonly RunResult[]): string {
  const found = summary(runs, run => run.notRunPercent)
  return found === undefined || found.max === 0 ? '' : ` [${compact(found.mean)} % not run]`
}

/** Scenarios of the same shape beside each other: the added delay of all contenders. */
function delaySection (results: Results): Section[] {
  const names = scenariosIn(results).filter(name => scenarioNamed(name).phases.length === 0)
  if (names.length === 0) return []
  return [{
    title: 'mean added delay, ms (latency minus execution time), mean over seeds',
    columns: [left('policy'), ...names.map(name => right(name === 'R' ? 'R (L3-70)' : name))],
    rows: contendersIn(results).map(contender => [
      contender,
      ...names.map(name => {
        const runs = runsOf(results, contender, name)
        return mean(runs, run => run.meanAddedMs) + failed(runs)
      })
    ]),
    note: 'L = balancers, then the load in percent. What is not run (shed or lost) is not in the mean, so read it first.'
  }]
}

function referenceSection (results: Results): Section[] {
  const contenders = contendersIn(results, 'R')
  if (contenders.length === 0) return []
  return [{
    title: 'reference case R, all measures: mean (min-max) over seeds',
    columns: [
      left('policy'),
      ...['added ms', 'p99 added ms', 'cold % of calls', 'cold % per function', 'slowdown p50', 'p99', 'p99.9',
        'geo-mean', 'load max/mean', 'refusals/call', 'queued %'].map(right)
    ],
    rows: contenders.map(contender => {
      const runs = runsOf(results, contender, 'R')
      return [
        contender + failed(runs),
        range(runs, run => run.meanAddedMs),
        mean(runs, run => run.p99AddedMs),
        range(runs, run => run.coldPercent),
        mean(runs, run => run.coldPercentPerFunction),
        mean(runs, run => run.slowdownP50),
        mean(runs, run => run.slowdownP99),
        mean(runs, run => run.slowdownP999),
        mean(runs, run => run.slowdownGeoMean),
        mean(runs, run => run.loadMaxToMean),
        mean(runs, run => run.refusalsPerCall),
        mean(runs, run => run.queuedRatio * 100)
      ]
    }),
    note: 'Mean execution time of the calls, the same for all: ' +
      `${mean(results.runs.filter(run => run.scenario === 'R'), run => run.meanExecutionMs)} ms.`
  }]
}

function disturbanceSections (results: Results): Section[] {
  return scenariosIn(results).filter(name => scenarioNamed(name).phases.length > 0).map(name => {
    const scenario = scenarioNamed(name)
    const minute = name === BOOT_SCENARIO ? REFERENCE.warmUpMinutes : Math.round(scenario.phases[1]!.fromS / 60)
    return {
      title: `${name}: ${scenario.title}; mean over seeds`,
      columns: [
        left('policy'),
        ...scenario.phases.map(phase => right(`${phase.name}, ms`)),
        ...['cold starts after', 'worst-minute p99 after, s', 'minutes to recover', 'seeds recovered in 10 min', 'not run %']
          .map(right)
      ],
      rows: contendersIn(results, name).map(contender => {
        const runs = runsOf(results, contender, name)
        const recoveries = runs.map(run => recoveryMinutes(run, minute, steadyMs(results, run)))
        return [
          contender,
          ...scenario.phases.map(phase => mean(runs, run => phaseOf(run, phase.name).meanAddedMs)),
          mean(runs, run => phaseOf(run, 'after').coldStarts),
          mean(runs, run => phaseOf(run, 'after').worstMinuteP99Ms / 1000),
          compact(recoveries.reduce((sum, minutes) => sum + minutes, 0) / recoveries.length),
          `${recoveries.filter(minutes => minutes <= 10).length} of ${runs.length}`,
          mean(runs, run => run.notRunPercent)
        ]
      })
    }
  })
}

export function barRow (bar: Bar): string[] {
  const sign = bar.direction === 'at most' ? '<=' : '>='
  const unit = bar.unit === '' ? '' : ` ${bar.unit}`
  return [
    bar.what,
    `${sign} ${bar.must}${unit}`,
    bar.stretch === null ? NONE : `${sign} ${bar.stretch}${unit}`,
    bar.measured === null ? NONE : compact(bar.measured),
    bar.verdict
  ]
}

function barsSection (results: Results): Section {
  return {
    title: 'bars (research/policy.md §6), judged by means over seeds',
    columns: [left('what'), right('wanted'), right('stretch'), right('measured'), left('verdict')],
    rows: judgeBars(results).map(barRow)
  }
}

function factsSection (results: Results): Section {
  return {
    title: `placement bench of ${results.date}`,
    columns: [left('what'), left('is')],
    rows: [
      ['workload', `${results.source}, minutes ${results.firstMinute} to ${results.firstMinute + 39}`],
      ['seeds', `${results.seeds.join(', ')}${results.bootSeeds.length > results.seeds.length && !results.quick
        ? `; ${BOOT_SCENARIO}: ${results.bootSeeds.join(', ')}`
        : ''}`],
      ['commit', results.commit],
      ['machine', `${results.cpu}, Node ${results.node}`],
      ['took', `${compact(results.wallSeconds)} s, ${results.runs.length} runs${results.quick ? ', quick' : ''}`]
    ]
  }
}

export function sections (results: Results): Section[] {
  return [
    factsSection(results), ...referenceSection(results), ...delaySection(results), ...disturbanceSections(results),
    ...(results.quick ? [] : [barsSection(results)])
  ]
}

export function renderText (results: Results): string {
  return sections(results).map(({ title, columns, rows, note }) =>
    `${title}\n${textTable(columns, rows)}${note === undefined ? '' : `${note}\n`}`).join('\n')
}

export function renderMarkdown (results: Results): string {
  return sections(results).map(({ title, columns, rows, note }, i) =>
    `${i === 0 ? '#' : '##'} ${title}\n\n${markdownTable(columns, rows)}` +
    (note === undefined ? '' : `\n${note}\n`)).join('\n')
}
