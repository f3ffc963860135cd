/** Configurations for tests, as lib/config/resolve.ts would make them. */
import type { Config, NodeConfig, PoolConfig } from '../../lib/config/config.ts'

export function node (id: string, overrides: Partial<NodeConfig> = {}): NodeConfig {
  return { id, host: '127.0.0.1', port: 9, capacity: 16, cap: 64, ...overrides }
}

export function pool (name: string, nodes: readonly NodeConfig[], overrides: Partial<PoolConfig> = {}): PoolConfig {
  return {
    name,
    nodes,
    policy: 'consistent-hash',
    tuning: { keepAliveMs: 30_000, coldWeight: 3, learnsSpeed: false },
    queue: { perFunction: 100, total: 1000, deadlineMs: 5000, rule: 'round-robin' },
    keyRules: [{ kind: 'fn' }],
    missingKey: 'least-request',
    capFactor: 4,
    api: { action: 'route', nodeIds: 'all' },
    timeouts: { connectMs: 1000, firstByteMs: 310_000, idleBodyMs: 60_000 },
    maxBodyBytes: 0,
    replayBytes: 65_536,
    retry: { attempts: 3, budgetRatio: 0.2, budgetMin: 3 },
    upstream: { maxConnectionsPerNode: 256, maxIdlePerNode: 64, idleMs: 4000 },
    probe: {
      type: 'off',
      path: '/version',
      intervalMs: 2000,
      timeoutMs: 1000,
      rise: 2,
      fall: 3,
      expect: [{ from: 200, to: 299 }]
    },
    ...overrides
  }
}

export function config (pools: readonly PoolConfig[], overrides: Partial<Config> = {}): Config {
  return {
    listen: [{ host: '127.0.0.1', port: 0 }],
    workers: 2,
    admin: { listen: { host: '127.0.0.1', port: 0 } },
    drainTimeoutMs: 1000,
    readinessDelayMs: 0,
    limits: {
      maxHeadBytes: 16_384,
      maxFields: 100,
      maxTargetBytes: 8192,
      headerTimeoutMs: 10_000,
      idleTimeoutMs: 75_000,
      bodyTimeoutMs: 60_000,
      writeTimeoutMs: 60_000,
      maxConnections: 10_000,
      maxConnectionsPerAddress: 0,
      tunnelIdleTimeoutMs: 3_600_000,
      lingerTimeoutMs: 1000,
      maxRequestsPerConnection: 0,
      maxFunctions: 10_000
    },
    trustedProxies: [],
    headers: { requestId: 'x-request-id', forwarded: 'x-forwarded', via: false },
    log: { level: 'info', access: 'errors', sampleRatio: 0.01, slowMs: 5000 },
    routes: [],
    ...(pools.length === 1 && { defaultPool: pools[0]!.name }),
    pools,
    ...overrides
  }
}
