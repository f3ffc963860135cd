/**
 * Every metric that fnlb has of its own, each declared once: name, type, help, labels, the bound of its series, and how
 * it is read. The reference page (docs/metrics.md) is made from it.
 *
 * Invariant: no label ever holds a function, an application, a path, a key or a client; all label values come from
 * closed sets or from the configuration, so that nothing a client sends can make a series. What is read here is what
 * there is now: the series of a removed node or pool are gone with the next scrape.
 */
import {
  CODE_CLASSES, DECISIONS, LATENCY_BUCKETS, NO_POOL, ORIGINS, REFUSALS, RETRY_CAUSES
} from '../tables/counters.ts'
import type { CounterGroup } from '../tables/counters.ts'
import type { HistogramFacts, MetricsSource, NodeFacts, PoolFacts, ThreadFacts } from './source.ts'
import { NODE_STATES, PROBE_RESULTS, THREAD_STATES } from './source.ts'

export type Labels = Readonly<Record<string, string | number>>

export interface Sample {
  readonly labels: Labels
  readonly value: number | HistogramFacts
}

export interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Most series it can have: P pools, E nodes, T data threads; fixed numbers otherwise. */
  readonly bound: string
  read (source: MetricsSource): Iterable<Sample>
}

/** The pool label of what was answered before a pool was known; not a possible name of a pool. */
const NO_POOL_NAME = '-'

