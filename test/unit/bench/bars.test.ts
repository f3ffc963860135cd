import t from 'tap'
import { addedP99Us, isKept, judgeBars } from '../../../bench/proxy/bars.ts'
import { renderMarkdown, renderReadme, renderText } from '../../../bench/proxy/report.ts'
import type { HalfLoadRow, MemoryRow, Results, ThroughputRow } from '../../../bench/proxy/results.ts'

function cpu (scenario: string, contender: string, costs: readonly number[]): ThroughputRow[] {
  return costs.map((cpuUsPerRequest, i) => ({
    scenario,
    contender,
    round: i + 1,
    requests: 1000,
    requestsPerSecond: 1e6 / cpuUsPerRequest,
    p50Us: 100,
    p99Us: 200,
    maxUs: 300,
    userSeconds: cpuUsPerRequest / 2000,
    systemSeconds: cpuUsPerRequest / 2000,
    cpuUsPerRequest,
    busyRatio: 1,
    residentBytes: 20e6,
    peakBytes: 21e6
  }))
}

function latency (contender: string, p99s: readonly number[]): HalfLoadRow[] {
  return p99s.map((p99Us, i) => (
    { contender, round: i + 1, p50Us: p99Us / 2, p99Us, p99AllUs: p99Us, maxUs: p99Us, disturbedRatio: 0 }))
}

function memory (idleMb: number, kbPerConnection: number): MemoryRow {
  const warmBytes = idleMb * 1e6
  return {
    contender: 'fnlb',
    round: 1,
    idleBytes: idleMb * 1e6,
    warmBytes,
    heldBytes: warmBytes + 5000 * kbPerConnection * 1e3,
    connections: 5000,
    bytesPerConnection: kbPerConnection * 1e3
  }
}

function results (part: Partial<Results>): Results {
  const contender = (id: string, kind: 'fnlb' | 'native' | 'node') =>
    ({ id, title: id, kind, version: '1', settings: 's' })
  return {
    format: 1,
    date: '2026-01-02',
    quick: false,
    rounds: 3,
    seconds: 2,
    steps: ['get-64', 'half-load', 'memory'],
    pinned: true,
    machine: {
      cpuModel: 'cpu',
      cores: 2,
      memoryBytes: 2 ** 34,
      kernel: 'Linux',
      node: 'v26.0.0',
      wrk: '4',
      commit: 'abc',
      dirty: false,
      loadAverage: 0
    },
    contenders: [
      contender('nginx', 'native'), contender('haproxy', 'native'), contender('fnlb', 'fnlb'),
      contender('fast-proxy', 'node'), contender('node-undici', 'node')
    ],
    throughput: [],
    halfLoad: null,
    memory: [],
    threads: [],
    problems: [],
    warnings: [],
    ...part
  }
}

const good = results({
  throughput: [
    ...cpu('get-64', 'nginx', [20, 20, 40]),
    ...cpu('get-64', 'haproxy', [20, 20, 20]),
    ...cpu('get-64', 'fnlb', [21, 28, 44]),
    ...cpu('get-64', 'fast-proxy', [70, 70, 70]),
    ...cpu('get-64', 'node-undici', [60, 80, 100])
  ],
  halfLoad: {
    ratePerSecond: 1000,
    slowest: 'fnlb',
    connections: 32,
    rows: [
      ...latency('direct', [100, 110, 900]), ...latency('haproxy', [210, 310, 210]), ...latency('fnlb', [260, 310, 260])
    ]
  },
  memory: [memory(80, 9)]
})

const verdicts = (from: Results) => Object.fromEntries(judgeBars(from).map(bar => [bar.what, bar.verdict]))

void t.test('each bar is judged by the median of the ratios of each round', async t => {
  const bars = judgeBars(good)
  t.same(bars[0]?.measured, { min: 1.05, median: 1.1, max: 1.4 })
  t.same(verdicts(good), {
    'CPU per request against nginx, small GET, 64 connections': 'stretch reached',
    'CPU per request against HAProxy, small GET, 64 connections': 'held',
    'CPU per request against the best Node proxy, small GET, 64 connections': 'held',
    'added latency p99 at half load against HAProxy': 'held',
    'memory, idle': 'held',
    'memory per idle client connection': 'missed'
  })
  t.same(bars.filter(bar => !isKept(bar)).map(bar => bar.what), ['memory per idle client connection'])
})

void t.test('one disturbed direct round does not lower what a proxy adds', async t => {
  t.same(addedP99Us(good, 'haproxy').map(one => one.addedUs), [100, 200, 100])
})

void t.test('failed rows and missing rivals leave a bar unmeasured, which is not kept', async t => {
  const failed = results({
    throughput: good.throughput.map(row => row.contender === 'nginx' ? { ...row, fault: 'x' } : row),
    halfLoad: { ...good.halfLoad as NonNullable<Results['halfLoad']>, rows: latency('fnlb', [200]) }
  })
  const found = verdicts(failed)
  t.equal(found['CPU per request against nginx, small GET, 64 connections'], 'not measured')
  t.equal(found['CPU per request against HAProxy, small GET, 64 connections'], 'held')
  t.equal(found['added latency p99 at half load against HAProxy'], 'not measured')
  t.equal(found['memory, idle'], 'not measured')
  t.ok(judgeBars(failed).some(bar => !isKept(bar)))
})

void t.test('bars of steps that were not asked for, or of a run without fnlb, are not judged', async t => {
  t.same(judgeBars({ ...good, steps: ['threads'] }), [])
  t.same(judgeBars({ ...good, contenders: good.contenders.filter(one => one.id !== 'fnlb') }), [])
})

void t.test('the report has ratios with their range, absolute numbers, and what failed', async t => {
  const text = renderText(good)
  t.match(text, /fnlb +1\.10 \(1\.05-1\.40\)/)
  t.match(text, /backends alone/)
  const failing = (row: ThroughputRow) => row.contender === 'fnlb' && row.round === 2
  const throughput = good.throughput.map(row => failing(row) ? { ...row, fault: 'x' } : row)
  const broken = renderText({ ...good, throughput })
  t.match(broken, /fnlb FAILED 1\/3/)
  t.match(renderMarkdown(good), /^# proxy bench of 2026-01-02\n\n\| what \| is \|/)
  t.match(renderReadme(good), /\| fnlb \| 1\.10 × \(28\.0 µs\) \|/)
})

void t.test('without nginx there are no ratios, and no crash', async t => {
  const alone = { ...good, throughput: good.throughput.filter(row => row.contender !== 'nginx') }
  t.match(renderText(alone), /fnlb +- +-/)
  t.match(renderReadme(alone), /\| fnlb \| 28\.0 µs \|/)
  t.ok(renderText(results({})).length > 0)
})
