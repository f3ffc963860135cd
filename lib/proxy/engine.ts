/**
 * What all connections of one data thread share: parsers, pools, counters, clock. One engine per thread; nothing in it is
 * touched by another thread except through the shared tables.
 */
import { performance } from 'node:perf_hooks'
import { randomBytes } from 'node:crypto'
import type { CallOutcome } from '../core/learn.ts'
import { FieldSection } from '../http/field-section.ts'
import type { HeadLimits } from '../http/field-section.ts'
import { RequestHead } from '../http/request-head.ts'
import { RequestIds } from '../http/request-id.ts'
import { ResponseHead } from '../http/response-head.ts'
import { AddressTable } from '../tables/address-table.ts'
import { Counters, NO_POOL, ThreadCounters } from '../tables/counters.ts'
import { HotTable } from '../tables/hot-table.ts'
import { LoadTable } from '../tables/load-table.ts'
import { NodeTable } from '../tables/node-table.ts'
import type { NodeView, Snapshot } from '../tables/snapshot.ts'
import { AccessLog } from './access-log.ts'
import type { Client } from './client.ts'
import { Deadlines, SWEEP_INTERVAL_MS } from './deadlines.ts'
import type { Exchange } from './exchange.ts'
import { RequestText, ResponseText } from './message-text.ts'
import type { Peer } from './message-text.ts'
import { Names } from './names.ts'
import { PoolRuntime } from './pool-runtime.ts'
import type { EngineSettings, FromThread, ThreadInit } from './protocol.ts'
import type { Objection } from './request-facts.ts'
import { Router } from './router.ts'
import { TrustedPeers } from './trusted-peers.ts'
import { UpstreamPool } from './upstream.ts'
import type { UpstreamContext } from './upstream.ts'
import { refusalAnswer } from '../http/refusal.ts'

export class Engine implements UpstreamContext {
  readonly thread: number
  readonly settings: EngineSettings
  readonly headLimits: HeadLimits
  readonly requestHead: RequestHead
  readonly responseHead: ResponseHead
  /** Parser of request trailers. */
  readonly trailers: FieldSection
  readonly requestText: RequestText
  readonly responseText: ResponseText
  readonly counters: ThreadCounters
  readonly nodes: NodeTable
  readonly loads: LoadTable
  /** Memory for telling the placement how a call went. */
  readonly outcome: CallOutcome = { latencyMs: 0, cold: null, execMs: NaN, initMs: NaN, idle: -1, crowding: 0 }
  readonly addresses: AddressTable
  readonly trusted: TrustedPeers
  readonly deadlines = new Deadlines()
  readonly names = new Names()
  readonly clients = new Set<Client>()
  /** Name in Via: one daemon's own. */
  readonly viaName: string
  /** Pool index in counters where no pool is known. */
  readonly noPool = NO_POOL
  readonly random = Math.random
  /** Milliseconds as of the last sweep, plus one sweep, so that no deadline is early. */
  clock = performance.now() + SWEEP_INTERVAL_MS
  /** Every answer ends its connection from now on. */
  isClosing = false
  isDraining = false
  #router: Router
  #pools: PoolRuntime[] = []
  readonly #upstreams = new Map<number, UpstreamPool>()
  readonly #total: Counters
  readonly #ids = new RequestIds(randomBytes(16))
  readonly #accessLog: AccessLog
  readonly #sweep: NodeJS.Timeout
  #due: NodeJS.Immediate | undefined
  #httpDate = ''
  #httpDateUntil = 0

  constructor (init: ThreadInit, post: (message: FromThread) => void) {
    const { settings } = init
    this.thread = init.thread
    this.settings = settings
    this.headLimits = settings.limits
    this.requestHead = new RequestHead(settings.limits, settings.headers.requestId)
    this.responseHead = new ResponseHead(settings.limits, settings.headers.requestId)
    this.trailers = new FieldSection(settings.limits, settings.headers.requestId)
    this.viaName = `fnlb-${init.instance}`
    this.requestText = new RequestText(settings.headers, this.viaName)
    this.responseText = new ResponseText(settings.headers, this.viaName)
    this.counters = new ThreadCounters(init.counters, init.thread)
    this.#total = new Counters(init.threads, init.counters)
    this.nodes = NodeTable.from(init.nodeTable)
    this.loads = LoadTable.from(init.loads)
    this.addresses = new AddressTable(init.addresses, init.threads)
    this.trusted = new TrustedPeers(settings.trustedProxies)
    this.#accessLog = new AccessLog(settings.accessLog, this.random, post)
    this.#router = new Router(init.snapshot)
    this.apply(init.snapshot)
    this.#sweep = setInterval(() => { this.#tick() }, SWEEP_INTERVAL_MS)
    this.#sweep.unref()
  }

