/**
 * `npm run bench:hiku`: the gains of pulling over bounded loads that Hiku published, by our simulator and policies.
 *
 * What is not published, how many sandboxes a worker keeps, decides everything, so it is varied. The check is whether
 * the published gains lie where they must: at the size at which bounded-load has the published part of cold starts.
 * Popularity: `FNLB_TRACES` (or --trace DIR) with azure2021-popularity/azure_function_probabilities.json; otherwise the
 * published shape of it. Takes some seconds; prints a table to stdout.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { textTable } from './lib/table.ts'
import { spread } from './lib/stats.ts'
import { contendersNamed } from './placement/contenders.ts'
import { hikuExperiment, publishedPopularity } from '../lib/simulate/hiku-experiment.ts'
import { simulate } from '../lib/simulate/simulation.ts'
import type { Result } from '../lib/simulate/simulation.ts'

const SEEDS = [1, 2, 3, 4, 5]
const BASE = 'bounded-load'
const SIZES = [10, 11, 12, 13, 16, 24]
const CONTENDERS = [BASE, 'pull', 'hot T1', 'hot T2']
const PUBLISHED = { latency: '-14.9 %', throughput: '+8.3 %', cold: '43 -> 30 %', spread: '-12.9 %' }

function popularity (traces: string): { shares: number[], from: string } {
  const file = join(traces, 'azure2021-popularity', 'azure_function_probabilities.json')
  if (traces === '' || !existsSync(file)) {
    return { shares: publishedPopularity(), from: 'the published shape of the Azure 2021 popularity (no trace was given)' }
  }
  const functions = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { probability: number }>
  return { shares: Object.values(functions).map(({ probability }) => probability), from: 'the Azure 2021 popularity' }
}

function median (results: readonly Result[], measure: (result: Result) => number): number {
  return spread(results.map(measure)).median
}

function change (results: readonly Result[], base: readonly Result[], measure: (result: Result) => number): string {
  const changes = results.map((result, i) => 100 * (measure(result) / measure(base[i]!) - 1))
  const { median: middle } = spread(changes)
  return `${middle >= 0 ? '+' : ''}${middle.toFixed(1)} %`
}

const { trace = process.env['FNLB_TRACES'] ?? '' } = parseArgs({ options: { trace: { type: 'string' } } }).values
const { shares, from } = popularity(trace)
process.stderr.write(`popularity: ${from}\n`)

function rowsAt (sandboxes: number): string[][] {
  const { scenario, workload, source } = hikuExperiment(shares, sandboxes)
  const runs = new Map<string, Result[]>()
  for (const contender of contendersNamed(CONTENDERS)) {
    runs.set(contender.name, SEEDS.map(seed => simulate(scenario, workload, contender, seed, source)))
  }
  const base = runs.get(BASE)!
  return [...runs].map(([name, results], index) => [
    index === 0 ? String(sandboxes) : '',
    name,
    median(results, run => run.meanLatencyMs).toFixed(0),
    change(results, base, run => run.meanLatencyMs),
    median(results, run => run.calls / (scenario.measuredMinutes * 60)).toFixed(1),
    change(results, base, run => run.calls),
    median(results, run => run.coldPercent).toFixed(1),
    change(results, base, run => run.loadVariation)
  ])
}

const right = (title: string) => ({ title, align: 'right' as const })
process.stdout.write(textTable(
  [right('sandboxes a worker'), { title: 'policy', align: 'left' }, right('latency ms'), right('change'),
    right('calls/s'), right('change'), right('cold %'), right('variation of load, change')],
  [...SIZES.flatMap(rowsAt),
    ['', 'published: Hiku', '', PUBLISHED.latency, '', PUBLISHED.throughput, PUBLISHED.cold, PUBLISHED.spread]]))
process.stdout.write(`Changes against ${BASE}, seed by seed, medians of ${SEEDS.length} seeds.\n`)
