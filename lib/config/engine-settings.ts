/**
 * What the data threads need of a `Config`, in the shapes of proxy/protocol.ts and tables/snapshot.ts. Pure, and free
 * of zod and yaml. The results are structurally the engine's own types; naming those here would turn the import arrow
 * upwards, so a test asserts the fit instead.
 */
import type { NodeView, PoolView, RingImage, RouteView } from '../tables/snapshot.ts'
import type { Config, HeadersConfig, LimitsConfig, ListenTarget, LogConfig, PoolConfig } from './config.ts'

/** Fits `EngineSettings` of proxy/protocol.ts. */
export interface EngineSettingsOfConfig {
  readonly limits: LimitsConfig
  readonly trustedProxies: readonly string[]
  readonly headers: HeadersConfig
  readonly accessLog: {
    readonly mode: LogConfig['access']
    readonly sampleRatio: number
    readonly slowMs: number
  }
}

/** The `settings` of a data thread. */
export function engineSettings (config: Config): EngineSettingsOfConfig {
  const { access, sampleRatio, slowMs } = config.log
  return {
    limits: config.limits,
    trustedProxies: config.trustedProxies,
    headers: config.headers,
    accessLog: { mode: access, sampleRatio, slowMs }
  }
}

/** Fits `ListenAddress` of proxy/protocol.ts. */
export interface ListenAddressOfConfig {
  readonly host: string
  readonly port: number
  readonly path?: string
  readonly tls?: PemTexts
}

/** Contents of the PEM files; see `readTls`. */
export interface PemTexts {
  readonly cert: string
  readonly key: string
}

/** @param tls the texts of `config.tls`'s files; every listener speaks TLS when they are given. */
export function listenAddresses (config: Config, tls?: PemTexts): ListenAddressOfConfig[] {
  return config.listen.map(target => ({
    ...hostAndPort(target),
    ...(tls === undefined ? {} : { tls })
  }))
}

function hostAndPort (target: ListenTarget): { host: string, port: number, path?: string } {
  return 'path' in target ? { host: '', port: 0, path: target.path } : { host: target.host, port: target.port }
}

/** The routing part of a snapshot; pools are named by their index in `config.pools`. */
export function routing (config: Config): { routes: RouteView[], defaultPool: number } {
  const indexOf = (name: string): number => config.pools.findIndex(pool => pool.name === name)
  return {
    routes: config.routes.map(({ host, pathPrefix, pool }) => ({
      ...(host === undefined ? {} : { host }),
      ...(pathPrefix === undefined ? {} : { pathPrefix }),
      pool: indexOf(pool)
    })),
    defaultPool: config.defaultPool === undefined ? -1 : indexOf(config.defaultPool)
  }
}

/**
 * A pool as the data threads see it.
 * @param nodes the nodes known now, in the order that `ring.owners` refers to (sorted by id).
 */
export function poolView (
  pool: PoolConfig, index: number, nodes: readonly NodeView[], ring: RingImage, hot?: PoolView['hot']
): PoolView {
  return {
    index,
    name: pool.name,
    nodes,
    ring,
    policy: pool.policy,
    tuning: pool.tuning,
    queue: pool.queue,
    ...(hot !== undefined && { hot }),
    keyRules: pool.keyRules,
    missingKey: pool.missingKey,
    api: apiView(pool, nodes),
    timeouts: pool.timeouts,
    maxBodyBytes: pool.maxBodyBytes,
    replayBytes: pool.replayBytes,
    retry: pool.retry,
    upstream: pool.upstream
  }
}

function apiView (pool: PoolConfig, nodes: readonly NodeView[]): PoolView['api'] {
  if (pool.api.action === 'refuse') return { action: 'refuse' }
  const { nodeIds } = pool.api
  const indices = nodes.map((_, index) => index)
  return {
    action: 'route',
    nodes: nodeIds === 'all' ? indices : indices.filter(index => nodeIds.includes(nodes[index]!.id))
  }
}

const MOST_AUTO_WORKERS = 8

/**
 * How many data threads to start.
 * @param cores what `os.availableParallelism()` says: it knows the process's CPU mask.
 */
export function workerCount (config: Config, cores: number): number {
  return config.workers === 'auto' ? Math.min(Math.max(1, cores), MOST_AUTO_WORKERS) : config.workers
}

/**
 * The name of this daemon among the balancers of its pools; a token of at most 64 characters.
 * @param hostName what `os.hostname()` says.
 */
export function instanceName (config: Config, hostName: string): string {
  return config.instance ?? (hostName.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64) || 'unnamed')
}
