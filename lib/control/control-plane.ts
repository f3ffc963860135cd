/**
 * The state of the control thread: the shared tables, the nodes, what is published, and whether we are ready. The admin
 * server and the metrics read it; the daemon moves it through its phases.
 *
 * Readiness says whether *this process* can serve, never whether the nodes can: with no healthy node it stays ready and
 * answers 503 itself, since failing readiness everywhere would turn an outage of the runners into refused connections.
 */
import type { Config, PoolConfig } from '../config/config.ts'
import { learnFailure } from '../core/learn.ts'
import { DEFAULT_PROBE_SCHEDULE } from '../core/probe-schedule.ts'
import type { MetricsSource, NodeFacts, NodeState, PoolFacts, ThreadFacts } from '../metrics/source.ts'
import { AddressTable } from '../tables/address-table.ts'
import { Counters } from '../tables/counters.ts'
import type { HotTable } from '../tables/hot-table.ts'
import { LoadTable } from '../tables/load-table.ts'
import { NodeTable } from '../tables/node-table.ts'
import { AdminRequests } from './admin-requests.ts'
import type { Log } from './log-port.ts'
import { MAX_NODES, NodeRegistry } from './node-registry.ts'
import type { NodeRecord } from './node-registry.ts'
import type { Check } from './probe-check.ts'
import { Probes } from './probes.ts'
import type { ProbeSettings } from './probes.ts'
import { Publisher } from './publish.ts'
import type { Published, PublishedPool } from './publish.ts'
import type { Supervisor } from './supervisor.ts'

export type Phase = 'starting' | 'running' | 'draining'

export interface ControlPlaneOptions {
  readonly version: string
  readonly threads: number
  /** 32 random bits, so that clients can not choose addresses that share a cell of the address table. */
  readonly addressSeed: number
  readonly logger: Log
  /** Log lines that the log's destination could not take. */
  droppedLines? (): number
  readonly maxNodes?: number
  readonly check?: Check
}

export class ControlPlane implements MetricsSource {
  readonly version: string
  readonly startedMs = Date.now()
  readonly counters: Counters
  readonly nodeTable: NodeTable
  readonly loads: LoadTable
  readonly addresses: AddressTable
  readonly addressBuffer: SharedArrayBuffer
  readonly registry: NodeRegistry
  readonly probes: Probes
  readonly admin = new AdminRequests()
  readonly #droppedLines: () => number
  readonly #publisher: Publisher
  #phase: Phase = 'starting'
  #published: Published = { snapshot: { generation: 0, pools: [], routes: [], defaultPool: -1 }, pools: [] }
  #supervisor: Supervisor | undefined
  /** Pools whose nodes have all been probed once. A node added later does not take readiness back. */
  readonly #probed = new Set<string>()

