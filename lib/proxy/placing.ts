/**
 * A call's way to a node: the lease on its place there, the wait when there is none, and what is learned when it ends.
 * The lease is given back exactly once, by `giveUp` or `end`; whoever waits leaves the queue by being placed, by being too
 * late, or by `end`.
 */
import type { Waiting } from '../core/fair-queue.ts'
import { Lease } from '../core/placement/lease.ts'
import { DECISIONS } from '../tables/counters.ts'
import type { Refusal } from '../tables/counters.ts'
import type { NodeView } from '../tables/snapshot.ts'
import type { Engine } from './engine.ts'
import type { RouteTarget } from './pool-runtime.ts'
import { SERVED_PER_END } from './waiting-room.ts'
import type { WaitingCall } from './waiting-room.ts'

export interface PlacingUser {
  /** There is a place at this node. @returns false when the node can not be used after all: the search goes on */
  onPlaced (node: NodeView): boolean
  onUnplaced (refusal: Refusal): void
}

export class Placing implements WaitingCall {
  readonly lease = new Lease()
  /** Milliseconds spent in the queue. */
  queueMs = 0
  readonly #engine: Engine
  readonly #target: RouteTarget
  readonly #user: PlacingUser
  #waiting: Waiting<WaitingCall> | null = null
  #enteredMs = 0
  /** When it is too late, counted from the first wait; 0 = it has not waited yet. */
  #deadlineMs = 0
  #patience: NodeJS.Timeout | null = null

  constructor (engine: Engine, target: RouteTarget, user: PlacingUser) {
    this.#engine = engine
    this.#target = target
    this.#user = user
  }

  /** Looks for a place; the user hears of it, now or later. */
  seek (): void {
    const { key, kind } = this.#target
    this.lease.mayWait = key !== '' && kind === 'call' && this.mayWait
    if (this.#tryPlace()) return
    const { noPlace } = this.lease
    const isFull = noPlace === 'all_nodes_full' || noPlace === 'instance_expected'
    if (isFull && this.mayWait) this.#wait()
    else this.#user.onUnplaced(isFull ? 'all_nodes_full' : noPlace === 'all_tried' ? 'all_nodes_full' : 'no_eligible_node')
  }

  /** @returns whether the search is over */
  #tryPlace (): boolean {
    const { pool, key, kind } = this.#target
    for (;;) {
      const index = pool.placement.place(this.lease, key, kind, this.#engine.nowMs())
      if (index < 0) return false
      this.#engine.counters.decision(pool.index, DECISIONS.indexOf(this.lease.reason))
      if (this.#user.onPlaced(pool.placement.pool.nodes[index]!)) return true
      pool.placement.giveUp(this.lease)
    }
  }

  /** Whether calls of this pool wait for a place. */
  get mayWait (): boolean {
    return this.#target.pool.view.queue.total > 0
  }

  /** Every runner that was asked is busy: begins again, from the first candidate, when there may be room. */
  waitForRoom (): void {
    this.lease.reset()
    this.#wait()
  }

  #wait (): void {
    const { pool, key } = this.#target
    const now = this.#engine.nowMs()
    if (this.#deadlineMs === 0) this.#deadlineMs = now + pool.view.queue.deadlineMs
    this.#waiting = now >= this.#deadlineMs ? null : pool.room.enter(key, this, now, this.#deadlineMs)
    if (this.#waiting === null) {
      pool.placement.stopWaiting(this.lease)
      this.#user.onUnplaced(now >= this.#deadlineMs ? 'queue_timeout' : 'queue_full')
      return
    }
    this.#enteredMs = now
    this.#engine.counters.add('queued', 1, pool.index)
    if (this.lease.isWaiting) this.#patience = setTimeout(() => { this.#onPatienceOver() }, this.lease.waitMs)
  }

  /** Waiting for an instance has cost as much as starting one: any place will do now. */
  #onPatienceOver (): void {
    const waiting = this.#waiting
    this.lease.mayWait = false
    if (waiting !== null && this.tryAgain()) this.#target.pool.room.leave(waiting)
  }

  tryAgain (): boolean {
    const waiting = this.#waiting
    if (waiting === null) return true
    if (!this.#tryPlace()) return false
    this.#leave()
    return true
  }

  onTooLate (): void {
    this.#leave()
    this.#target.pool.placement.stopWaiting(this.lease)
    this.#user.onUnplaced('queue_timeout')
  }

  #leave (): void {
    this.#waiting = null
    this.queueMs += this.#engine.nowMs() - this.#enteredMs
    if (this.#patience !== null) clearTimeout(this.#patience)
    this.#patience = null
  }

  /** The attempt led to nothing; the node is not asked again. @param wasReceived it refused the call as busy */
  giveUp (wasReceived: boolean): void {
    this.#target.pool.placement.giveUp(this.lease, wasReceived)
  }

  /** The runner has answered the call completely, and the client took it as fast as it came. */
  learn (latencyMs: number): void {
    const { pool, key } = this.#target
    if (key === '' || this.lease.slot < 0) return
    const { nodes, outcome } = this.#engine
    const { slot } = this.lease
    outcome.latencyMs = latencyMs
    outcome.crowding = nodes.inFlight(slot) / Math.max(1, nodes.capacity(slot))
    pool.placement.learn(this.lease, outcome, this.#engine.nowMs())
  }

  /** The call has ended, however. */
  end (): void {
    const { pool, key } = this.#target
    if (this.#waiting !== null) {
      pool.room.leave(this.#waiting)
      this.#leave()
      pool.placement.stopWaiting(this.lease)
    }
    pool.placement.release(this.lease)
    if (pool.room.size > 0) pool.room.serve(key, SERVED_PER_END)
  }
}
