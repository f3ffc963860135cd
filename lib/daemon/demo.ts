/**
 * `fnlb serve --demo`: starts runner nodes of our own and puts them into the configuration as one more pool.
 */
import type { Config, PoolConfig } from '../config/config.ts'
import type { DemoPool } from '../demo/demo-pool.ts'

/** Instances that each demo node may run at once. */
const CAPACITY = 8
const NODES = 3

/**
 * A pool with all defaults. Written out instead of taken from the schema, because that needs zod, and the daemon would
 * keep its 12 MB for good; a test holds the two together.
 */
const POOL_DEFAULTS: Omit<PoolConfig, 'name' | 'nodes'> = {
  policy: 'hot',
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
    type: 'http',
    path: '/version',
    intervalMs: 2000,
    timeoutMs: 1000,
    rise: 2,
    fall: 3,
    expect: [{ from: 200, to: 299 }]
  }
}

export interface Demo {
  readonly config: Config
  readonly pool: string
  readonly runners: DemoPool
}

/** @throws DemoError when a node does not start; then none is left running. */
export async function startDemo (config: Config): Promise<Demo> {
  const { startDemoPool } = await import('../demo/demo-pool.ts')
  const runners = await startDemoPool({ nodes: NODES, maxInstances: CAPACITY, truth: true })
  const pool = demoPool(config, runners.nodes.map(({ nodeId, address }) => ({ id: nodeId, address })))
  return {
    config: { ...config, defaultPool: config.defaultPool ?? pool.name, pools: [...config.pools, pool] },
    pool: pool.name,
    runners
  }
}

/** The pool of the demo runners: `fn`, or `demo` beside a pool of that name. */
export function demoPool (
  config: Pick<Config, 'pools'>, runners: ReadonlyArray<{ readonly id: string, readonly address: string }>
): PoolConfig {
  const isTaken = config.pools.some(({ name }) => name === 'fn')
  return {
    ...POOL_DEFAULTS,
    name: isTaken ? 'demo' : 'fn',
    nodes: runners.map(({ id, address }) => {
      const colon = address.lastIndexOf(':')
      return {
        id,
        host: address.slice(0, colon),
        port: Number(address.slice(colon + 1)),
        capacity: CAPACITY,
        cap: CAPACITY * POOL_DEFAULTS.capFactor
      }
    })
  }
}

/** What a person at a terminal wants to know next. */
export function demoText (options: {
  readonly version: string
  readonly url: string
  readonly adminUrl?: string
  readonly pool: string
  readonly nodes: number
}): string {
  const { version, url, adminUrl, pool, nodes } = options
  const lines = [
    '',
    `fnlb ${version} is ready: ${url} in front of ${nodes} demo runners (real functions, each in a process of its own)`,
    '',
    `  call a function       curl -d '{"name":"you"}' ${url}/invoke/hello`,
    `  see who answered      curl -si -d hi ${url}/invoke/echo | grep -i ^demo-`,
    `  by its trigger        curl ${url}/t/demo/hello`
  ]
  if (adminUrl?.startsWith('http') === true) {
    lines.push(
      `  where would it go     curl '${adminUrl}/v1/pools/${pool}/route?path=/invoke/hello'`,
      `  status                curl ${adminUrl}/v1/status`,
      `  metrics               curl ${adminUrl}/metrics`)
  }
  lines.push('  stop                  Ctrl-C', '')
  return `${lines.join('\n')}\n`
}
