/**
 * Placement: where a call goes, and the reservation of its place there, for one pool on one thread.
 *
 * A call takes the first candidate of the policy that is eligible, was not tried for this call, and still has room when
 * its place is reserved: looking and reserving are two steps, other threads come in between, and only the second
 * counts.
 * Invariants: a call never goes to an ineligible node, to one at its cap, or to one it was at before; a place given is
 * given back exactly once (lease.ts); `explain` runs the same steps and changes nothing that decides.
 */
import { hashKey } from '../hash.ts'
import { learnSpeed, judgeOutcome } from '../learn.ts'
import { HotView } from '../../tables/hot-view.ts'
import { tickOf } from '../../tables/ticks.ts'
import { reasonOf, record } from './explanation.ts'
import { leastRequest, leastRequestOfApi } from './least-request.ts'
import { policyFactory } from './registry.ts'
import { judge } from './verdict.ts'
import { View } from './view.ts'
import type { FunctionTable } from '../function-table.ts'
import type { CallOutcome } from '../learn.ts'
import type { HotCall } from '../../tables/hot-table.ts'
import type { LoadReport } from '../../tables/load-table.ts'
import type { NodeTable } from '../../tables/node-table.ts'
import type { PoolView } from '../../tables/snapshot.ts'
import type { Candidate, Explanation, PlacementKind, Trace } from './explanation.ts'
import type { Lease } from './lease.ts'
import type { PlacementPolicy } from './policy.ts'
import type { PlacementShared } from './view.ts'

export type { Candidate, Explanation, PlacementKind } from './explanation.ts'
export type { PlacementShared } from './view.ts'

export class Placement {
  readonly #view: View
  readonly #unkeyed: PlacementPolicy
  readonly #api: PlacementPolicy
  readonly #known = new HotView()
  readonly #call: HotCall = { slot: -1, idle: -1, wasStart: false, execUs: 0, initUs: 0 }
  #keyed: PlacementPolicy

  /**
   * @param thread the caller's row in the shared tables.
   * @param maxFunctions bound of the functions remembered.
   * @throws RangeError if the pool names a policy that does not exist.
   */
  constructor (pool: PoolView, table: NodeTable, thread: number, maxFunctions: number, shared: PlacementShared = {}) {
    this.#view = new View(pool, table, thread, maxFunctions, shared)
    this.#keyed = policyFactory(pool.policy)(this.#view)
    this.#unkeyed = leastRequest(this.#view)
    this.#api = leastRequestOfApi(this.#view)
  }

  get pool (): PoolView {
    return this.#view.pool
  }

  /** What is remembered of functions; for its gauges. */
  get functions (): FunctionTable {
    return this.#view.functions
  }

  /**
   * Goes over to the pool's next snapshot. Leases held stay good.
   * @throws RangeError if it names a policy that does not exist; nothing is changed then.
   */
  update (pool: PoolView): void {
    const view = this.#view
    const previous = view.pool
    // Throws before anything is changed.
    const factory = policyFactory(pool.policy)
    view.update(pool)
    if (pool.policy !== previous.policy) this.#keyed = factory(view)
    else this.#keyed.refresh()
    this.#unkeyed.refresh()
    this.#api.refresh()
  }

  /**
   * Places a call and counts it in.
   * @param key the function key; '' = none, balanced by least request.
   * @param nowMs milliseconds of the clock that all threads share (ticks.ts).
   * @returns the node as an index into the pool's nodes, with `lease.reason`; or -1, with `lease.noPlace`.
   * @throws Error if the lease still holds a place.
   */
  place (lease: Lease, key: string, kind: PlacementKind = 'call', nowMs = 0): number {
    if (lease.slot >= 0) throw new Error('a call was placed twice: release or give up its lease first')
    return this.#decide(lease, key, kind, nowMs, null)
  }

