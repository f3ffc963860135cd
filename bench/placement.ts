/**
 * `npm run bench:placement`: every policy of the product on the same simulated calls, against the bars of the placement
 * issue. Progress goes to stderr, tables to stdout, raw results, plots and tables to bench/results/. Exit codes: 0 good,
 * 1 a bar was missed (with --bars), 2 usage.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { isKept, judgeBars } from './placement/bars.ts'
import { parseOptions, UsageError, usageText } from './placement/options.ts'
import { plots } from './placement/plots.ts'
import { renderMarkdown, renderText } from './placement/report.ts'
import { RESULTS_FORMAT } from './placement/results.ts'
import { planJobs, runJobs } from './placement/run.ts'
import { loadWorkload, sourceOf } from './placement/workload.ts'
import { TraceError } from '../lib/simulate/trace-folder.ts'
import type { Options } from './placement/options.ts'
import type { Results } from './placement/results.ts'

/** dist/bench → the repository. */
const root = join(import.meta.dirname, '../..')

function commit (): string {
  try {
    const run = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
    const changes = run('status', '--porcelain', '--untracked-files=no')
    return run('rev-parse', '--short', 'HEAD') + (changes === '' ? '' : ' with uncommitted changes')
  } catch {
    return 'unknown'
  }
}

async function measure (options: Options): Promise<Results> {
  // Says what is wrong with the trace before any thread is started.
  loadWorkload(options.trace, options.firstMinute)
  process.stderr.write(`workload: ${sourceOf(options.trace)}, from minute ${options.firstMinute}\n`)
  const startedMs = performance.now()
  const runs = await runJobs(planJobs(options), options)
  return {
    format: RESULTS_FORMAT,
    date: options.date,
    commit: commit(),
    node: process.version.replace('v', ''),
    cpu: cpus()[0]?.model ?? 'unknown processor',
    source: sourceOf(options.trace),
    firstMinute: options.firstMinute,
    seeds: options.seeds,
    bootSeeds: options.bootSeeds,
    quick: options.quick,
    wallSeconds: (performance.now() - startedMs) / 1000,
    runs
  }
}

function readSaved (file: string): Results {
  let results: Results
  try {
    results = JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch (error) {
    throw new UsageError(`--from ${file}: ${(error as Error).message}`)
  }
  if (results.format !== RESULTS_FORMAT) throw new UsageError(`--from ${file}: not results of this bench (${RESULTS_FORMAT})`)
  return results
}

function save (results: Results): void {
  const directory = join(root, 'bench/results')
  mkdirSync(directory, { recursive: true })
  const name = join(directory, `placement-${results.date}`)
  const compacted = JSON.stringify(results, (_, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value)
  writeFileSync(`${name}.json`, compacted.replaceAll('{"scenario"', '\n{"scenario"') + '\n')
  writeFileSync(`${name}.md`, renderMarkdown(results))
  for (const [plot, svg] of plots(results)) writeFileSync(join(directory, `placement-${plot}.svg`), svg)
  process.stderr.write(`written: ${name}.json, ${name}.md and plots\n`)
}

async function main (): Promise<number> {
  const today = new Date().toISOString().slice(0, 10)
  const options = parseOptions(process.argv.slice(2), process.env['FNLB_TRACES'] ?? '', today)
  if (options.help) {
    process.stdout.write(usageText())
    return 0
  }
  const results = options.from === undefined ? await measure(options) : readSaved(options.from)
  process.stdout.write(options.markdown ? renderMarkdown(results) : renderText(results))
  if (options.from === undefined && options.save) save(results)
  const missed = options.bars ? judgeBars(results).filter(bar => !isKept(bar)) : []
  for (const bar of missed) process.stderr.write(`FAILED: bar ${bar.verdict}: ${bar.what}\n`)
  return missed.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`bench:placement: ${error.message}\n\n${usageText()}`)
    process.exitCode = 2
  } else if (error instanceof TraceError || error instanceof RangeError) {
    process.stderr.write(`bench:placement: ${error.message}\n`)
    process.exitCode = 2
  } else throw error
}