export const METRICS: readonly Metric[] = [
  metric('build_info', 'gauge', ['version', 'node_version'], '1', 'Always 1; the labels say what runs.', (s) => [
    { labels: { version: s.version, node_version: process.version }, value: 1 }
  ]),
  total('ready', 'gauge', 'Whether /readyz says yes (1) or no (0).', (s) => s.isReady ? 1 : 0),

  metric('requests_total', 'counter', ['pool', 'code_class', 'origin'], '12 (P + 1)',
    'Requests answered, by the class of the status and by who made the answer. Pool "-": no pool was known yet.',
    (s) => perPool(s, (pool) => CODE_CLASSES.flatMap((codeClass, code) => ORIGINS.map((origin, index) => ({
      labels: { code_class: codeClass, origin }, value: s.counters.requests(pool, code, index)
    }))), true)),
  metric('request_duration_seconds', 'histogram', ['pool'], '20 (P + 1)',
    'From the complete request head to the end of the answer.',
    (s) => perPool(s, (pool) => [histogram(s, 'duration', pool)], true)),
  metric('request_placement_seconds', 'histogram', ['pool'], '20 P',
    'What fnlb itself added: from the complete request head to the head written to a node.',
    (s) => perPool(s, (pool) => [histogram(s, 'placed', pool)])),
  metric('refusals_total', 'counter', ['pool', 'reason'], `${REFUSALS.length} (P + 1)`,
    'Requests and connections refused or cut by fnlb. Pool "-": no pool was known yet.',
    (s) => perPool(s, (pool) => each(REFUSALS, 'reason', (index) => s.counters.refusals(pool, index)), true)),
  poolCounter('queued_total', 'queued', 'Calls that had to wait for a place at a node.'),
  threadSum('queue_calls', 'gauge', 'callsWaiting', 'Calls that wait for a place now, in all pools.'),
  metric('decisions_total', 'counter', ['pool', 'reason'], `${DECISIONS.length} P`,
    'Placements, by why a call went where it went.',
    (s) => perPool(s, (pool) => each(DECISIONS, 'reason', (index) => s.counters.decisions(pool, index)))),
  metric('retries_total', 'counter', ['pool', 'cause'], `${RETRY_CAUSES.length} P`,
    'Further attempts of a call, by what ended the one before.',
    (s) => perPool(s, (pool) => each(RETRY_CAUSES, 'cause', (index) => s.counters.retries(pool, index)))),
  poolCounter('retry_budget_exhausted_total', 'retryBudgetExhausted', 'Retries not made for want of budget.'),
  poolCounter('upstream_connects_total', 'upstreamConnects', 'Connections opened to nodes.'),
  poolCounter('upstream_reuses_total', 'upstreamReuses', 'Attempts sent over a kept connection.'),
  poolCounter('request_body_bytes_total', 'bytesIn', 'Bytes of request bodies, from clients.'),
  poolCounter('response_body_bytes_total', 'bytesOut', 'Bytes of response bodies, to clients.'),

  threadSum('client_connections', 'gauge', 'clientConnections', 'Open client connections.'),
  threadSum('client_connections_total', 'counter', 'connectionsAccepted', 'Client connections accepted.'),
  threadSum('client_requests_in_flight', 'gauge', 'clientRequestsInFlight', 'Requests of clients not yet answered.'),
  threadSum('upstream_connections', 'gauge', 'upstreamConnectionsOpen', 'Open connections to nodes.'),
  threadSum('upstream_connections_idle', 'gauge', 'upstreamConnectionsIdle', 'Of these, kept for the next request.'),
  threadSum('functions_known', 'gauge', 'functionsKnown', 'Functions that the data threads remember.'),
  threadSum('functions_evicted_total', 'counter', 'functionsEvicted', 'Functions forgotten to make room for others.'),
  total('log_lines_dropped_total', 'counter', 'Log lines lost because their reader did not keep up.',
    (s) => s.counters.sum('logLinesDropped') + s.logLinesDropped),

  ofPool('requests_in_flight', 'gauge', 'Calls now at the nodes of a pool.',
    (pool, s) => pool.nodes.reduce((sum, { slot }) => sum + s.nodeTable.inFlight(slot), 0)),
  ofNode('node_in_flight', 'Calls at the node now, over all threads.', ({ slot }, s) => s.nodeTable.inFlight(slot)),
  ofNode('node_capacity', 'Calls the node runs at once without slowing.', ({ slot }, s) => s.nodeTable.capacity(slot)),
  ofNode('node_cap', 'Hard limit of calls in flight at the node.', ({ slot }, s) => s.nodeTable.cap(slot)),
  ofNode('node_ring_share_ratio', 'Part of the ring that the node owns.', ({ share }) => share),
  ofNode('node_ring_target_ratio', 'The share on a perfect ring: by capacity.', ({ target }) => target),
  metric('node_state', 'gauge', ['pool', 'node', 'state'], 'E',
    'Always 1; the state label says which state the node is in.',
    (s) => s.pools().flatMap((pool) => pool.nodes.map((node) => ({
      labels: { pool: pool.name, node: node.id, state: node.state }, value: 1
    })))),
  metric('pool_nodes', 'gauge', ['pool', 'state'], `${NODE_STATES.length} P`, 'Nodes of a pool, by state.',
    (s) => s.pools().flatMap((pool) => NODE_STATES.map((state) => ({
      labels: { pool: pool.name, state }, value: pool.nodes.filter((node) => node.state === state).length
    })))),

  ofPool('ring_points', 'gauge', 'Points on the ring.', (pool) => pool.ringPoints),
  ofPool('ring_digest', 'gauge', 'First 48 bits of the ring\'s digest; equal on all balancers that agree.',
    (pool) => Number.parseInt(pool.ringDigest.slice(0, 12), 16)),
  ofPool('ring_changes_total', 'counter', 'Changes of the ring since the start.', (pool) => pool.ringChanges),

  metric('probes_total', 'counter', ['pool', 'result'], `${PROBE_RESULTS.length} P`,
    'Active checks of nodes, by result.',
    (s) => s.pools().flatMap(({ name, probes }) => probes === undefined
      ? []
      : PROBE_RESULTS.map((result) => ({ labels: { pool: name, result }, value: probes.results[result] })))),
  metric('probe_duration_seconds', 'histogram', ['pool'], '13 P', 'Time that active checks took.',
    (s) => s.pools().flatMap(({ name, probes }) => probes === undefined
      ? []
      : [{ labels: { pool: name }, value: probes.duration }])),

  total('snapshot_generation', 'gauge', 'Number of the newest snapshot.', (s) => s.generation),
  metric('threads', 'gauge', ['state'], `${THREAD_STATES.length}`, 'Data threads, by state.',
    (s) => THREAD_STATES.map((state) => ({
      labels: { state }, value: s.threads().filter((thread) => thread.state === state).length
    }))),
  ofThread('thread_restarts_total', 'counter', 'Times that the data thread was replaced.', ({ restarts }) => restarts),
  ofThread('thread_snapshot_generation', 'gauge', 'Number of the snapshot that the data thread uses.',
    ({ applied }) => applied),
  ofThread('thread_client_connections', 'gauge', 'Open client connections of the data thread.',
    ({ thread }, s) => s.counters.of(thread, 'clientConnections')),
  ofThread('thread_client_connections_total', 'counter', 'Client connections that the data thread accepted.',
    ({ thread }, s) => s.counters.of(thread, 'connectionsAccepted')),
  ofThread('thread_requests_in_flight', 'gauge', 'Requests not yet answered by the data thread.',
    ({ thread }, s) => s.counters.of(thread, 'clientRequestsInFlight')),
  ofThread('thread_heartbeat_age_seconds', 'gauge', 'Time since the data thread\'s event loop last turned.',
    ({ thread }, s) => {
      const beat = s.counters.of(thread, 'heartbeat')
      return beat === 0 ? 0 : Math.max(0, Date.now() - beat) / 1000
    }),

  metric('admin_requests_total', 'counter', ['route', 'code_class'], '100',
    'Requests to the admin API, by pattern of the route.',
    (s) => s.adminRequests().map(({ route, codeClass, count }) => ({
      labels: { route, code_class: codeClass }, value: count
    })))
]

