/**
 * What the control thread and the data threads say to each other. Plain data only (it crosses a thread boundary).
 * Per-request facts never travel this way: they are in shared memory.
 */
import type { LoadTableBuffers } from '../tables/load-table.ts'
import type { NodeTableBuffers } from '../tables/node-table.ts'
import type { Snapshot } from '../tables/snapshot.ts'

export interface ListenAddress {
  /** Host to bind ('' = all interfaces, IPv6 and IPv4) and port, or a unix socket path. */
  readonly host: string
  readonly port: number
  readonly path?: string
  /** Accept through this already listening descriptor instead (where `reusePort` does not exist). */
  readonly fd?: number
  /** PEM texts, when this listener speaks TLS. */
  readonly tls?: { readonly cert: string, readonly key: string }
}

export interface EngineLimits {
  readonly maxHeadBytes: number
  readonly maxFields: number
  readonly maxTargetBytes: number
  /** Time for a complete request head, from its first byte (or from the connection, for the first one). */
  readonly headerTimeoutMs: number
  /** Keep-alive: time between two requests. */
  readonly idleTimeoutMs: number
  /** Longest gap between two reads of a request body. */
  readonly bodyTimeoutMs: number
  /** Longest time without progress while writing to a client. */
  readonly writeTimeoutMs: number
  /** Over all threads. */
  readonly maxConnections: number
  /** Over all threads; 0 = no limit. */
  readonly maxConnectionsPerAddress: number
  /** Longest silence in both directions of a switched connection (WebSocket). */
  readonly tunnelIdleTimeoutMs: number
  /** How long a closing connection may go on sending before it is cut. */
  readonly lingerTimeoutMs: number
  /** Requests on one client connection; 0 = no limit. */
  readonly maxRequestsPerConnection: number
  /** Functions that a thread remembers per pool. */
  readonly maxFunctions: number
}

export interface EngineHeaders {
  /** Header name (lower case) of the request id, '' = none is made or passed. */
  readonly requestId: string
  readonly forwarded: 'x-forwarded' | 'rfc7239' | 'both' | 'off'
  /** Send and append `Via`, and refuse loops. */
  readonly via: boolean
}

export interface AccessLogSettings {
  readonly mode: 'off' | 'errors' | 'sampled' | 'all'
  /** 0..1, for `sampled`. */
  readonly sampleRatio: number
  /** Requests slower than this are always logged (except when off); 0 = none. */
  readonly slowMs: number
}

export interface EngineSettings {
  readonly limits: EngineLimits
  /** CIDRs whose X-Forwarded-*, Forwarded and request ids are believed. */
  readonly trustedProxies: readonly string[]
  readonly headers: EngineHeaders
  readonly accessLog: AccessLogSettings
}

/** `workerData` of a data thread. */
export interface ThreadInit {
  /** Name of this daemon, unique among the balancers of a pool; a token. */
  readonly instance: string
  readonly thread: number
  readonly threads: number
  readonly listen: readonly ListenAddress[]
  readonly reusePort: boolean
  readonly settings: EngineSettings
  readonly snapshot: Snapshot
  readonly nodeTable: NodeTableBuffers
  readonly counters: SharedArrayBuffer
  readonly loads: LoadTableBuffers
  /** Connections per client address: count-min sketch rows, see tables/address-table.ts. */
  readonly addresses: SharedArrayBuffer
}

export type ToThread =
  /** Swap to this snapshot. Answered by `applied`. */
  | { readonly type: 'snapshot', readonly snapshot: Snapshot }
  /** Stop accepting, finish what is in flight, answer `Connection: close`; what is left after `graceMs` is cut. */
  | { readonly type: 'drain', readonly graceMs: number }
  /** Answer each response with `Connection: close` from now on, but go on accepting (readiness delay). */
  | { readonly type: 'closing' }

export type FromThread =
  /** All listeners accept. `ports[i]` is the port of `listen[i]` (0 for unix sockets). */
  | { readonly type: 'listening', readonly ports: readonly number[] }
  | { readonly type: 'listen-failed', readonly address: string, readonly code: string, readonly message: string }
  | { readonly type: 'applied', readonly generation: number }
  /** Access log lines, already JSON, each with its line feed, joined; `dropped` were lost since the last message. */
  | { readonly type: 'log', readonly lines: string, readonly dropped: number }
  /** Everything in flight has ended (or was cut: `cut` requests). The thread exits by itself after this. */
  | { readonly type: 'drained', readonly cut: number }
