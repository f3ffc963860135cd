import t from 'tap'
import { METRICS } from '../../../lib/metrics/catalogue.ts'
import { MetricsText } from '../../../lib/metrics/registry.ts'
import { renderReference } from '../../../lib/metrics/reference.ts'
import type { MetricsSource, NodeFacts, PoolFacts } from '../../../lib/metrics/source.ts'
import { readFileSync, writeFileSync } from 'node:fs'
import { Counters, NO_POOL, REFUSALS, ThreadCounters } from '../../../lib/tables/counters.ts'
import { NodeTable } from '../../../lib/tables/node-table.ts'

interface Series { readonly name: string, readonly labels: Record<string, string>, readonly value: number }

const SAMPLE = /^([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+|NaN|\+Inf)$/
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g

/** Parses the text format 0.0.4 strictly; throws on any line that is not of it. */
function parse (text: string): Series[] {
  const series: Series[] = []
  const declared = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    const type = /^# TYPE ([a-z_][a-z0-9_]*) (counter|gauge|histogram|summary)$/.exec(line)
    if (type !== null) {
      if (declared.has(type[1]!)) throw new Error(`declared twice: ${line}`)
      declared.set(type[1]!, type[2]!)
      continue
    }
    const match = SAMPLE.exec(line)
    if (match === null) throw new Error(`not a sample: ${line}`)
    const family = [match[1]!, match[1]!.replace(/_(bucket|sum|count)$/, '')].find((name) => declared.has(name))
    if (family === undefined) throw new Error(`never declared: ${line}`)
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(LABEL)].map((pair) => [pair[1]!, pair[2]!]))
    series.push({ name: match[1]!, labels, value: Number(match[3]) })
  }
  return series
}

function fakeSource () {
  const counters = new Counters(2)
  const nodeTable = NodeTable.create(8, 2)
  const node = (id: string, slot: number, state: NodeFacts['state'] = 'up'): NodeFacts => ({
    id, slot, state, share: 0.5, target: 0.5
  })
  const pools: PoolFacts[] = [{
    name: 'fn',
    index: 0,
    nodes: [node('a', 0), node('b', 1, 'down')],
    ringPoints: 320,
    ringDigest: '0123456789abcdef0123456789abcdef',
    ringChanges: 1,
    probes: {
      results: { ok: 5, bad_status: 1, timeout: 0, refused: 0, failed: 0 },
      duration: { bounds: [0.01, 0.1], buckets: [3, 2, 1], sum: 0.7, count: 6 }
    }
  }]
  const source = {
    version: '1.2.3',
    counters,
    nodeTable,
    generation: 4,
    isReady: true,
    logLinesDropped: 2,
    pools: () => pools,
    threads: () => [
      { thread: 0, state: 'listening', restarts: 0, applied: 4 },
      { thread: 1, state: 'waiting', restarts: 3, applied: 3 }
    ],
    adminRequests: () => [{ route: '/readyz', codeClass: '2xx', count: 9 }]
  } satisfies MetricsSource
  const threads = [0, 1].map((thread) => new ThreadCounters(counters.buffer, thread))
  return { source, pools, node, counters, nodeTable, threads }
}

async function scrape (source: MetricsSource): Promise<Series[]> {
  return parse(await new MetricsText(source).render(0))
}

function value (series: Series[], name: string, labels: Record<string, string> = {}): number | undefined {
  const wanted = Object.entries(labels)
  const found = series.filter((one) => one.name === name && wanted.every(([key, text]) => one.labels[key] === text))
  if (found.length > 1) throw new Error(`${name}: ${found.length} series fit`)
  return found[0]?.value
}

void t.test('counts of all threads come out summed, under their names', async (t) => {
  const { source, threads, nodeTable } = fakeSource()
  threads[0]!.request(0, 200, 0)
  threads[1]!.request(0, 204, 0)
  threads[1]!.request(0, 503, 1)
  threads[0]!.refusal(NO_POOL, 'bad_request')
  threads[0]!.decision(0, 1)
  threads[1]!.retry(0, 'busy')
  threads[0]!.set('clientConnections', 3)
  threads[1]!.set('clientConnections', 4)
  threads[0]!.add('logLinesDropped', 5)
  nodeTable.setLimits(0, 16, 64)
  nodeTable.tryAcquire(0, 0)
  nodeTable.tryAcquire(1, 0)
  const series = await scrape(source)
  t.equal(value(series, 'fnlb_requests_total', { pool: 'fn', code_class: '2xx', origin: 'upstream' }), 2)
  t.equal(value(series, 'fnlb_requests_total', { pool: 'fn', code_class: '5xx', origin: 'proxy' }), 1)
  t.equal(value(series, 'fnlb_refusals_total', { pool: '-', reason: 'bad_request' }), 1)
  t.equal(value(series, 'fnlb_decisions_total', { pool: 'fn', reason: 'spill' }), 1)
  t.equal(value(series, 'fnlb_retries_total', { pool: 'fn', cause: 'busy' }), 1)
  t.equal(value(series, 'fnlb_client_connections'), 7)
  t.equal(value(series, 'fnlb_thread_client_connections', { thread: '1' }), 4)
  t.equal(value(series, 'fnlb_log_lines_dropped_total'), 7)
  t.equal(value(series, 'fnlb_node_in_flight', { pool: 'fn', node: 'a' }), 2)
  t.equal(value(series, 'fnlb_node_cap', { node: 'a' }), 64)
  t.equal(value(series, 'fnlb_requests_in_flight', { pool: 'fn' }), 2)
  t.equal(value(series, 'fnlb_node_state', { node: 'b' }), 1)
  t.equal(value(series, 'fnlb_node_state', { node: 'b', state: 'down' }), 1)
  t.equal(value(series, 'fnlb_pool_nodes', { state: 'down' }), 1)
  t.equal(value(series, 'fnlb_ring_digest'), 0x0123456789ab)
  t.equal(value(series, 'fnlb_probes_total', { result: 'ok' }), 5)
  t.equal(value(series, 'fnlb_threads', { state: 'waiting' }), 1)
  t.equal(value(series, 'fnlb_thread_restarts_total', { thread: '1' }), 3)
  t.equal(value(series, 'fnlb_admin_requests_total', { route: '/readyz' }), 9)
  t.equal(value(series, 'fnlb_build_info', { version: '1.2.3', node_version: process.version }), 1)
  t.equal(value(series, 'fnlb_ready'), 1)
  t.ok(value(series, 'process_resident_memory_bytes')! > 1e6)
  t.not(value(series, 'nodejs_eventloop_lag_p99_seconds'), undefined)
})

