/**
 * The snapshot: everything a data thread needs to serve, published whole by the control thread and swapped by one
 * assignment. Plain data and shared memory only, so that it can be posted to a thread.
 */

import type { HotTableBuffers } from './hot-pages.ts'

/** A frozen ring, in shared memory. Point `i` is at `positions[i]` (sorted, unsigned) and belongs to `owners[i]`. */
export interface RingImage {
  /** Positions of the points on the circle of 2^24, ascending. */
  readonly positions: Uint32Array
  /** For each point the index of its node in the pool's `nodes`. */
  readonly owners: Uint16Array
  readonly nodeCount: number
  /** Fingerprint of members, weights and points: equal on all balancers that agree. */
  readonly digest: string
}

export interface NodeView {
  /** Stable identity; what the ring is built from. */
  readonly id: string
  readonly host: string
  readonly port: number
  /** Column in the shared tables. */
  readonly slot: number
}

/** Where a function key comes from. The first rule that yields a key wins. */
export type KeyRule =
  | { readonly kind: 'fn' }
  | { readonly kind: 'header', readonly name: string }
  | { readonly kind: 'query', readonly name: string }
  | { readonly kind: 'path', readonly template: string }

export interface PoolTimeouts {
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleBodyMs: number
}

/** Knobs of the placement policies; what is absent has the value of core/placement/tuning.ts. */
export interface PlacementTuning {
  /** hot: calls much longer than this look at the load that stays, shorter ones at the load of the moment (tau). */
  readonly horizonMs: number
  /** hot: how much a call's slowing of the others counts beside its own being slowed (eta). */
  readonly crowding: number
  /** hot: what a unit of utilisation costs before the node is full, as a part of the execution time (beta). */
  readonly headroom: number
  /** hot: what a second of a cold start weighs against a second of waiting (kappa). */
  readonly coldWeight: number
  /** hot: the cost of one rank along the preference list (epsilon). */
  readonly rankMs: number
  /** hot: chance that an instance is not there at home, and elsewhere, where nothing is known of the node. */
  readonly coldChanceHome: number
  readonly coldChanceElsewhere: number
  /** hot: what a second of waiting for an instance that is busy or being started weighs; Infinity = never wait. */
  readonly waitWeight: number
  /** hot: learn how fast nodes are. For pools of unequal nodes; among equal ones it only adds noise. */
  readonly learnsSpeed: boolean
  /** How long a reported number of calls, and a reported average, are good for. */
  readonly momentaryMs: number
  readonly lastingMs: number
  /** How long runners keep an idle instance. */
  readonly keepAliveMs: number
  /** bounded-load: the bound as a multiple of the mean load, above 1. */
  readonly loadFactor: number
  /** bounded-load, least-request, power-of-two: count also what nodes report, not only our own calls. */
  readonly usesReports: boolean
  /** ch-rlu: nodes a function may be forwarded along, share of functions that count as popular, bound on the load. */
  readonly chainLength: number
  readonly popularRatio: number
  readonly loadBound: number
  /** ch-rlu: standard deviation of the random term of the load. */
  readonly loadNoise: number
  /** ch-rlu: what the function's rate, in calls per second, adds to that term for a unit of capacity. */
  readonly loadRate: number
}

/** Bounds of the queue of a pool, in calls and milliseconds; see core/fair-queue.ts. */
export interface QueueView {
  readonly perFunction: number
  readonly total: number
  readonly deadlineMs: number
  readonly rule: 'round-robin' | 'warm-first' | 'deadline' | 'lifo'
}

export interface PoolView {
  readonly index: number
  readonly name: string
  /** Sorted by id; `ring.owners` refers to this order. */
  readonly nodes: readonly NodeView[]
  readonly ring: RingImage
  readonly policy: string
  readonly tuning?: Partial<PlacementTuning>
  /** What is warm where, over all threads; absent for policies that do not ask. */
  readonly hot?: HotTableBuffers
  /** Calls without a place; `total` 0 = none waits. */
  readonly queue: QueueView
  readonly keyRules: readonly KeyRule[]
  /** What to do with a request that yields no key. */
  readonly missingKey: 'least-request' | 'reject'
  /** What to do with Fn's API paths (`/v2/…`): nodes (indices into `nodes`) that take them, or a refusal. */
  readonly api: { readonly action: 'route', readonly nodes: readonly number[] } | { readonly action: 'refuse' }
  readonly timeouts: PoolTimeouts
  /** Largest request body in bytes; 0 = no limit. */
  readonly maxBodyBytes: number
  /** Request bodies up to this size are kept for a second attempt. */
  readonly replayBytes: number
  readonly retry: { readonly attempts: number, readonly budgetRatio: number, readonly budgetMin: number }
  readonly upstream: { readonly maxConnectionsPerNode: number, readonly maxIdlePerNode: number, readonly idleMs: number }
}

/** Chooses a pool. All conditions given must hold; the first rule that matches wins. */
export interface RouteView {
  /** Exact host name in lower case, or `*.suffix`; absent = any. */
  readonly host?: string
  /** Path prefix, matched by whole segments; absent = any. */
  readonly pathPrefix?: string
  readonly pool: number
}

export interface Snapshot {
  readonly generation: number
  readonly pools: readonly PoolView[]
  readonly routes: readonly RouteView[]
  /** Pool for what no route matches; -1 = answer 404. */
  readonly defaultPool: number
}
