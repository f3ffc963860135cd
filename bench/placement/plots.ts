/** The plots of a placement bench: file name → SVG. */
import { barPlot, linePlot } from '../lib/svg.ts'
import { contendersIn, runsOf, scenariosIn, summary } from './results.ts'
import { scenarioNamed } from '../../lib/simulate/scenario.ts'
import type { Results, RunResult } from './results.ts'

/** Lines that a plot still carries. */
const MAX_LINES = 9

function isOwn (contender: string): boolean {
  return contender.startsWith('hot')
}

function bars (results: Results, scenario: string, title: string, unit: string, log: boolean,
  measure: (run: RunResult) => number): string {
  return barPlot({
    title,
    unit,
    log,
    bars: contendersIn(results, scenario).map(contender => {
      const found = summary(runsOf(results, contender, scenario), measure)!
      return { label: contender, value: found.mean, min: found.min, max: found.max, isOwn: isOwn(contender) }
    })
  })
}

/** Mean added delay by minute, over seeds, from five minutes before the disturbance on. */
function recovery (results: Results, scenario: string): string {
  const { phases, title } = scenarioNamed(scenario)
  const disturbedMinute = Math.floor(phases[1]!.fromS / 60)
  const contenders = contendersIn(results, scenario)
  const shown = contenders.length <= MAX_LINES
    ? contenders
    : contenders.filter(name => isOwn(name) || !/random|round|consistent|own/.test(name)).slice(0, MAX_LINES)
  return linePlot({
    title: `${scenario}: ${title}`,
    unit: 'mean added delay by minute of arrival, ms',
    xTitle: 'minutes',
    log: true,
    mark: { x: 0, label: 'here' },
    lines: shown.map(contender => {
      const runs = runsOf(results, contender, scenario)
      const minutes = Math.min(...runs.map(run => run.minutes.length))
      const points: Array<readonly [number, number]> = []
      for (let minute = Math.max(0, disturbedMinute - 5); minute < minutes; minute++) {
        const found = summary(runs, run => run.minutes[minute]!.meanAddedMs)!
        points.push([minute - disturbedMinute, Math.max(0.1, found.mean)])
      }
      return { label: contender, points, isOwn: isOwn(contender) }
    })
  })
}

export function plots (results: Results): Map<string, string> {
  const files = new Map<string, string>()
  if (contendersIn(results, 'R').length > 0) {
    files.set('added-delay', bars(results, 'R', 'Mean added delay, reference case', 'ms', true, run => run.meanAddedMs))
    files.set('cold-starts', bars(results, 'R', 'Cold starts, reference case', '% of calls', true, run => run.coldPercent))
  }
  if (contendersIn(results, 'L10-70').length > 0) {
    files.set('added-delay-10-balancers',
      bars(results, 'L10-70', 'Mean added delay, 10 balancers', 'ms', true, run => run.meanAddedMs))
  }
  for (const scenario of scenariosIn(results)) {
    if (scenarioNamed(scenario).phases.length > 0) files.set(`recovery-${scenario}`, recovery(results, scenario))
  }
  return files
}
