/**
 * The configuration as the program uses it: plain data (it crosses process and thread boundaries as JSON), quantities
 * as numbers with the unit in the name, names resolved. Made by resolve.ts from a validated document, nowhere else.
 *
 * Types only, so that those who read a `Config` never load zod or yaml.
 */
import type { KeyRule, PoolTimeouts, PoolView } from '../tables/snapshot.ts'
import type { ListenTarget } from './addresses.ts'
import type { StatusRange } from './texts.ts'

export type { ListenTarget } from './addresses.ts'
export type { StatusRange } from './texts.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** Limits on what one client may cost; see the fields of the same names in docs/configuration.md. */
export interface LimitsConfig {
  readonly maxHeadBytes: number
  readonly maxFields: number
  readonly maxTargetBytes: number
  readonly headerTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly tunnelIdleTimeoutMs: number
  readonly lingerTimeoutMs: number
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly maxRequestsPerConnection: number
  readonly maxFunctions: number
}

export interface HeadersConfig {
  /** In lower case; '' = no request id is made or passed. */
  readonly requestId: string
  readonly forwarded: 'x-forwarded' | 'rfc7239' | 'both' | 'off'
  readonly via: boolean
}

export interface LogConfig {
  readonly level: LogLevel
  readonly access: 'off' | 'errors' | 'sampled' | 'all'
  /** 0..1 */
  readonly sampleRatio: number
  /** 0 = no request counts as slow. */
  readonly slowMs: number
}

/** Absolute paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

export interface RouteConfig {
  /** In lower case, exact or `*.suffix`; absent = any. */
  readonly host?: string
  /** Without a slash at the end; absent = any. */
  readonly pathPrefix?: string
  readonly pool: string
}

export interface NodeConfig {
  /** Stable identity: as given, else the address. Unique in its pool. */
  readonly id: string
  /** DNS name, IPv4 address, or IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  /** Calls the node runs at once without slowing; its weight on the ring. */
  readonly capacity: number
  /** Hard limit of calls in flight, over all threads: capacity × cap factor. */
  readonly cap: number
}

export interface ProbeConfig {
  readonly type: 'http' | 'tcp' | 'off'
  readonly path: string
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Successes in a row to become up. */
  readonly rise: number
  /** Failures in a row to become down. */
  readonly fall: number
  readonly expect: readonly StatusRange[]
}

export interface PoolConfig {
  readonly name: string
  /** Sorted by id (code units). */
  readonly nodes: readonly NodeConfig[]
  readonly policy: string
  readonly tuning: NonNullable<PoolView['tuning']>
  /** `total` 0 = none waits. */
  readonly queue: PoolView['queue']
  readonly keyRules: readonly KeyRule[]
  readonly missingKey: PoolView['missingKey']
  /** Hard limit of a node as a multiple of its capacity. */
  readonly capFactor: number
  /** Where Fn's API paths go: all nodes, the nodes with these ids, or nowhere. */
  readonly api:
    | { readonly action: 'route', readonly nodeIds: 'all' | readonly string[] }
    | { readonly action: 'refuse' }
  readonly timeouts: PoolTimeouts
  /** 0 = no limit. */
  readonly maxBodyBytes: number
  /** Request bodies up to this size are kept for a second attempt; 0 = none. */
  readonly replayBytes: number
  /** `attempts` counts the first one too. */
  readonly retry: PoolView['retry']
  readonly upstream: PoolView['upstream']
  readonly probe: ProbeConfig
}

export interface Config {
  readonly listen: readonly ListenTarget[]
  readonly tls?: TlsFiles
  /** See `instanceName` for when it is absent. */
  readonly instance?: string
  /** See `workerCount` for `auto`. */
  readonly workers: number | 'auto'
  /** `listen` is absent when the admin server is off. */
  readonly admin: { readonly listen?: ListenTarget }
  readonly drainTimeoutMs: number
  readonly readinessDelayMs: number
  readonly limits: LimitsConfig
  /** CIDRs. */
  readonly trustedProxies: readonly string[]
  readonly headers: HeadersConfig
  readonly log: LogConfig
  readonly routes: readonly RouteConfig[]
  /** Name of the pool for what no route matches; absent = 404. */
  readonly defaultPool?: string
  /** Sorted by name, so that a pool's index does not depend on the order in the file. */
  readonly pools: readonly PoolConfig[]
}

/** Path of a value (`limits.max_fields`, `pools.fn.nodes[0]`) → `default`, `FILE:LINE`, `env NAME` or `flag --NAME`. */
export type Origins = Readonly<Record<string, string>>
