/**
 * A lease: one call's right to a place at a node, from the placement of the call until it has ended there.
 *
 * Exactly once without a closure per call: the lease remembers the slot it holds, giving it back sets the slot to -1,
 * and a lease that holds none can not be given back. The engine owns one lease per exchange and may use it again for
 * the next one on the same connection. What a dead thread held is given back by the control thread (`releaseThread`).
 */
import type { DecisionReason } from '../../tables/counters.ts'

/**
 * Why no place was given. `all_tried`: what could take the call has already been tried for it. `instance_expected`: an
 * instance of the function will be free sooner than another could be started; only for a lease that `mayWait`.
 */
export type NoPlace = 'no_eligible_node' | 'all_nodes_full' | 'all_tried' | 'instance_expected'

const NONE: readonly number[] = []

export class Lease {
  /**
   * Index into the nodes of the pool as it was when the call was placed; -1 = nowhere. Good until the next snapshot.
   */
  node = -1
  /** Column in the shared tables of the place held; -1 = none. Good for as long as it is held. Written by Placement. */
  slot = -1
  /** Why the call went where it went; only of meaning while a place is held. */
  reason: DecisionReason = 'home'
  /** Why the last `place` gave none. */
  noPlace: NoPlace | '' = ''
  /**
   * Set by who has a queue for calls without a place: the call may be told to wait for an instance that is busy or
   * being started. Whoever is told so (`instance_expected`, `isWaiting`) must place the lease again, once the function
   * has had a response or `waitMs` are over, or say `Placement.stopWaiting`.
   */
  mayWait = false
  /** Longest wait that costs less than a start; of meaning while `isWaiting`. Written by Placement. */
  waitMs = 0
  isWaiting = false
  /** Refusals of a conditional dispatch so far; counted by `Placement.refused`. */
  refusals = 0
  /** What a conditional dispatch may say: an idle instance is expected there, calls in flight at most there. */
  expectsWarm = false
  maxLoad = 0
  /** For Placement: the function (both halves of its hash, low 0 = none), its entry and page, and when it was sent. */
  high = 0
  low = 0
  entry = -1
  page = -1
  sentMs = 0
  /** For Placement: whether an instance was expected to be started, and whether that is still to be counted out. */
  isStart = false
  isCounted = false
  /** Slots, not indices: a retry may come after a change of the snapshot. */
  #tried: readonly number[] = NONE

  get isHeld (): boolean {
    return this.slot >= 0
  }

  /** How many different places were tried and excluded so far. */
  get triedCount (): number {
    return this.#tried.length
  }

  /** Whether this call must not be sent to that slot again. */
  hasTried (slot: number): boolean {
    return this.#tried !== NONE && this.#tried.includes(slot)
  }

  /** Excludes a slot from all further placements of this call. */
  exclude (slot: number): void {
    if (!this.hasTried(slot)) this.#tried = [...this.#tried, slot]
  }

  /**
   * Makes the lease ready for the next call.
   * @throws Error while it holds a place or waits, since that would be lost.
   */
  reset (): void {
    if (this.slot >= 0) throw new Error('a lease was reset while it held a place: release it first')
    if (this.isWaiting) throw new Error('a lease was reset while it waited: place it or stop waiting first')
    this.node = -1
    this.reason = 'home'
    this.noPlace = ''
    this.mayWait = false
    this.refusals = 0
    this.low = 0
    this.entry = -1
    this.page = -1
    this.#tried = NONE
  }
}
