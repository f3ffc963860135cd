/**
 * One simulated balancer: the product's own placement over its own tables, fed with what this balancer would hear at its
 * tier of information and nothing else. It adds no decision of its own.
 *
 * There is no network delay, so the only stale knowledge is what other balancers have done since a node last spoke to
 * this one; that is the knowledge the tiers are about.
 */
import { FairQueue } from '../core/fair-queue.ts'
import { observe, unknownHealth, DEFAULT_THRESHOLDS } from '../core/health.ts'
import {
  functionIdentity, learnDigestEnd, learnDigestEntry, learnFailure, learnProbe
} from '../core/learn.ts'
import { Placement } from '../core/placement/placement.ts'
import { RetryBudget } from '../core/retry-budget.ts'
import { HotTable } from '../tables/hot-table.ts'
import { LoadTable } from '../tables/load-table.ts'
import { NODE_ELIGIBLE, NODE_PRESENT, NODE_READY, NodeTable } from '../tables/node-table.ts'
import type { QueueLimits, Waiting } from '../core/fair-queue.ts'
import type { Health } from '../core/health.ts'
import type { CallOutcome, LearnTables } from '../core/learn.ts'
import type { LoadReport } from '../tables/load-table.ts'
import type { PoolView } from '../tables/snapshot.ts'
import type { Call } from './call.ts'
import type { Tier } from './contenders.ts'
import type { NodeModel } from './node-model.ts'
import type { Random } from './random.ts'

/** A simulated balancer has one data thread. */
const THREAD = 0

/** Simulated time begins here: no clock of a real balancer is ever at zero. */
const EPOCH_MS = 1_000_000

/** Conditional dispatches of one call; after that it is sent without a condition. */
export const MAX_REFUSALS = 2

export interface BalancerSetup {
  readonly index: number
  readonly pool: PoolView
  /** All nodes that there will ever be; a node's slot is its index. */
  readonly nodes: readonly NodeModel[]
  /** Function keys by index. */
  readonly keys: readonly string[]
  readonly tier: Tier
  readonly keepAliveS: number
  readonly queue: Partial<QueueLimits>
  readonly random: Random
}

/** What this balancer has taken over of a node's digest. */
interface DigestState {
  version: number
  boots: number
}

export class BalancerModel {
  readonly index: number
  readonly #tier: Tier
  readonly #tables: LearnTables
  readonly #placement: Placement
  readonly #budget: RetryBudget
  readonly #queue: FairQueue<Call>
  readonly #keys: readonly string[]
  readonly #identities: ReadonlyArray<{ readonly high: number, readonly low: number }>
  readonly #health: Health[]
  readonly #digests: DigestState[]
  readonly #report: LoadReport = { inFlight: NaN, lasting: NaN, capacity: NaN, received: NaN }
  readonly #outcome: CallOutcome = { latencyMs: 0, cold: null, execMs: NaN, initMs: NaN, idle: -1, crowding: 1 }

  constructor ({ index, pool, nodes, keys, tier, keepAliveS, queue, random }: BalancerSetup) {
    this.index = index
    this.#tier = tier
    this.#keys = keys
    this.#identities = keys.map(functionIdentity)
    const table = NodeTable.create(nodes.length, 1)
    this.#tables = {
      nodes: table,
      loads: LoadTable.create(nodes.length, 1),
      hot: HotTable.create(2 * keys.length, nodes.length, { keepAliveMs: keepAliveS * 1000 })
    }
    this.#placement = new Placement(pool, table, THREAD, 2 * keys.length,
      { loads: this.#tables.loads, hot: this.#tables.hot, random: () => random.next() })
    this.#budget = new RetryBudget(pool.retry.budgetRatio, pool.retry.budgetMin)
    this.#queue = new FairQueue(queue)
    this.#health = nodes.map(() => unknownHealth(0))
    this.#digests = nodes.map(() => ({ version: 0, boots: -1 }))
    for (const node of nodes) {
      table.setLimits(node.index, node.spec.cores, node.maxRunning)
      table.setState(node.index, node.isUp ? NODE_ELIGIBLE : NODE_PRESENT | NODE_READY)
    }
  }

  /** The pool has other members. */
  update (pool: PoolView): void {
    this.#placement.update(pool)
  }

  /** A call has come. */
  begin (): void {
    this.#budget.begin()
  }

  /** A call has ended, however. */
  end (): void {
    this.#budget.end()
  }

  /** Chooses a node; its index, or -1 with `call.lease.noPlace`. */
  place (call: Call, nowS: number): number {
    const node = this.#placement.place(call.lease, this.#keys[call.functionIndex]!, 'call', msOf(nowS))
    return node < 0 ? -1 : call.lease.slot
  }

