/**
 * From a validated document to the `Config` that the program uses: units become numbers, names become lower case,
 * defaults that depend on other values (node ids, the default pool) are filled in. Pure; the document has passed the
 * schema and the cross-checks, so a value that does not parse here is a bug.
 */
import { resolve as resolvePath } from 'node:path'
import { formatHostPort, parseListen, parseNetwork, parseNodeAddress } from './addresses.ts'
import type { Config, ListenTarget, NodeConfig, PoolConfig, RouteConfig } from './config.ts'
import { DEFAULT_CAPACITY } from './pool-schema.ts'
import type { ConfigDocument, PoolDocument } from './schema.ts'
import {
  parseKeyRule, parsePathPrefix, parseRequestIdName, parseRouteHost, parseStatusRange
} from './texts.ts'
import { parseDuration, parsePercent, parseSize } from './units.ts'
import type { Parsed } from './units.ts'

/** @param directory where relative file names start. */
export function resolveConfig (document: ConfigDocument, directory: string): Config {
  const pools = Object.entries(document.pools)
    .map(([name, pool]) => resolvePool(name, pool))
    .sort((a, b) => compare(a.name, b.name))
  const defaultPool = document.default_pool ?? (pools.length === 1 ? pools[0]!.name : '')
  const { limits, headers, log, tls } = document
  return {
    listen: listenList(document.listen).map(address => must(parseListen(address))),
    ...(tls === undefined
      ? {}
      : { tls: { certFile: resolvePath(directory, tls.cert_file), keyFile: resolvePath(directory, tls.key_file) } }),
    ...(document.instance === undefined ? {} : { instance: document.instance }),
    workers: document.workers,
    admin: adminListen(document.admin.listen),
    drainTimeoutMs: must(parseDuration(document.drain_timeout)),
    readinessDelayMs: must(parseDuration(document.readiness_delay)),
    limits: {
      maxHeadBytes: must(parseSize(limits.max_head_size)),
      maxFields: limits.max_fields,
      maxTargetBytes: must(parseSize(limits.max_target_size)),
      headerTimeoutMs: must(parseDuration(limits.header_timeout)),
      idleTimeoutMs: must(parseDuration(limits.idle_timeout)),
      bodyTimeoutMs: must(parseDuration(limits.body_timeout)),
      writeTimeoutMs: must(parseDuration(limits.write_timeout)),
      tunnelIdleTimeoutMs: must(parseDuration(limits.tunnel_idle_timeout)),
      lingerTimeoutMs: must(parseDuration(limits.linger_timeout)),
      maxConnections: limits.max_connections,
      maxConnectionsPerAddress: limits.max_connections_per_address,
      maxRequestsPerConnection: limits.max_requests_per_connection,
      maxFunctions: limits.max_functions
    },
    trustedProxies: document.trusted_proxies.map(network => must(parseNetwork(network))),
    headers: {
      requestId: must(parseRequestIdName(headers.request_id)),
      forwarded: headers.forwarded,
      via: headers.via
    },
    log: {
      level: log.level,
      access: log.access,
      sampleRatio: must(parsePercent(log.sample)),
      slowMs: must(parseDuration(log.slow))
    },
    routes: document.routes.map(resolveRoute),
    ...(defaultPool === '' ? {} : { defaultPool }),
    pools
  }
}

/** The addresses of `listen`, which may be one text or a list. */
export function listenList (listen: ConfigDocument['listen']): readonly string[] {
  return typeof listen === 'string' ? [listen] : listen
}

function adminListen (listen: string): { listen?: ListenTarget } {
  return listen === '' ? {} : { listen: must(parseListen(listen)) }
}

function resolveRoute (route: ConfigDocument['routes'][number]): RouteConfig {
  const pathPrefix = route.path_prefix === undefined ? '' : must(parsePathPrefix(route.path_prefix))
  return {
    ...(route.host === undefined ? {} : { host: must(parseRouteHost(route.host)) }),
    ...(pathPrefix === '' ? {} : { pathPrefix }),
    pool: route.pool
  }
}

function resolvePool (name: string, pool: PoolDocument): PoolConfig {
  const { timeouts, retry, upstream, probe } = pool
  const capFactor = pool.concurrency.cap_factor
  return {
    name,
    nodes: pool.nodes.map(node => resolveNode(node, capFactor)).sort((a, b) => compare(a.id, b.id)),
    policy: pool.policy,
    tuning: {
      keepAliveMs: must(parseDuration(pool.warm.keep_alive)),
      coldWeight: pool.warm.cold_weight,
      learnsSpeed: pool.warm.learn_speed === 'on'
    },
    queue: {
      perFunction: pool.queue.per_function,
      total: pool.queue.total,
      deadlineMs: must(parseDuration(pool.queue.deadline)),
      rule: pool.queue.rule
    },
    keyRules: pool.key.from.map(rule => must(parseKeyRule(rule))),
    missingKey: pool.key.missing,
    capFactor,
    api: pool.api === 'refuse'
      ? { action: 'refuse' }
      : { action: 'route', nodeIds: pool.api === 'runners' ? 'all' : pool.api },
    timeouts: {
      connectMs: must(parseDuration(timeouts.connect)),
      firstByteMs: must(parseDuration(timeouts.first_byte)),
      idleBodyMs: must(parseDuration(timeouts.idle_body))
    },
    maxBodyBytes: must(parseSize(pool.max_body_size)),
    replayBytes: must(parseSize(retry.replay_size)),
    retry: {
      attempts: retry.attempts,
      budgetRatio: must(parsePercent(retry.budget)),
      budgetMin: retry.budget_min
    },
    upstream: {
      maxConnectionsPerNode: upstream.max_connections,
      maxIdlePerNode: upstream.max_idle,
      idleMs: must(parseDuration(upstream.idle_timeout))
    },
    probe: {
      type: probe.type,
      path: probe.path,
      intervalMs: must(parseDuration(probe.interval)),
      timeoutMs: must(parseDuration(probe.timeout)),
      rise: probe.rise,
      fall: probe.fall,
      expect: probe.expect.map(range => must(parseStatusRange(range)))
    }
  }
}

function resolveNode (node: PoolDocument['nodes'][number], capFactor: number): NodeConfig {
  const { address, id, capacity } = typeof node === 'string'
    ? { address: node, id: undefined, capacity: DEFAULT_CAPACITY }
    : node
  const target = must(parseNodeAddress(address))
  return { id: id ?? formatHostPort(target), ...target, capacity, cap: Math.ceil(capacity * capFactor) }
}

// Code units, not locale: the order decides indices and must be the same everywhere.
function compare (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function must<T> (result: Parsed<T>): T {
  if (result.ok) return result.value
  throw new TypeError(`a validated value does not parse: ${result.reason}`)
}
