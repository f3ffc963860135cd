/**
 * The snapshot: everything a data thread needs to serve, published whole by the control thread and swapped by one
 * assignment. Plain data and shared memory only, so that it can be posted to a thread.
 */

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

export interface PoolView {
  readonly index: number
  readonly name: string
  /** Sorted by id; `ring.owners` refers to this order. */
  readonly nodes: readonly NodeView[]
  readonly ring: RingImage
  readonly policy: string
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