function metric (
  name: string, type: Metric['type'], labels: readonly string[], bound: string, help: string, read: Metric['read']
): Metric {
  return { name: `fnlb_${name}`, type, help, labels, bound, read }
}

function total (name: string, type: Metric['type'], help: string, read: (source: MetricsSource) => number): Metric {
  return metric(name, type, [], '1', help, (source) => [{ labels: {}, value: read(source) }])
}

function threadSum (name: string, type: Metric['type'], group: CounterGroup, help: string): Metric {
  return total(name, type, help, (source) => source.counters.sum(group))
}

function poolCounter (name: string, group: CounterGroup, help: string): Metric {
  return ofPool(name, 'counter', help, (pool, source) => source.counters.sum(group, pool.index))
}

function ofPool (
  name: string, type: Metric['type'], help: string, read: (pool: PoolFacts, source: MetricsSource) => number
): Metric {
  return metric(name, type, ['pool'], 'P', help, (source) => source.pools().map((pool) => ({
    labels: { pool: pool.name }, value: read(pool, source)
  })))
}

function ofNode (name: string, help: string, read: (node: NodeFacts, source: MetricsSource) => number): Metric {
  return metric(name, 'gauge', ['pool', 'node'], 'E', help, (source) => source.pools().flatMap((pool) => (
    pool.nodes.map((node) => ({ labels: { pool: pool.name, node: node.id }, value: read(node, source) }))
  )))
}

function ofThread (
  name: string, type: Metric['type'], help: string, read: (thread: ThreadFacts, source: MetricsSource) => number
): Metric {
  return metric(name, type, ['thread'], 'T', help, (source) => source.threads().map((thread) => ({
    labels: { thread: thread.thread }, value: read(thread, source)
  })))
}

/** Samples of each pool, with the pool label in front. */
function perPool (source: MetricsSource, read: (pool: number) => readonly Sample[], withNone = false): Sample[] {
  const pools = source.pools().map(({ name, index }) => ({ name, index }))
  if (withNone) pools.push({ name: NO_POOL_NAME, index: NO_POOL })
  return pools.flatMap(({ name, index }) => read(index).map(({ labels, value }) => ({
    labels: { pool: name, ...labels }, value
  })))
}

/** One sample for each of a closed set of names. */
function each (names: readonly string[], label: string, read: (index: number) => number): Sample[] {
  return names.map((name, index) => ({ labels: { [label]: name }, value: read(index) }))
}

function histogram (source: MetricsSource, group: 'duration' | 'placed', pool: number): Sample {
  return { labels: {}, value: { bounds: LATENCY_BUCKETS, ...source.counters.histogram(group, pool) } }
}
