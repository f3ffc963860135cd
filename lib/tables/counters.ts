/**
 * Counters of the data path: one row of float64 cells per data thread, written by that thread alone and summed when
 * somebody asks. A cell costs a few nanoseconds; a labelled prom-client update costs half a microsecond.
 *
 * All dimensions are closed sets, so the memory is fixed: nothing a client sends can make a new series.
 */

/** Most pools that a configuration may have; it bounds every table with a pool dimension. */
export const MAX_POOLS = 16
/** Index used in pool dimensions for requests that were refused before a pool was known. */
export const NO_POOL = MAX_POOLS

export const CODE_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const
/** Who made the answer: the runner, or this proxy. */
export const ORIGINS = ['upstream', 'proxy'] as const

/** Why a request (or a connection) was refused or cut by us. */
export const REFUSALS = [
  'bad_request', 'head_too_large', 'too_many_fields', 'target_too_long', 'bad_version', 'unsupported_coding',
  'length_required', 'body_too_large', 'expectation', 'connect_method', 'header_timeout', 'body_timeout', 'idle_timeout',
  'write_timeout', 'connection_limit', 'address_limit', 'no_route', 'api_path', 'no_key', 'no_eligible_node',
  'all_nodes_full', 'queue_full', 'queue_timeout', 'upstream_connect', 'upstream_reset', 'upstream_timeout', 'upstream_protocol', 'client_gone',
  'draining', 'loop'
] as const
export type Refusal = typeof REFUSALS[number]

/** Why a call went where it went. */
export const DECISIONS = ['home', 'spill', 'retry', 'no_key', 'api'] as const
export type DecisionReason = typeof DECISIONS[number]

export const RETRY_CAUSES = ['connect', 'reset', 'reused_socket', 'busy'] as const
export type RetryCause = typeof RETRY_CAUSES[number]

/** Upper bounds, in seconds, of the latency histograms; a last bucket holds the rest. */
export const LATENCY_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300
] as const
const BUCKETS = LATENCY_BUCKETS.length + 1

const P = MAX_POOLS + 1

/** Name → number of cells. The order fixes the layout. */
const SHAPE = {
  requests: P * CODE_CLASSES.length * ORIGINS.length,
  refusals: P * REFUSALS.length,
  decisions: P * DECISIONS.length,
  retries: P * RETRY_CAUSES.length,
  retryBudgetExhausted: P,
  /** Buckets, then the sum in seconds, then the count. */
  duration: P * (BUCKETS + 2),
  /** Time the proxy itself added: from the complete request head to the head written upstream. */
  placed: P * (BUCKETS + 2),
  /** Calls that had to wait for a place. */
  queued: P,
  upstreamConnects: P,
  upstreamReuses: P,
  bytesIn: P,
  bytesOut: P,
  connectionsAccepted: 1,
  /** Gauges: the writer sets or adds and subtracts. */
  clientConnections: 1,
  clientRequestsInFlight: 1,
  upstreamConnectionsOpen: 1,
  upstreamConnectionsIdle: 1,
  callsWaiting: 1,
  functionsKnown: 1,
  functionsEvicted: 1,
  logLinesDropped: 1,
  /** Unix milliseconds of the thread's last tick. */
  heartbeat: 1
} as const

export type CounterGroup = keyof typeof SHAPE

const OFFSETS = (() => {
  const offsets = {} as Record<CounterGroup, number>
  let at = 0
  for (const [name, cells] of Object.entries(SHAPE)) {
    offsets[name as CounterGroup] = at
    at += cells
  }
  return { offsets, cells: at }
})()

export const COUNTER_CELLS = OFFSETS.cells
const AT = OFFSETS.offsets

const refusalIndex = new Map<string, number>(REFUSALS.map((name, index) => [name, index]))

/** Counters of all threads; data threads write through `ThreadCounters`. */
export class Counters {
  readonly buffer: SharedArrayBuffer
  readonly threads: number
  readonly cells: Float64Array