  /** Whether the node, asked at the balancer's condition, would refuse the call. */
  isRefused (call: Call, node: NodeModel, nowS: number): boolean {
    const { lease } = call
    if (this.#tier !== 'T2' || lease.refusals >= MAX_REFUSALS) return false
    return (lease.expectsWarm && node.idle(call.functionIndex, nowS) === 0) ||
      (lease.maxLoad > 0 && node.inFlight > lease.maxLoad)
  }

  /** The node refused a conditional dispatch, and said why. */
  refused (call: Call, node: NodeModel, nowS: number): void {
    node.receivedFrom[this.index]!++
    this.#placement.report(call.lease, this.#reportOf(node, nowS), msOf(nowS))
    this.#placement.refused(call.lease)
    const { high, low } = this.#identities[call.functionIndex]!
    learnDigestEntry(this.#tables, node.index, high, low, node.idle(call.functionIndex, nowS), msOf(nowS))
  }

  /** Queues a call that got no place. @returns false if there is no room: it is shed */
  queue (call: Call, nowS: number): boolean {
    call.waiting = this.#queue.push(this.#keys[call.functionIndex]!, call, msOf(nowS))
    if (call.waiting === null) this.#placement.stopWaiting(call.lease)
    else call.waits++
    return call.waiting !== null
  }

  /** When the queue gives the call up. */
  deadlineS (call: Call): number {
    return secondsOf(call.waiting!.deadlineMs)
  }

  /** Takes a call out of the queue, placed or not. */
  unqueue (call: Call): void {
    this.#queue.remove(call.waiting!)
    call.waiting = null
    this.#placement.stopWaiting(call.lease)
  }

  /**
   * A call of the function has been answered, so there is an idle instance and some room: offers waiting calls to
   * `place`, which says whether it took them.
   */
  serve (functionIndex: number, place: (call: Call) => boolean): void {
    const queue = this.#queue
    if (queue.size === 0) return
    const key = this.#keys[functionIndex]!
    const own = queue.nextOf(key)
    if (own !== null && this.#offer(own, place) !== 'taken') return
    let last: Waiting<Call> | null = null
    for (let skips = queue.functions; skips > 0;) {
      const next = queue.next(key)
      // Rules without turns have nobody else to offer.
      if (next === null || next === last) return
      last = next
      const answer = this.#offer(next, place)
      if (answer === 'all_nodes_full') return
      if (answer === 'taken') continue
      queue.skip()
      skips--
    }
  }

  #offer (waiting: Waiting<Call>, place: (call: Call) => boolean): string {
    const { call } = waiting
    if (!place(call)) return call.lease.noPlace
    this.#queue.served(waiting)
    call.waiting = null
    return 'taken'
  }

  /** The node could not be reached. @returns whether another attempt may be made */
  unreachable (call: Call): boolean {
    this.#placement.giveUp(call.lease)
    if (!this.#budget.tryBeginRetry()) return false
    this.#budget.endRetry()
    return true
  }

  /** The node has answered. */
  answered (call: Call, node: NodeModel, nowS: number): void {
    const outcome = this.#outcome
    outcome.latencyMs = (nowS - call.sentS) * 1000
    if (this.#tier === 'none' || this.#tier === 'load') {
      outcome.crowding = this.#tables.nodes.inFlight(node.index) / node.spec.cores
    } else {
      this.#placement.report(call.lease, this.#reportOf(node, nowS), msOf(nowS))
      outcome.cold = call.isCold
      outcome.execMs = (nowS - call.runS) * 1000
      outcome.initMs = call.isCold ? (call.runS - call.begunS) * 1000 : NaN
      outcome.idle = node.idle(call.functionIndex, nowS)
      outcome.crowding = (node.inFlight + 1) / node.spec.cores
    }
    this.#placement.learn(call.lease, outcome, msOf(nowS))
    this.#placement.release(call.lease)
  }

  /** The node died with the call. */
  lost (call: Call): void {
    this.#placement.release(call.lease)
  }

  /** The result of a probe. */
  probed (node: NodeModel, nowS: number): void {
    const result = { ok: node.isUp, reason: node.isUp ? 'simulated: up' : 'simulated: refused' }
    const { health, flipped } = observe(this.#health[node.index]!, result, nowS * 1000, DEFAULT_THRESHOLDS)
    this.#health[node.index] = health
    if (flipped) {
      const isUp = health.state === 'up'
      this.#tables.nodes.setState(node.index, isUp ? NODE_ELIGIBLE : NODE_PRESENT | NODE_READY)
      if (!isUp) learnFailure(this.#tables, node.index, msOf(nowS))
    }
    if (!node.isUp || this.#tier === 'none') return
    learnProbe(this.#tables, node.index, this.#reportOf(node, nowS), msOf(nowS))
    if (this.#tier === 'T1' || this.#tier === 'T2') this.#readDigest(node, nowS)
  }

  /** A node tells that it has let an instance go; only for contenders that are told so. */
  letGo (node: NodeModel, functionIndex: number, nowS: number): void {
    const { high, low } = this.#identities[functionIndex]!
    learnDigestEntry(this.#tables, node.index, high, low, node.warm.idle[functionIndex]!, msOf(nowS))
  }

  health (node: number): Health {
    return this.#health[node]!
  }

  #readDigest (node: NodeModel, nowS: number): void {
    const state = this.#digests[node.index]!
    const nowMs = msOf(nowS)
    const isFull = state.boots !== node.boots
    node.warm.expire(nowS)
    node.warm.changedSince(isFull ? 0 : state.version, (functionIndex, idle) => {
      if (isFull && idle === 0) return
      const { high, low } = this.#identities[functionIndex]!
      learnDigestEntry(this.#tables, node.index, high, low, idle, nowMs)
    })
    learnDigestEnd(this.#tables, node.index, isFull, nowMs)
    state.version = node.warm.version
    state.boots = node.boots
  }

  #reportOf (node: NodeModel, nowS: number): LoadReport {
    const report = this.#report
    report.inFlight = node.inFlight
    report.lasting = node.smoothed(nowS)
    report.capacity = node.spec.cores
    report.received = node.receivedFrom[this.index]!
    return report
  }
}

function secondsOf (ms: number): number {
  return (ms - EPOCH_MS) / 1000
}

function msOf (nowS: number): number {
  return EPOCH_MS + nowS * 1000
}