  /**
   * A load report came in a response head or a refusal of the lease's node.
   * @returns false if it was dropped
   */
  report (lease: Lease, report: LoadReport, nowMs: number): boolean {
    const { slot } = lease
    if (slot < 0) return false
    const { loads, table, thread } = this.#view
    return loads.report(thread, slot, report, table.inFlight(slot), tickOf(nowMs), false)
  }

  /**
   * The call was answered: learns from it. Call it at most once for a placed call, before `release`.
   * @returns whether it was cold, told or inferred; false also for calls without a key.
   */
  learn (lease: Lease, outcome: CallOutcome, nowMs: number): boolean {
    if (lease.slot < 0 || !lease.isCounted) return false
    const { hot, loads, flights, thread, tuning } = this.#view
    const { high, low, slot, isStart } = lease
    const call = this.#call
    const tick = tickOf(nowMs)
    hot.read(this.#known, high, low, tick, lease.page)
    const wasCold = judgeOutcome(outcome, isStart, this.#known, hot, call)
    call.slot = slot
    hot.countEnded(thread, high, low, call, tick, lease.page)
    flights.end(lease.entry, low, isStart)
    lease.isCounted = false
    if (tuning.learnsSpeed && !wasCold) learnSpeed(loads, slot, call.execUs, this.#known.execUs)
    this.#keyed.answered?.()
    return wasCold
  }

  /** The call at the lease's node has ended. Does nothing, and says false, if the lease holds no place. */
  release (lease: Lease): boolean {
    const slot = lease.slot
    if (slot < 0) return false
    lease.slot = -1
    this.#view.table.release(this.#view.thread, slot)
    if (lease.isCounted) this.#forget(lease)
    return true
  }

  /** A call that ended without an answer: nothing is learned, but it is under way no more. */
  #forget (lease: Lease): void {
    const { hot, flights, thread, tick } = this.#view
    const { high, low, isStart } = lease
    lease.isCounted = false
    flights.end(lease.entry, low, isStart)
    if (!isStart) return
    const call = this.#call
    call.slot = -1
    call.wasStart = true
    call.execUs = 0
    call.initUs = 0
    hot.countEnded(thread, high, low, call, tick, lease.page)
  }

  /**
   * The attempt failed there: gives the place back and keeps the call from that node, so that `place` goes on to the
   * next.
   * @param wasReceived the node has seen the call: it refused it as busy.
   */
  giveUp (lease: Lease, wasReceived = false): boolean {
    if (lease.slot < 0) return false
    if (!wasReceived) this.#view.loads.countUnsent(this.#view.thread, lease.slot)
    lease.exclude(lease.slot)
    return this.release(lease)
  }

  /**
   * The node refused a conditional dispatch: gives the place back, and the node stays a candidate, to be judged by what
   * it said with its refusal.
   */
  refused (lease: Lease): boolean {
    if (lease.slot < 0) return false
    lease.refusals++
    return this.release(lease)
  }

  /** A lease that was told to wait does so no more, and is not placed either: its client left or its time is over. */
  stopWaiting (lease: Lease): void {
    if (!lease.isWaiting) return
    lease.isWaiting = false
    this.#view.flights.stopWaiting(lease.entry, lease.low)
  }

  /**
   * What `place` would do now, with every candidate up to `limit` and why it was passed over. Counts nothing in; but
   * the function is then known to this table as if it had been called.
   * @param lease only its tried nodes, and whether it may wait, are looked at.
   */
  explain (lease: Lease, key: string, kind: PlacementKind = 'call', limit = Infinity, nowMs = 0): Explanation {
    const candidates: Candidate[] = []
    const policy = this.#policyOf(key, kind)
    const trace: Trace = { candidates, limit, node: -1, reason: 'no_eligible_node' }
    this.#decide(lease, key, kind, nowMs, trace)
    return {
      policy: policy.name,
      key,
      hash: key === '' ? null : hashKey(key),
      node: trace.node,
      reason: trace.reason,
      candidates
    }
  }

  #policyOf (key: string, kind: PlacementKind): PlacementPolicy {
    if (kind === 'api') return this.#api
    return key === '' ? this.#unkeyed : this.#keyed
  }

  #decide (lease: Lease, key: string, kind: PlacementKind, nowMs: number, trace: Trace | null): number {
    const view = this.#view
    const { table, thread, slots, functions, flights } = view
    view.nowMs = nowMs
    view.tick = tickOf(nowMs)
    const policy = this.#policyOf(key, kind)
    const entry = key === '' || kind === 'api' ? -1 : functions.lookup(key)
    // Who waits and asks again is the first of its function in the queue.
    const ahead = lease.isWaiting || entry < 0 ? 0 : flights.waiting(entry)
    let full = false
    let tried = false
    let waits = false
    policy.begin(entry, ahead)
    for (let node = policy.next(), isFirst = true; node >= 0; node = policy.next(), isFirst = false) {
      const slot = slots[node]!
      let verdict = judge(table, slot, lease.hasTried(slot))
      // Full by what the node reports, though not by our own count.
      if (verdict === 'take' && policy.score === Infinity) verdict = 'at_cap'
      if (isFirst && verdict === 'take' && lease.mayWait && entry >= 0) {
        const waitMs = policy.wait?.() ?? 0
        waits = waitMs > 0
        if (waits && trace === null) return this.#wait(lease, entry, waitMs)
      }
      if (trace === null) {
        if (verdict === 'take') {
          if (table.tryAcquire(thread, slot)) {
            this.#take(lease, entry, node, slot, policy, kind)
            return node
          }
          verdict = 'at_cap'
        }
      } else if (!record(trace, view, policy, node, verdict, lease, kind, waits)) return -1
      if (verdict === 'at_cap') full = true
      else if (verdict === 'tried') tried = true
      // Scores never fall: nobody behind this one can take the call either, and what to say is settled.
      if (full && trace === null && policy.score === Infinity) break
    }
    const noPlace = waits ? 'instance_expected' : full ? 'all_nodes_full' : tried ? 'all_tried' : 'no_eligible_node'
    if (trace === null) {
      this.stopWaiting(lease)
      lease.node = -1
      lease.noPlace = noPlace
    } else if (trace.node < 0) trace.reason = noPlace
    return -1
  }