  constructor (threads: number, buffer?: SharedArrayBuffer) {
    this.threads = threads
    this.buffer = buffer ?? new SharedArrayBuffer(threads * COUNTER_CELLS * 8)
    this.cells = new Float64Array(this.buffer)
  }

  /** The sum over all threads of cell `index` of a group. */
  sum (group: CounterGroup, index = 0): number {
    let total = 0
    for (let cell = AT[group] + index; cell < this.cells.length; cell += COUNTER_CELLS) total += this.cells[cell]!
    return total
  }

  of (thread: number, group: CounterGroup, index = 0): number {
    return this.cells[thread * COUNTER_CELLS + AT[group] + index]!
  }

  requests (pool: number, codeClass: number, origin: number): number {
    return this.sum('requests', (pool * CODE_CLASSES.length + codeClass) * ORIGINS.length + origin)
  }

  refusals (pool: number, refusal: number): number {
    return this.sum('refusals', pool * REFUSALS.length + refusal)
  }

  decisions (pool: number, decision: number): number {
    return this.sum('decisions', pool * DECISIONS.length + decision)
  }

  retries (pool: number, cause: number): number {
    return this.sum('retries', pool * RETRY_CAUSES.length + cause)
  }

  /** Bucket counts (not cumulative), sum and count of a latency histogram. */
  histogram (group: 'duration' | 'placed', pool: number): { buckets: number[], sum: number, count: number } {
    const base = pool * (BUCKETS + 2)
    const buckets: number[] = []
    for (let bucket = 0; bucket < BUCKETS; bucket++) buckets.push(this.sum(group, base + bucket))
    return { buckets, sum: this.sum(group, base + BUCKETS), count: this.sum(group, base + BUCKETS + 1) }
  }

  /** Zeroes the gauges of a dead thread (what it counted stays counted). */
  clearGauges (thread: number): void {
    const row = thread * COUNTER_CELLS
    for (const group of ['clientConnections', 'clientRequestsInFlight', 'upstreamConnectionsOpen',
      'upstreamConnectionsIdle', 'callsWaiting', 'functionsKnown'] as const) this.cells[row + AT[group]] = 0
  }
}

/** One thread's row, for writing. */
export class ThreadCounters {
  readonly #cells: Float64Array

  constructor (buffer: SharedArrayBuffer, thread: number) {
    this.#cells = new Float64Array(buffer, thread * COUNTER_CELLS * 8, COUNTER_CELLS)
  }

  add (group: CounterGroup, delta = 1, index = 0): void {
    this.#cells[AT[group] + index]! += delta
  }

  set (group: CounterGroup, value: number): void {
    this.#cells[AT[group]] = value
  }

  get (group: CounterGroup): number {
    return this.#cells[AT[group]]!
  }

  request (pool: number, status: number, origin: 0 | 1): void {
    const codeClass = status >= 100 && status < 600 ? ((status / 100) | 0) - 1 : 5
    this.#cells[AT.requests + (pool * CODE_CLASSES.length + codeClass) * ORIGINS.length + origin]!++
  }

  refusal (pool: number, refusal: Refusal): void {
    this.#cells[AT.refusals + pool * REFUSALS.length + refusalIndex.get(refusal)!]!++
  }

  decision (pool: number, decision: number): void {
    this.#cells[AT.decisions + pool * DECISIONS.length + decision]!++
  }

  retry (pool: number, cause: RetryCause): void {
    this.#cells[AT.retries + pool * RETRY_CAUSES.length + RETRY_CAUSES.indexOf(cause)]!++
  }

  observe (group: 'duration' | 'placed', pool: number, seconds: number): void {
    const base = AT[group] + pool * (BUCKETS + 2)
    let bucket = 0
    while (bucket < LATENCY_BUCKETS.length && seconds > LATENCY_BUCKETS[bucket]!) bucket++
    this.#cells[base + bucket]!++
    this.#cells[base + BUCKETS]! += seconds
    this.#cells[base + BUCKETS + 1]!++
  }
}