  /** Takes over a snapshot: pools that go on keep what they know, nodes that have left lose their idle connections. */
  apply (snapshot: Snapshot): void {
    const before = new Map(this.#pools.map((pool) => [pool.name, pool]))
    const { maxFunctions } = this.settings.limits
    this.#pools = snapshot.pools.map((view) => {
      const known = before.get(view.name)
      known?.update(view)
      return known ?? new PoolRuntime(view, this.nodes, this.thread, maxFunctions, {
        loads: this.loads, random: this.random, ...(view.hot !== undefined && { hot: HotTable.from(view.hot) })
      })
    })
    this.#router = new Router(snapshot)
    const present = new Map<number, string>()
    for (const view of snapshot.pools) {
      for (const node of view.nodes) {
        present.set(node.slot, addressOf(node))
        this.#upstreams.get(node.slot)?.update(view)
      }
    }
    for (const [slot, pool] of this.#upstreams) {
      if (present.get(slot) === addressOf(pool.node)) continue
      pool.retire()
      this.#upstreams.delete(slot)
    }
  }

  poolFor (host: string, path: string): PoolRuntime | null {
    const index = this.#router.poolOf(host, path)
    return index < 0 ? null : this.#pools[index] ?? null
  }

  upstreamsOf (node: NodeView, pool: PoolRuntime): UpstreamPool {
    const known = this.#upstreams.get(node.slot)
    if (known !== undefined) return known
    const made = new UpstreamPool(node, pool.view, this)
    this.#upstreams.set(node.slot, made)
    return made
  }

  /** Milliseconds of the clock that all threads share. */
  nowMs (): number {
    return performance.timeOrigin + performance.now()
  }

  nextRequestId (): string {
    return this.settings.headers.requestId === '' ? '' : this.#ids.next(Date.now())
  }

  /** IMF-fixdate, made once a second. */
  httpDate (): string {
    const now = Date.now()
    if (now >= this.#httpDateUntil) {
      this.#httpDate = new Date(now).toUTCString()
      this.#httpDateUntil = now - now % 1000 + 1000
    }
    return this.#httpDate
  }

  /** Client connections over all threads. */
  get totalClients (): number {
    return this.#total.sum('clientConnections')
  }

  addClient (client: Client, address: string): void {
    this.clients.add(client)
    this.deadlines.add(client)
    this.counters.add('connectionsAccepted')
    this.counters.add('clientConnections')
    this.addresses.add(this.thread, address, 1)
  }

  forgetClient (client: Client): void {
    if (!this.clients.delete(client)) return
    this.deadlines.remove(client)
    this.counters.add('clientConnections', -1)
    this.addresses.add(this.thread, client.peer.address, -1)
  }

  /** Books a call that has ended. */
  finished (exchange: Exchange, origin: 0 | 1, tunnelBytesIn: number): void {
    const { counters } = this
    const { pool } = exchange.target
    const durationMs = performance.now() - exchange.startMs
    const bytesIn = (exchange.body?.receivedBytes ?? 0) + tunnelBytesIn
    counters.add('clientRequestsInFlight', -1)
    counters.request(pool.index, exchange.status, origin)
    counters.observe('duration', pool.index, durationMs / 1000)
    if (exchange.placedMs >= 0) counters.observe('placed', pool.index, exchange.placedMs / 1000)
    if (bytesIn > 0) counters.add('bytesIn', bytesIn, pool.index)
    counters.add('bytesOut', exchange.bytesOut, pool.index)
    if (!this.#accessLog.wants(exchange.status, origin === 1, durationMs)) return
    const { facts } = exchange
    this.#accessLog.add({
      client: exchange.client.peer.address,
      requestId: facts.requestId,
      traceId: facts.traceId,
      method: facts.method,
      host: facts.host,
      path: facts.path,
      status: exchange.status,
      bytesIn,
      bytesOut: exchange.bytesOut,
      durationMs,
      pool: pool.name,
      node: exchange.nodeId,
      reason: exchange.reason,
      attempts: exchange.attempts,
      placedMs: exchange.placedMs,
      firstByteMs: exchange.firstByteMs,
      queueMs: exchange.placing.queueMs,
      error: exchange.refusal
    })
  }

  /** Books a request that never became a call. */
  refused (peer: Peer, objection: Objection): void {
    const { status } = refusalAnswer(objection.refusal)
    this.counters.refusal(objection.poolIndex, objection.refusal)
    this.counters.request(objection.poolIndex, status, 1)
    if (!this.#accessLog.wants(status, true, 0)) return
    const { facts } = objection
    this.#accessLog.add({
      client: peer.address,
      requestId: facts.requestId,
      traceId: facts.traceId,
      method: facts.method,
      host: facts.host,
      path: facts.path,
      status,
      bytesIn: 0,
      bytesOut: 0,
      durationMs: 0,
      pool: '',
      node: '',
      reason: '',
      attempts: 0,
      placedMs: -1,
      firstByteMs: -1,
      queueMs: 0,
      error: objection.refusal
    })
  }

  flushLog (): void {
    this.#accessLog.flush()
  }

  stop (): void {
    clearInterval(this.#sweep)
    clearImmediate(this.#due)
    this.names.close()
    for (const pool of this.#upstreams.values()) pool.retire()
    this.flushLog()
  }

  #tick (): void {
    const now = performance.now()
    // Behind what the sockets have to say: after a pause of the thread, what came in meanwhile is not late.
    this.#due = setImmediate(() => { this.deadlines.sweep(now) })
    this.clock = now + SWEEP_INTERVAL_MS
    const { counters } = this
    let known = 0
    let evicted = 0
    let waiting = 0
    for (const pool of this.#pools) {
      if (pool.room.size > 0) pool.room.sweep(this.nowMs())
      waiting += pool.room.size
      known += pool.placement.functions.size
      evicted += pool.placement.functions.evictions
    }
    counters.set('callsWaiting', waiting)
    counters.set('functionsKnown', known)
    counters.set('functionsEvicted', evicted)
    counters.set('logLinesDropped', this.#accessLog.droppedTotal)
    counters.set('heartbeat', Date.now())
    this.flushLog()
  }
}

function addressOf (node: NodeView): string {
  return `${node.host} ${node.port}`
}
