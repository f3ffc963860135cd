/**
 * What the metrics are read from, at scrape time only. The control plane implements it; nothing here is written to on
 * the path of a request (that is tables/counters.ts).
 */
import type { Counters } from '../tables/counters.ts'
import type { NodeTable } from '../tables/node-table.ts'

/** One word for both axes of a node's state: an operator's order comes before what probes say. */
export const NODE_STATES = ['up', 'down', 'unknown', 'drain', 'maint'] as const
export type NodeState = typeof NODE_STATES[number]

export const PROBE_RESULTS = ['ok', 'bad_status', 'timeout', 'refused', 'failed'] as const
export type ProbeResult = typeof PROBE_RESULTS[number]

export const THREAD_STATES = ['starting', 'listening', 'waiting', 'ended'] as const
export type ThreadState = typeof THREAD_STATES[number]

export interface NodeFacts {
  readonly id: string
  /** Column in the node table. */
  readonly slot: number
  readonly state: NodeState
  /** Part of the circle that it owns, 0..1. */
  readonly share: number
  /** Its capacity over that of the pool, 0..1: what the share would be on a perfect ring. */
  readonly target: number
}

export interface PoolFacts {
  readonly name: string
  /** Index in the pool dimension of the counters. */
  readonly index: number
  readonly nodes: readonly NodeFacts[]
  readonly ringPoints: number
  /** Hexadecimal fingerprint of the ring. */
  readonly ringDigest: string
  readonly ringChanges: number
  /** Absent without probes. */
  readonly probes?: ProbeFacts
}

export interface ProbeFacts {
  readonly results: Readonly<Record<ProbeResult, number>>
  readonly duration: HistogramFacts
}

/** `buckets[i]` counts what fell between `bounds[i - 1]` and `bounds[i]`; the last one holds the rest. */
export interface HistogramFacts {
  readonly bounds: readonly number[]
  readonly buckets: readonly number[]
  readonly sum: number
  readonly count: number
}

export interface ThreadFacts {
  readonly thread: number
  readonly state: ThreadState
  readonly restarts: number
  readonly applied: number
}

export interface AdminRequestCount {
  /** Pattern of the route, never a path as received. */
  readonly route: string
  readonly codeClass: string
  readonly count: number
}

export interface MetricsSource {
  readonly version: string
  readonly counters: Counters
  readonly nodeTable: NodeTable
  /** Number of the newest snapshot. */
  readonly generation: number
  readonly isReady: boolean
  /** Access-log lines dropped on the way from the control thread to the log's destination. */
  readonly logLinesDropped: number
  pools (): readonly PoolFacts[]
  threads (): readonly ThreadFacts[]
  adminRequests (): readonly AdminRequestCount[]
}
