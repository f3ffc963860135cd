/** Shared pieces of the control thread's integration tests. */
import { request } from 'node:http'
import type { EngineSettings } from '../../../lib/proxy/protocol.ts'
import { Supervisor, type SupervisorOptions } from '../../../lib/control/supervisor.ts'
import { Counters } from '../../../lib/tables/counters.ts'
import { LoadTable } from '../../../lib/tables/load-table.ts'
import { NodeTable } from '../../../lib/tables/node-table.ts'
import { LogKeeper } from '../../support/log-keeper.ts'
import type { Snapshot } from '../../../lib/tables/snapshot.ts'

export const FAKE_THREAD = new URL('./fake-thread.js', import.meta.url)

export const SETTINGS: EngineSettings = {
  limits: {
    maxHeadBytes: 16384,
    maxFields: 100,
    maxTargetBytes: 8192,
    headerTimeoutMs: 10_000,
    idleTimeoutMs: 65_000,
    bodyTimeoutMs: 60_000,
    writeTimeoutMs: 60_000,
    maxConnections: 1000,
    maxConnectionsPerAddress: 0,
    tunnelIdleTimeoutMs: 60_000,
    lingerTimeoutMs: 1000,
    maxRequestsPerConnection: 0,
    maxFunctions: 1000
  },
  trustedProxies: [],
  headers: { requestId: '', forwarded: 'off', via: false },
  accessLog: { mode: 'off', sampleRatio: 0, slowMs: 0 }
}

export function emptySnapshot (generation: number): Snapshot {
  return { generation, pools: [], routes: [], defaultPool: -1 }
}

export interface Setup {
  readonly supervisor: Supervisor
  readonly log: LogKeeper
  readonly counters: Counters
  readonly nodeTable: NodeTable
  readonly cleared: number[]
  readonly lines: Array<{ lines: string, dropped: number }>
  port (index?: number): number
}

export async function startSupervisor (overrides: Partial<SupervisorOptions> = {}): Promise<Setup> {
  const threads = overrides.threads ?? 2
  const counters = new Counters(threads)
  const nodeTable = NodeTable.create(16, threads)
  nodeTable.setLimits(0, 10, 40)
  const log = new LogKeeper()
  const cleared: number[] = []
  const lines: Setup['lines'] = []
  const supervisor = await Supervisor.start({
    instance: 'test',
    entry: FAKE_THREAD,
    threads,
    listen: [{ host: '127.0.0.1', port: 0 }],
    settings: SETTINGS,
    snapshot: emptySnapshot(1),
    nodeTable,
    counters,
    loads: LoadTable.create(4, threads),
    addresses: new SharedArrayBuffer(8),
    clearThread: (thread) => { cleared.push(thread) },
    log,
    onLog: (text, dropped) => { lines.push({ lines: text, dropped }) },
    backoff: { baseMs: 1, maxMs: 20 },
    ...overrides
  })
  return {
    supervisor, log, counters, nodeTable, cleared, lines, port: (index = 0) => supervisor.addresses[index]!.port
  }
}

export interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

/** One request on a connection of its own; rejects on any connection error. */
export function get (target: { port: number } | { socketPath: string }, path = '/', options: {
  method?: string, headers?: Record<string, string>
} = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', ...target, path, agent: false, ...options }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
    outgoing.on('error', reject).end()
  })
}

/** Asks on new connections until each of `threads` threads has answered; the kernel decides who accepts. */
export async function answeringThreads (port: number, threads: number): Promise<Set<string>> {
  const seen = new Set<string>()
  for (let round = 0; seen.size < threads && round < 100; round++) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => get({ port })))
    for (const { body } of answers) seen.add(body)
  }
  return seen
}
