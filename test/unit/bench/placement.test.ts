/** Flags, verdicts and tables of the placement bench, on results made up so that the right answer is known. */
import t from 'tap'
import { CONTENDERS } from '../../../lib/simulate/contenders.ts'
import { scenarioNamed } from '../../../lib/simulate/scenario.ts'
import { isKept, judgeBars } from '../../../bench/placement/bars.ts'
import { parseOptions, UsageError, usageText } from '../../../bench/placement/options.ts'
import { plots } from '../../../bench/placement/plots.ts'
import { renderMarkdown, renderText } from '../../../bench/placement/report.ts'
import { recoveryMinutes, RESULTS_FORMAT } from '../../../bench/placement/results.ts'
import { planJobs } from '../../../bench/placement/run.ts'
import type { Results, RunResult } from '../../../bench/placement/results.ts'

const DAY = '2026-01-02'

function run (contender: string, scenario: string, measures: Partial<RunResult> = {}): RunResult {
  const phases = scenarioNamed(scenario).phases.map(({ name }) =>
    ({ name, calls: 1, coldStarts: 2, meanAddedMs: 4, worstMinuteP99Ms: 5 }))
  return {
    scenario,
    contender,
    seed: 11,
    calls: 100,
    notRunPercent: 0,
    notRunPercentPerFunction: 0,
    meanAddedMs: 8,
    p50AddedMs: 0,
    p99AddedMs: 50,
    p999AddedMs: 100,
    meanLatencyMs: 608,
    meanExecutionMs: 600,
    coldPercent: 0.24,
    coldPercentPerFunction: 27,
    slowdownP50: 1,
    slowdownP99: 1.2,
    slowdownP999: 3,
    slowdownGeoMean: 2,
    loadMaxToMean: 1.1,
    loadVariation: 0.1,
    phases,
    minutes: Array.from({ length: 40 }, () => ({ calls: 1, coldStarts: 0, meanAddedMs: 4, p99AddedMs: 9 })),
    counts: { arrived: 100, executed: 100, shed: 0, lost: 0 },
    shedReasons: {},
    refusalsPerCall: 0.05,
    queuedRatio: 0,
    loadFactor: 0.7,
    events: 1,
    wallMs: 1,
    ...measures
  }
}

function resultsOf (runs: readonly RunResult[]): Results {
  return {
    format: RESULTS_FORMAT,
    date: DAY,
    commit: 'abc',
    node: '26',
    cpu: 'test',
    source: 'test',
    firstMinute: 780,
    seeds: [11],
    bootSeeds: [11],
    quick: false,
    wallSeconds: 1,
    runs
  }
}

const full = resultsOf([
  ...['R', 'L10-70', 'L3-85', 'N64-L10', 'L1-70', 'node-lost', 'node-added', 'burst']
    .map(scenario => run('hot T2', scenario, scenario === 'N64-L10' ? { meanAddedMs: 5 } : {})),
  ...Array.from({ length: 10 }, (_, seed) => run('hot T2', 'cold-boot', { seed })),
  run('hot T0', 'L10-70', { meanAddedMs: 40 }),
  run('bounded-load', 'R', { meanAddedMs: 120 }),
  run('ch-rlu tuned', 'R', { meanAddedMs: 60 }),
  run('pull', 'R', { meanAddedMs: 30 }),
  run('pull', 'L1-70', { meanAddedMs: 4 })
])

void t.test('flags', async t => {
  const options = parseOptions([], '/traces', DAY)
  t.strictSame(options.seeds, [11, 12, 13])
  t.equal(options.bootSeeds.length, 10)
  t.equal(options.trace, '/traces')
  t.equal(options.contenders.length, CONTENDERS.length)
  t.ok(options.save)
  const partial = parseOptions(['--policy', 'hot T2,bounded-load', '--seeds', '1-2,9', '--window', '600-639', '--trace', 'x',
    '--scenario', 'R,burst'], '', DAY)
  t.strictSame(partial.contenders.map(({ name }) => name), ['hot T2', 'bounded-load'], 'a full name is one contender')
  t.strictSame(partial.seeds, [1, 2, 9])
  t.equal(partial.firstMinute, 600)
  t.equal(partial.trace, 'x')
  t.equal(partial.save, false)
  t.ok(parseOptions(['--policy', 'hot'], '', DAY).contenders.length > 1, 'a policy is all its contenders')
  t.strictSame(parseOptions(['--quick'], '', DAY).scenarios.map(({ name }) => name), ['R'])
  t.match(usageText(), 'node-lost')
})

