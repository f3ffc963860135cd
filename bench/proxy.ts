/**
 * `npm run bench:proxy`: what a proxied request costs, fnlb beside its rivals, on the same machine in the same run.
 * Progress goes to stderr, tables to stdout, raw results to bench/results/. Exit codes: 0 good, 1 a contender failed,
 * a row failed or (with --bars) a bar was missed, 2 usage.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contenders } from './proxy/contenders/index.ts'
import { isKept, judgeBars } from './proxy/bars.ts'
import { parseOptions, UsageError, usageText, type Options } from './proxy/options.ts'
import { renderMarkdown, renderReadme, renderText } from './proxy/report.ts'
import { resultsFormat, type Results } from './proxy/results.ts'
import { MissingToolError, runBench } from './proxy/run.ts'

/** dist/bench → the repository. */
const root = join(import.meta.dirname, '../..')

function readSaved (file: string): Results {
  let results: Results
  try {
    results = JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch (error) {
    throw new UsageError(`--from ${file}: ${(error as Error).message}`)
  }
  if (results.format !== resultsFormat) {
    throw new UsageError(`--from ${file}: not results of this bench (format ${resultsFormat})`)
  }
  return results
}

function save (results: Results): void {
  const directory = join(root, 'bench/results')
  mkdirSync(directory, { recursive: true })
  const name = join(directory, `proxy-${results.date}`)
  writeFileSync(`${name}.json`, JSON.stringify(results, null, 1) + '\n')
  writeFileSync(`${name}.md`, renderMarkdown(results))
  process.stderr.write(`written: ${name}.json, ${name}.md\n`)
}

/** Complaints of a finished run; none = it is good. */
function complaints (results: Results, options: Options): string[] {
  const missed = options.bars ? judgeBars(results).filter(bar => !isKept(bar)) : []
  return [
    ...results.problems,
    ...missed.map(bar => `bar ${bar.verdict}: ${bar.what}`)
  ]
}

async function main (): Promise<number> {
  const today = new Date().toISOString().slice(0, 10)
  const options = parseOptions(process.argv.slice(2), contenders.map(contender => contender.id), today)
  if (options.help) {
    process.stdout.write(usageText())
    return 0
  }
  const strict = ['true', '1'].includes(process.env['CI'] ?? '')
  const results = options.from === undefined ? await runBench(options, root, strict) : readSaved(options.from)
  process.stdout.write(options.markdown ? renderReadme(results) : renderText(results))
  if (options.from === undefined && options.save) save(results)
  const wrong = complaints(results, options)
  for (const complaint of wrong) process.stderr.write(`FAILED: ${complaint}\n`)
  return wrong.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`bench:proxy: ${error.message}\n\n${usageText()}`)
    process.exitCode = 2
  } else if (error instanceof MissingToolError) {
    process.stderr.write(`bench:proxy: ${error.message}\n`)
    process.exitCode = 1
  } else throw error
}
