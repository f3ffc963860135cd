/**
 * Long fuzzing by hand: `node dist/test/fuzz/run.js --seconds 300 --seed 7`. Prints how much was done; what fails is made
 * small and written to test/fuzz/found/, and the process ends with 1. A finding that is mended joins the corpus.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzzer.ts'
import type { Failure } from './fuzzer.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } })
const seed = Number(values.seed)
const seconds = Number(values.seconds)
if (!Number.isSafeInteger(seed) || seed < 0 || !(seconds > 0)) {
  process.stderr.write('run.js: --seed takes a whole number, --seconds a positive number\n')
  process.exit(2)
}

const report = await fuzz({ seed, seconds })
const perSecond = Math.round(report.executions / report.seconds)
print(`seed ${seed}: ${report.executions} executions in ${report.seconds.toFixed(1)} s, ${perSecond}/s`)
print(`heads accepted: ${report.acceptedHeads}, connections read by Node: ${report.nodeReadings}`)
print(`endings: ${table(report.endings)}`)
print(`agreed differences: ${table(report.agreed)}`)
print(`failures: ${report.failures.length}`)
for (const failure of report.failures) save(failure)
process.exit(report.failures.length > 0 ? 1 : 0)

function save (failure: Failure): void {
  // From dist/test/fuzz/ to test/fuzz/found/.
  const directory = new URL('../../../test/fuzz/found/', import.meta.url)
  mkdirSync(directory, { recursive: true })
  const name = `${failure.promise}-${seed}-${failure.execution}.json`
  writeFileSync(new URL(name, directory), JSON.stringify(failure, null, 2) + '\n')
  print(`\n${failure.promise}, execution ${failure.execution}, test/fuzz/found/${name}\n  ` +
    `${failure.case.side} ${failure.case.method} ${JSON.stringify(failure.case.text)}\n  ${failure.detail.slice(0, 2000)}`)
}

function table (counts: ReadonlyMap<string, number>): string {
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`).join(', ')
}

function print (text: string): void {
  process.stdout.write(text + '\n')
}