  constructor (options: ControlPlaneOptions) {
    const { version, threads, addressSeed, logger, droppedLines = () => 0, maxNodes = MAX_NODES, check } = options
    this.version = version
    this.#droppedLines = droppedLines
    this.counters = new Counters(threads)
    this.nodeTable = NodeTable.create(maxNodes, threads)
    this.loads = LoadTable.create(maxNodes, threads)
    this.addressBuffer = new SharedArrayBuffer(AddressTable.bytes(threads))
    this.addresses = new AddressTable(this.addressBuffer, threads, addressSeed)
    this.registry = new NodeRegistry(this.nodeTable, {
      // What it had warm and what it said is void, and what its place is given to next must not inherit it.
      onGone: (slot) => { for (const hot of this.#publisher.hotTables()) learnFailure({ loads: this.loads, hot }, slot, sharedNowMs()) },
      onFreed: (slot) => { this.loads.resetSlot(slot) }
    })
    this.#publisher = new Publisher(this.registry)
    this.probes = new Probes({ registry: this.registry, log: logger, ...(check !== undefined && { check }) })
  }

  get phase (): Phase { return this.#phase }
  get published (): Published { return this.#published }
  get generation (): number { return this.#published.snapshot.generation }
  get supervisor (): Supervisor | undefined { return this.#supervisor }
  get logLinesDropped (): number { return this.#droppedLines() }
  get isReady (): boolean { return this.notReady().length === 0 }

  /**
   * Publishes a configuration: nodes, rings and probes follow it, and so do the data threads if there are any.
   * @throws RangeError when it has more pools or nodes than the tables hold.
   */
  publish (config: Config): Published {
    this.reclaim()
    const before = this.#published.pools
    this.#published = this.#publisher.publish(config, Date.now())
    for (const { config: { name } } of before) {
      if (!config.pools.some((pool) => pool.name === name)) this.probes.remove(name)
    }
    for (const pool of config.pools) {
      const settings = probeSettings(pool)
      if (settings === undefined) this.probes.remove(pool.name)
      else this.probes.sync(pool.name, settings)
    }
    this.#supervisor?.publish(this.#published.snapshot)
    return this.#published
  }

  /** Gives slots of nodes that have left to others, as far as no data thread can use them any more. */
  reclaim (): void {
    this.registry.reclaim(this.#supervisor?.appliedGeneration ?? this.generation)
  }

  /** Gives back what a dead data thread held in the shared tables, its leases excepted (see the supervisor). */
  clearThread (thread: number): void {
    this.addresses.clearThread(thread)
    this.loads.releaseThread(thread)
    for (const hot of this.#publisher.hotTables()) hot.releaseThread(thread)
  }

  /** What is warm where in a pool that is or was published. */
  hotTable (pool: string): HotTable | undefined {
    return this.#publisher.hotTable(pool)
  }

  /** The data threads listen. */
  running (supervisor: Supervisor): void {
    this.#supervisor = supervisor
    this.#phase = 'running'
  }

  /** Readiness fails from now on. */
  draining (): void {
    this.#phase = 'draining'
  }

  /** Why this process should get no new clients; empty = it is ready. */
  notReady (): string[] {
    if (this.#phase === 'draining') return ['draining']
    if (this.#phase === 'starting') return ['starting']
    const reasons = this.#supervisor?.isListening === true ? [] : ['no data thread listens']
    for (const { config: { name } } of this.#published.pools) {
      if (this.#probed.has(name)) continue
      if (this.probes.hasFirstResults(name)) this.#probed.add(name)
      else reasons.push(`pool ${name}: not all nodes have been probed once`)
    }
    return reasons
  }

  pools (): PoolFacts[] {
    return this.#published.pools.map((pool) => {
      const probes = this.probes.facts(pool.config.name)
      return {
        name: pool.config.name,
        index: pool.view.index,
        nodes: this.#nodeFacts(pool),
        ringPoints: pool.ring.image.positions.length,
        ringDigest: pool.ring.image.digest,
        ringChanges: pool.ringChanges,
        ...(probes !== undefined && { probes })
      }
    })
  }

  threads (): ThreadFacts[] { return this.#supervisor?.status() ?? [] }

  adminRequests () { return this.admin.counts() }

  #nodeFacts ({ config, view, ring, shares }: PublishedPool): NodeFacts[] {
    const total = ring.nodes.reduce((sum, { capacity }) => sum + capacity, 0)
    return view.nodes.map(({ id, slot }, index) => ({
      id,
      slot,
      state: nodeState(this.registry.get(config.name, id)!),
      share: shares[index]!,
      target: total === 0 ? 0 : ring.nodes[index]!.capacity / total
    }))
  }
}

/** The clock of the shared tables (tables/ticks.ts). */
export function sharedNowMs (): number {
  return performance.timeOrigin + performance.now()
}

/** Both axes in one word: the operator's comes first. */
export function nodeState ({ admin, health }: NodeRecord): NodeState {
  return admin === 'ready' ? health.state : admin
}

function probeSettings ({ probe }: PoolConfig): ProbeSettings | undefined {
  if (probe.type === 'off') return undefined
  return {
    kind: probe.type === 'tcp' ? { type: 'tcp' } : { type: 'http', path: probe.path, expect: probe.expect },
    timeoutMs: probe.timeoutMs,
    thresholds: { rise: probe.rise, fall: probe.fall },
    schedule: { ...DEFAULT_PROBE_SCHEDULE, intervalMs: probe.intervalMs }
  }
}