  #wait (lease: Lease, entry: number, waitMs: number): number {
    if (!lease.isWaiting) {
      lease.isWaiting = true
      lease.entry = entry
      lease.low = this.#view.functions.low(entry)
      this.#view.flights.wait(entry)
    }
    lease.waitMs = waitMs
    lease.node = -1
    lease.noPlace = 'instance_expected'
    return -1
  }

  /** The place is reserved: notes who goes where. */
  #take (lease: Lease, entry: number, node: number, slot: number, policy: PlacementPolicy, kind: PlacementKind): void {
    const { loads, hot, functions, flights, thread, tick, nowMs } = this.#view
    this.stopWaiting(lease)
    lease.node = node
    lease.slot = slot
    lease.noPlace = ''
    lease.reason = reasonOf(lease, policy, kind)
    lease.entry = entry
    lease.sentMs = nowMs
    lease.expectsWarm = false
    lease.isCounted = entry >= 0
    // Before the call itself is counted in as sent.
    lease.maxLoad = policy.maxLoad ?? 0
    loads.countSent(thread, slot)
    policy.placed(node)
    if (entry < 0) {
      lease.low = 0
      return
    }
    const high = functions.high(entry)
    const low = functions.low(entry)
    const page = hot.countSent(thread, high, low, slot, tick, functions.page(entry))
    functions.setPage(entry, page)
    lease.high = high
    lease.low = low
    lease.page = page
    lease.isStart = !hot.tookIdle
    lease.expectsWarm = hot.tookIdle
    flights.begin(entry, lease.isStart, nowMs)
  }
}
