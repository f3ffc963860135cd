/** Where workloads come from: trace folders, good and bad, the generator's shape, and the real trace where it is. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Arrivals } from '../../../lib/simulate/arrivals.ts'
import { constant } from '../../../lib/simulate/distribution.ts'
import { generateWorkload } from '../../../lib/simulate/generator.ts'
import { Random } from '../../../lib/simulate/random.ts'
import { readRecordedLog } from '../../../lib/simulate/recorded-log.ts'
import { readTraceFolder, TraceError } from '../../../lib/simulate/trace-folder.ts'
import { offeredCores, selectWindow, totalCalls } from '../../../lib/simulate/workload.ts'
import type { Workload } from '../../../lib/simulate/workload.ts'

const PERCENTILES = [0, 1, 25, 50, 75, 99, 100].map(percent => `percentile_Average_${percent}`).join(',')

const GOOD = {
  'invocations.csv': 'HashOwner,HashApp,HashFunction,Trigger,480,481,482\no,a,f1,http,1,2,3\no,a,f2,timer,0,0,1\n',
  'durations.csv': `HashFunction,${PERCENTILES}\nf1,0,1,10,20,30,100,200\nf2,1000,1000,1000,1000,1000,1000,1000\n`,
  'memory.csv': 'HashFunction,AverageAllocatedMb_pct50\nf2,300.5\nf1,20\n'
}

let made = 0

function folder (files: Partial<Record<keyof typeof GOOD, string>>): string {
  const path = join(t.testdir(), String(made++))
  mkdirSync(path, { recursive: true })
  for (const [name, text] of Object.entries({ ...GOOD, ...files })) writeFileSync(join(path, name), text)
  return path
}

void t.test('a trace folder is joined by function', async t => {
  const workload = readTraceFolder(folder({}))
  t.equal(workload.firstMinute, 480)
  t.equal(workload.minutes, 3)
  t.strictSame(workload.functions.map(({ key, memoryMb }) => [key, memoryMb]), [['f1', 128], ['f2', 300.5]])
  t.strictSame([...workload.functions[0]!.calls], [1, 2, 3])
  t.equal(workload.functions[1]!.execution.meanS, 1)
  t.ok(workload.functions[0]!.execution.quantile(0) > 0, '0 ms is under 1 ms, not nothing')
  t.equal(totalCalls(workload), 7)
  t.strictSame([...selectWindow(workload, 481, 2).functions[0]!.calls], [2, 3])
})

void t.test('what is wrong with a trace is said with its place', async t => {
  const bad: Array<[Partial<typeof GOOD>, RegExp]> = [
    [{ 'invocations.csv': 'HashFunction,480\nf1,x\n' }, /invocations\.csv:2: "x" under 480/],
    [{ 'invocations.csv': 'HashFunction,480\nf1,-1\n' }, /expected a number from 0 on/],
    [{ 'invocations.csv': 'HashFunction,480\nf1\n' }, /invocations\.csv:2: 1 cells under 2 columns/],
    [{ 'invocations.csv': 'HashFunction\nf1\n' }, /no column named after a minute/],
    [{ 'invocations.csv': 'HashFunction,480\nf3,1\n' }, /durations\.csv: there is no row of function f3/],
    [{ 'memory.csv': 'HashFunction,other\nf1,1\n' }, /memory\.csv: there is no column "AverageAllocatedMb_pct50"/],
    [{ 'memory.csv': '' }, /is empty/]
  ]
  for (const [files, message] of bad) {
    try {
      readTraceFolder(folder(files))
      t.fail(`no complaint, expected ${message.source}`)
    } catch (error) {
      t.ok(error instanceof TraceError)
      t.match((error as Error).message, message)
    }
  }
  t.throws(() => readTraceFolder('/nowhere'), /a trace folder holds invocations\.csv/)
})

void t.test('an access log of fnlb becomes a workload', async t => {
  const path = join(t.testdir(), 'access.log')
  const line = (minute: number, target: string, durationMs: number, more = {}): string => JSON.stringify({
    level: 'info',
    time: new Date(Date.UTC(2026, 0, 1, 0, minute, 30)).toISOString(),
    method: 'POST',
    path: target,
    status: 200,
    duration_ms: durationMs,
    placed_ms: 1,
    node: 'runner-1',
    msg: 'request',
    ...more
  })
  writeFileSync(path, [
    line(0, '/invoke/01A', 101), line(0, '/invoke/01A?x=1', 201), line(2, '/invoke/01A', 89_001), line(1, '/t/app/b', 11),
    line(1, '/other', 5), line(1, '/invoke/01A', 5, { node: undefined }), 'not json', '{"msg":"started"}', 'null', ''
  ].join('\n'))
  const log = await readRecordedLog(path, [{ kind: 'fn' }])
  t.equal(log.used, 4)
  t.equal(log.skipped, 5)
  // The call of 89 s is logged in the third minute and came in the second.
  t.equal(log.minutes, 2)
  const [a, b] = log.functions
  t.strictSame([a!.key, [...a!.calls]], ['fn/01A', [2, 1]])
  t.strictSame([b!.key, [...b!.calls]], ['t/app/b', [0, 1]])
  t.ok(Math.abs(b!.execution.meanS - 0.01) < 1e-9)
  t.ok(Math.abs(a!.execution.quantile(0) - 0.1) < 1e-9)
  const empty = join(t.testdir(), 'empty.log')
  writeFileSync(empty, 'x\n')
  await t.rejects(readRecordedLog(empty, [{ kind: 'fn' }]), /none of 1 lines is a call/)
  await t.rejects(readRecordedLog('/nowhere', [{ kind: 'fn' }]), /expected an access log of fnlb/)
})

void t.test('the generator has the published shape', async t => {
  const workload = generateWorkload(new Random(1))
  const counts = workload.functions.map(({ calls }) => calls.reduce((sum, count) => sum + count, 0))
  const total = totalCalls(workload)
  const top = (count: number): number =>
    counts.toSorted((a, b) => b - a).slice(0, count).reduce((sum, calls) => sum + calls, 0) / total
  for (const [count, share] of [[1, 0.631], [5, 0.836], [10, 0.909], [25, 0.964], [50, 0.984], [100, 0.993]] as const) {
    t.ok(Math.abs(top(count) - share) < 0.02, `top ${count}: ${top(count).toFixed(3)}, published ${share}`)
  }
  t.ok(Math.abs(total / 480 / 60 - 105.5) < 5, `${(total / 480 / 60).toFixed(1)} calls/s`)
  t.ok(Math.abs(offeredCores(workload) / 53.2 - 1) < 0.15, `${offeredCores(workload).toFixed(1)} cores`)
  const rare = counts.filter(count => count <= 48).length / counts.length
  t.ok(rare > 0.4 && rare < 0.75, `${rare} are called once in ten minutes or less`)
  const giants = workload.functions
    .filter(({ execution }, index) => counts[index]! * execution.meanS / 480 / 60 > 4).length
  t.equal(giants, 3, 'functions that need more than a node of four cores')
  t.strictSame(generateWorkload(new Random(1)).functions.map(({ memoryMb }) => memoryMb),
    workload.functions.map(({ memoryMb }) => memoryMb))
})

void t.test('arrivals: counts, order, factor, burst', async t => {
  const workload: Workload = {
    source: 'test',
    firstMinute: 0,
    minutes: 3,
    functions: [
      { key: 'a', execution: constant(1), memoryMb: 1, calls: Uint32Array.of(100, 0, 1000) },
      { key: 'b', execution: constant(2), memoryMb: 1, calls: Uint32Array.of(1, 0, 0) }
    ]
  }
  const collect = (factor: number, seed: number, bursts = [] as ConstructorParameters<typeof Arrivals>[3]) => {
    const arrivals = new Arrivals(workload, factor, new Random(seed), bursts)
    const calls = []
    const due: number[] = []
    arrivals.begin(timeS => due.push(timeS))
    let lastS = 0
    for (let timeS = due.pop(); timeS !== undefined; timeS = due.pop()) {
      if (timeS < lastS) t.fail('arrivals go back in time')
      lastS = timeS
      arrivals.take()
      calls.push({ timeS, functionIndex: arrivals.functionIndex, executionS: arrivals.executionS })
    }
    return calls
  }
  const plain = collect(1, 1)
  t.equal(plain.length, 1101)
  t.equal(plain.filter(({ timeS }) => timeS >= 60 && timeS < 120).length, 0)
  t.equal(plain.find(({ functionIndex }) => functionIndex === 1)?.executionS, 2)
  let rare = 0
  for (let seed = 0; seed < 400; seed++) rare += collect(0.25, seed).filter(call => call.functionIndex === 1).length
  t.ok(rare > 60 && rare < 140, `a rare function keeps its share: ${rare} of 100`)
  const burst = collect(1, 1, [{ functionIndex: 1, fromS: 30, untilS: 90, callsPerSecond: 20 }])
  const extra = burst.length - plain.length
  t.ok(extra > 1000 && extra < 1400, `${extra} calls of the burst`)
})

void t.test('the real trace is the one that others ran', async t => {
  const traces = process.env['FNLB_TRACES'] ?? ''
  if (traces === '') {
    t.comment('SKIPPED: FNLB_TRACES is not set, so the identity of the Azure 2019 sample is NOT checked here')
    t.pass('no trace, no check', { skip: 'set FNLB_TRACES to the folder that holds azure2019-500' })
    return
  }
  const workload = readTraceFolder(join(traces, 'azure2019-500'))
  t.equal(workload.functions.length, 500)
  // Dirigent's artifact (SOSP'24) replays the first 30 minutes and says "about 170 K invocations".
  t.equal(totalCalls(selectWindow(workload, 480, 30)), 171_558)
  t.equal(totalCalls(workload), 3_037_902)
})
