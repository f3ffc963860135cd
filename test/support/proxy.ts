/**
 * A data thread's engine inside the test's own process, in front of given nodes: the same code that a worker thread runs,
 * without the thread, so that a test can look at its tables.
 */
import type net from 'node:net'
import { buildRing } from '../../lib/core/ring.ts'
import { Engine } from '../../lib/proxy/engine.ts'
import { listen } from '../../lib/proxy/listener.ts'
import type { EngineSettings, FromThread, ListenAddress } from '../../lib/proxy/protocol.ts'
import { AddressTable } from '../../lib/tables/address-table.ts'
import { Counters, REFUSALS, NO_POOL } from '../../lib/tables/counters.ts'
import type { Refusal } from '../../lib/tables/counters.ts'
import { LoadTable } from '../../lib/tables/load-table.ts'
import { NODE_ELIGIBLE, NodeTable } from '../../lib/tables/node-table.ts'
import type { PoolView, Snapshot } from '../../lib/tables/snapshot.ts'

export interface ProxyOptions {
  /** Ports of runner nodes on 127.0.0.1, or objects. */
  readonly nodes: readonly (number | { readonly id?: string, readonly port: number, readonly cap?: number })[]
  readonly limits?: Partial<EngineSettings['limits']>
  readonly headers?: Partial<EngineSettings['headers']>
  readonly trustedProxies?: readonly string[]
  readonly accessLog?: Partial<EngineSettings['accessLog']>
  readonly pool?: Partial<Omit<PoolView, 'nodes' | 'ring' | 'index'>>
  readonly snapshot?: Partial<Pick<Snapshot, 'routes' | 'defaultPool'>>
  readonly listen?: Partial<ListenAddress>
}

export interface Proxy {
  readonly port: number
  readonly engine: Engine
  readonly table: NodeTable
  readonly counters: Counters
  readonly logLines: string[]
  /** How often something was refused for this reason, over all pools. */
  refused (reason: Refusal): number
  /** Calls in flight over all nodes. */
  inFlight (): number
  close (): Promise<void>
}

export const DEFAULT_SETTINGS: EngineSettings = {
  limits: {
    maxHeadBytes: 16 * 1024,
    maxFields: 100,
    maxTargetBytes: 8 * 1024,
    headerTimeoutMs: 10_000,
    idleTimeoutMs: 75_000,
    bodyTimeoutMs: 60_000,
    writeTimeoutMs: 60_000,
    tunnelIdleTimeoutMs: 3_600_000,
    lingerTimeoutMs: 2_000,
    maxConnections: 10_000,
    maxConnectionsPerAddress: 0,
    maxRequestsPerConnection: 0,
    maxFunctions: 10_000
  },
  trustedProxies: [],
  headers: { requestId: 'x-request-id', forwarded: 'x-forwarded', via: false },
  accessLog: { mode: 'off', sampleRatio: 0.01, slowMs: 5000 }
}

export async function startProxy (options: ProxyOptions): Promise<Proxy> {
  const table = NodeTable.create(64, 1)
  const counters = new Counters(1)
  const addresses = new SharedArrayBuffer(AddressTable.bytes(1))
  const logLines: string[] = []
  const given = options.nodes.map((node, index) => {
    const { id, port, cap } = typeof node === 'number' ? { id: undefined, port: node, cap: undefined } : node
    return { id: id ?? `node-${index}`, port, cap: cap ?? 64 }
  })
  const { image, nodes } = buildRing(given.map(({ id }) => ({ id, capacity: 16 })))
  const views = nodes.map((member, slot) => {
    const { port, cap } = given.find(({ id }) => id === member.id)!
    table.setLimits(slot, 16, cap)
    table.setState(slot, NODE_ELIGIBLE)
    return { id: member.id, host: '127.0.0.1', port, slot }
  })
  const pool: PoolView = {
    index: 0,
    name: 'fn',
    nodes: views,
    ring: image,
    policy: 'consistent-hash',
    queue: { perFunction: 100, total: 0, deadlineMs: 5000, rule: 'round-robin' },
    keyRules: [{ kind: 'fn' }],
    missingKey: 'least-request',
    api: { action: 'route', nodes: views.map((_view, index) => index) },
    timeouts: { connectMs: 1000, firstByteMs: 30_000, idleBodyMs: 30_000 },
    maxBodyBytes: 0,
    replayBytes: 64 * 1024,
    retry: { attempts: 3, budgetRatio: 0.2, budgetMin: 3 },
    upstream: { maxConnectionsPerNode: 256, maxIdlePerNode: 64, idleMs: 4000 },
    ...options.pool
  }
  const engine = new Engine({
    instance: 'test',
    thread: 0,
    threads: 1,
    listen: [],
    reusePort: false,
    settings: {
      limits: { ...DEFAULT_SETTINGS.limits, ...options.limits },
      headers: { ...DEFAULT_SETTINGS.headers, ...options.headers },
      trustedProxies: options.trustedProxies ?? [],
      accessLog: { ...DEFAULT_SETTINGS.accessLog, ...options.accessLog }
    },
    snapshot: { generation: 1, pools: [pool], routes: [], defaultPool: 0, ...options.snapshot },
    nodeTable: table.buffers,
    counters: counters.buffer,
    loads: LoadTable.create(64, 1).buffers,
    addresses
  }, (message: FromThread) => {
    if (message.type === 'log') logLines.push(...message.lines.split('\n').filter((line) => line !== ''))
  })
  const server: net.Server = await listen(engine, { host: '127.0.0.1', port: 0, ...options.listen }, false)
  const address = server.address()
  return {
    port: address === null || typeof address === 'string' ? 0 : address.port,
    engine,
    table,
    counters,
    logLines,
    refused: (reason) => counters.refusals(0, REFUSALS.indexOf(reason)) + counters.refusals(NO_POOL, REFUSALS.indexOf(reason)),
    inFlight: () => views.reduce((sum, { slot }) => sum + table.inFlight(slot), 0),
    close: async () => {
      server.close()
      for (const client of [...engine.clients]) client.cut()
      engine.stop()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