void t.test('histograms are cumulative and end with all', async (t) => {
  const { source, threads } = fakeSource()
  for (const seconds of [0.0005, 0.003, 0.003, 1000]) threads[0]!.observe('duration', 0, seconds)
  const series = await scrape(source)
  const name = 'fnlb_request_duration_seconds'
  t.equal(value(series, `${name}_bucket`, { pool: 'fn', le: '0.001' }), 1)
  t.equal(value(series, `${name}_bucket`, { pool: 'fn', le: '0.005' }), 3)
  t.equal(value(series, `${name}_bucket`, { pool: 'fn', le: '300' }), 3)
  t.equal(value(series, `${name}_bucket`, { pool: 'fn', le: '+Inf' }), 4)
  t.equal(value(series, `${name}_count`, { pool: 'fn' }), 4)
  t.equal(value(series, `${name}_sum`, { pool: 'fn' }), 1000.0065)
  t.equal(value(series, 'fnlb_probe_duration_seconds_bucket', { le: '+Inf' }), 6)
})

void t.test('the series of a removed node and pool are gone with the next scrape', async (t) => {
  const { source, pools, node } = fakeSource()
  const metrics = new MetricsText(source)
  const before = parse(await metrics.render(0))
  t.ok(before.some(({ labels }) => labels['node'] === 'b'))
  pools[0] = { ...pools[0]!, nodes: [node('a', 0)] }
  const cached = parse(await metrics.render(999))
  t.ok(cached.some(({ labels }) => labels['node'] === 'b'), 'an answer is up to a second old')
  const after = parse(await metrics.render(1000))
  t.notOk(after.some(({ labels }) => labels['node'] === 'b'))
  const ofA = (series: Series[]): number => series.filter(({ labels }) => labels['node'] === 'a').length
  t.equal(ofA(after), ofA(before))
  pools.length = 0
  t.notOk(parse(await metrics.render(2000)).some(({ labels }) => labels['pool'] === 'fn'))
})

void t.test('odd names are escaped', async (t) => {
  const { source, pools, node } = fakeSource()
  pools[0] = { ...pools[0]!, nodes: [node('a"b\\c\nd', 0)] }
  const series = await scrape(source)
  t.equal(value(series, 'fnlb_node_in_flight', { node: 'a\\"b\\\\c\\nd' }), 0)
})

void t.test('every sample has exactly the declared labels, none of which a client can fill', async (t) => {
  const { source } = fakeSource()
  const allowed = new Set([
    'pool', 'node', 'state', 'code_class', 'origin', 'reason', 'cause', 'result', 'thread', 'route', 'version',
    'node_version'
  ])
  for (const metric of METRICS) {
    t.match(metric.name, /^fnlb_[a-z_]+$/)
    t.equal(metric.name.endsWith('_total'), metric.type === 'counter', `${metric.name}: _total is for counters`)
    t.ok(metric.help.endsWith('.'))
    for (const label of metric.labels) t.ok(allowed.has(label), `${metric.name}: ${label}`)
    const samples = [...metric.read(source)]
    t.ok(samples.length > 0, `${metric.name} has samples`)
    for (const { labels } of samples) t.same(Object.keys(labels), metric.labels, metric.name)
    const keys = samples.map(({ labels }) => JSON.stringify(labels))
    t.equal(new Set(keys).size, keys.length, `${metric.name}: no series twice`)
  }
  t.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length)
})

void t.test('the number of series depends on pools, nodes and threads alone', async (t) => {
  const { source, threads } = fakeSource()
  const before = (await scrape(source)).filter(({ name }) => name.startsWith('fnlb_')).length
  for (let index = 0; index < 1000; index++) {
    threads[0]!.request(0, 100 + (index % 900), 1)
    threads[0]!.refusal(index % 2 === 0 ? 0 : NO_POOL, REFUSALS[index % REFUSALS.length]!)
    threads[0]!.observe('placed', 0, index)
  }
  t.equal((await scrape(source)).filter(({ name }) => name.startsWith('fnlb_')).length, before)
})

void t.test('docs/metrics.md is what the catalogue says', async (t) => {
  const file = new URL('../../../../docs/metrics.md', import.meta.url)
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, renderReference())
  t.equal(readFileSync(file, 'utf8'), renderReference(), 'if not: run this test once with UPDATE_DOCS=1')
})
