/**
 * The raw results of a run: what `bench/results/*.json` holds and what every table and bar is computed from.
 * A row with a `fault` is kept for the record and used for nothing.
 */
import type { MachineFacts } from './machine.ts'

export const resultsFormat = 1

export interface ContenderFacts {
  readonly id: string
  readonly title: string
  readonly kind: 'fnlb' | 'native' | 'node'
  readonly version: string
  readonly settings: string
}

export interface ThroughputRow {
  readonly scenario: string
  readonly contender: string
  readonly round: number
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Us: number
  readonly p99Us: number
  readonly maxUs: number
  readonly userSeconds: number
  readonly systemSeconds: number
  readonly cpuUsPerRequest: number
  /** CPU time over wall time: below about 0.95 the load side was the limit, not the proxy. */
  readonly busyRatio: number
  readonly residentBytes: number
  /** Highest since this step began; null where the kernel does not let it be reset. */
  readonly peakBytes: number | null
  readonly fault?: string
}

export interface HalfLoadRow {
  /** `direct` = no proxy: the floor that is subtracted. */
  readonly contender: string
  readonly round: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p99AllUs: number
  readonly maxUs: number
  /** Share of the requests that fell into pauses of the generator. */
  readonly disturbedRatio: number
  readonly fault?: string
}

export interface HalfLoad {
  readonly ratePerSecond: number
  /** Whose throughput was halved. */
  readonly slowest: string
  readonly connections: number
  readonly rows: readonly HalfLoadRow[]
}

export interface MemoryRow {
  readonly contender: string
  readonly round: number
  /** A second after the start, one request served. */
  readonly idleBytes: number
  /** After a second of load and a pause: the heap has its working size. */
  readonly warmBytes: number
  /** With the idle connections open. */
  readonly heldBytes: number
  readonly connections: number
  readonly bytesPerConnection: number
  readonly fault?: string
}

export interface ThreadsRow {
  readonly threads: number
  readonly round: number
  readonly requestsPerSecond: number
  readonly cpuUsPerRequest: number
  readonly p99Us: number
  readonly residentBytes: number
  readonly fault?: string
}

export interface Results {
  readonly format: typeof resultsFormat
  readonly date: string
  readonly quick: boolean
  readonly rounds: number
  readonly seconds: number
  /** Ids of the scenarios and further steps that were asked for. */
  readonly steps: readonly string[]
  readonly pinned: boolean
  readonly machine: MachineFacts
  readonly contenders: readonly ContenderFacts[]
  readonly throughput: readonly ThroughputRow[]
  readonly halfLoad: HalfLoad | null
  readonly memory: readonly MemoryRow[]
  readonly threads: readonly ThreadsRow[]
  /** Things that went wrong: each makes the run fail. */
  readonly problems: readonly string[]
  /** Things that a reader must know, but that fail nothing. */
  readonly warnings: readonly string[]
}

/** Rows of `a` and `b` of the same rounds, both good. */
export function pairByRound<Row extends { readonly round: number, readonly fault?: string }> (
  a: readonly Row[], b: readonly Row[]
): Array<readonly [Row, Row]> {
  const pairs: Array<readonly [Row, Row]> = []
  for (const row of a) {
    const other = b.find(candidate => candidate.round === row.round)
    if (other !== undefined && row.fault === undefined && other.fault === undefined) pairs.push([row, other])
  }
  return pairs
}

export function goodRows<Row extends { readonly fault?: string }> (rows: readonly Row[]): Row[] {
  return rows.filter(row => row.fault === undefined)
}