void t.test('wrong flags are told', async t => {
  for (const args of [
    ['--policy', 'best'], ['--scenario', 'none'], ['--seeds', 'x'], ['--seeds', '5-1'], ['--window', ''], ['--workers', '0'],
    ['--quick', '--bars'], ['--date', 'today'], ['--unknown']
  ]) {
    try {
      parseOptions(args, '', DAY)
      t.fail(`${args.join(' ')} was taken`)
    } catch (error) {
      t.ok(error instanceof UsageError, `${args.join(' ')}: ${(error as Error).message}`)
    }
  }
})

void t.test('jobs: every contender in every scenario for every seed, large ones first', async t => {
  const options = parseOptions(['--scenario', 'R,N64-L10,cold-boot', '--policy', 'hot T2', '--seeds', '1,2'], '', DAY)
  const jobs = planJobs(options)
  t.equal(jobs.length, 2 + 2 + 10)
  t.equal(jobs[0]!.scenario.name, 'N64-L10')
})

void t.test('bars: held, missed, not measured', async t => {
  const bars = judgeBars(full)
  const verdict = (results: Results, what: RegExp): string => judgeBars(results).find(bar => what.test(bar.what))!.verdict
  t.strictSame(bars.filter(bar => !isKept(bar)).map(bar => bar.what), ['against pull, 1 balancer'], '8 ms against 4 ms')
  t.equal(verdict(full, /mean added delay, T0/), 'held')
  t.equal(verdict(full, /gain over bounded/), 'stretch reached')
  t.equal(verdict(full, /gain over ch-rlu/), 'held')
  const none = resultsOf([])
  t.ok(judgeBars(none).every(bar => bar.verdict === 'not measured' || bar.verdict === 'missed'))
  t.ok(judgeBars(none).every(bar => !isKept(bar)), 'nothing is held by not being measured')
  const bad = resultsOf([run('hot T2', 'R', { coldPercent: 0.33 })])
  t.equal(verdict(bad, /cold starts of all calls/), 'missed')
})

void t.test('recovery is from the minute after which delays stay low', async t => {
  const minutes = (high: readonly number[]) => Array.from({ length: 40 }, (_, minute) =>
    ({ calls: 1, coldStarts: 0, meanAddedMs: high.includes(minute) ? 500 : 10, p99AddedMs: 0 }))
  const recovery = (high: readonly number[], steady: number): number =>
    recoveryMinutes(run('x', 'cold-boot', { minutes: minutes(high) }), 15, steady)
  t.equal(recovery([], 10), 0)
  t.equal(recovery([15, 16, 17], 10), 3)
  t.equal(recovery([15, 30], 10), 1, 'one bad minute much later is no disturbance')
  t.equal(recovery([15, 16, 17], 100), 2, 'what is steady at 100 ms is back sooner')
  const lasting = Array.from({ length: 25 }, (_, i) => 15 + i)
  t.equal(recovery(lasting, 10), Infinity)
})

void t.test('tables and plots name everyone', async t => {
  const text = renderText(full)
  const markdown = renderMarkdown(full)
  for (const name of ['hot T2', 'bounded-load', 'ch-rlu tuned', 'pull', 'node-lost', 'missed']) {
    t.match(text, name)
    t.match(markdown, name)
  }
  const drawn = plots(full)
  for (const name of ['added-delay', 'cold-starts', 'recovery-node-lost', 'recovery-cold-boot']) {
    const svg = drawn.get(name)
    t.ok(svg?.startsWith('<svg') === true && svg.endsWith('</svg>\n'), name)
    t.notMatch(svg, /NaN|Infinity|undefined/)
  }
})
