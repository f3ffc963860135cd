/**
 * The node table: what every data thread must know of every runner node at the moment of a decision.
 *
 * A node has a *slot* for as long as it is known; slots are given out by the control thread. State and capacity have one
 * writer (the control thread), in-flight counts have one row per data thread (see rows.ts), so they are exact over all
 * threads and survive the death of any of them.
 */
import { SharedRows } from './rows.ts'

/** Bits of a node's state word. A node takes calls when all three are set. */
export const NODE_PRESENT = 1
/** Set by probes: operational state up (or not known to be down). */
export const NODE_UP = 2
/** Set by the operator: administrative state ready. */
export const NODE_READY = 4
export const NODE_ELIGIBLE = NODE_PRESENT | NODE_UP | NODE_READY

export interface NodeTableBuffers {
  readonly maxNodes: number
  readonly threads: number
  readonly state: SharedArrayBuffer
  readonly limits: SharedArrayBuffer
  readonly inFlight: SharedArrayBuffer
}

const LIMIT_CELLS = 2

export class NodeTable {
  readonly maxNodes: number
  readonly threads: number
  readonly #state: Int32Array
  readonly #limits: Int32Array
  readonly #inFlight: SharedRows

  private constructor (buffers: NodeTableBuffers) {
    this.maxNodes = buffers.maxNodes
    this.threads = buffers.threads
    this.#state = new Int32Array(buffers.state)
    this.#limits = new Int32Array(buffers.limits)
    this.#inFlight = new SharedRows(buffers.threads, buffers.maxNodes, buffers.inFlight)
  }

  static create (maxNodes: number, threads: number): NodeTable {
    return new NodeTable({
      maxNodes,
      threads,
      state: new SharedArrayBuffer(maxNodes * 4),
      limits: new SharedArrayBuffer(maxNodes * LIMIT_CELLS * 4),
      inFlight: new SharedArrayBuffer(maxNodes * threads * 4)
    })
  }

  /** Opens the table that another thread made. */
  static from (buffers: NodeTableBuffers): NodeTable {
    return new NodeTable(buffers)
  }

  /** What to hand to another thread. */
  get buffers (): NodeTableBuffers {
    return {
      maxNodes: this.maxNodes,
      threads: this.threads,
      state: this.#state.buffer as SharedArrayBuffer,
      limits: this.#limits.buffer as SharedArrayBuffer,
      inFlight: this.#inFlight.buffer
    }
  }

  state (slot: number): number {
    return Atomics.load(this.#state, slot)
  }

  isEligible (slot: number): boolean {
    return (Atomics.load(this.#state, slot) & NODE_ELIGIBLE) === NODE_ELIGIBLE
  }

  /** Control thread only. */
  setState (slot: number, bits: number): void {
    Atomics.store(this.#state, slot, bits)
  }

  /** Control thread only. `capacity`: calls the node runs at once without slowing; `cap`: hard limit of calls in flight. */
  setLimits (slot: number, capacity: number, cap: number): void {
    Atomics.store(this.#limits, slot * LIMIT_CELLS, capacity)
    Atomics.store(this.#limits, slot * LIMIT_CELLS + 1, cap)
  }

  capacity (slot: number): number {
    return Atomics.load(this.#limits, slot * LIMIT_CELLS)
  }

  cap (slot: number): number {
    return Atomics.load(this.#limits, slot * LIMIT_CELLS + 1)
  }

  /** Calls in flight at the node, over all threads. */
  inFlight (slot: number): number {
    return this.#inFlight.sum(slot)
  }

  /**
   * For comparing candidates: calls in flight with one more, per unit of capacity; Infinity where no call may go now
   * (not eligible, or at its cap). By plain reads, so it may be a moment old: a placement rests on `tryAcquire`.
   */
  peekLoad (slot: number): number {
    const limits = this.#limits
    if ((this.#state[slot]! & NODE_ELIGIBLE) !== NODE_ELIGIBLE) return Infinity
    const inFlight = this.#inFlight.peek(slot)
    if (inFlight >= limits[slot * LIMIT_CELLS + 1]!) return Infinity
    // A node that states no capacity counts as one that runs a single call at once.
    return (inFlight + 1) / Math.max(1, limits[slot * LIMIT_CELLS]!)
  }

  // What follows is for comparing candidates as `peekLoad` is: plain reads, a moment old.

  peekInFlight (slot: number): number {
    return this.#inFlight.peek(slot)
  }

  /** Calls in flight at a node that may take one more; -1 at one that may not. */
  peekOpen (slot: number): number {
    if ((this.#state[slot]! & NODE_ELIGIBLE) !== NODE_ELIGIBLE) return -1
    const inFlight = this.#inFlight.peek(slot)
    return inFlight >= this.#limits[slot * LIMIT_CELLS + 1]! ? -1 : inFlight
  }

  peekIsEligible (slot: number): boolean {
    return (this.#state[slot]! & NODE_ELIGIBLE) === NODE_ELIGIBLE
  }

  peekCapacity (slot: number): number {
    return this.#limits[slot * LIMIT_CELLS]!
  }

  peekCap (slot: number): number {
    return this.#limits[slot * LIMIT_CELLS + 1]!
  }

  inFlightOf (thread: number, slot: number): number {
    return this.#inFlight.get(thread, slot)
  }

  /**
   * Counts one call in, unless the node is at its cap. Exact over threads without a lock: the caller first publishes its
   * own count and then reads the sum; of two callers racing for the last place at most one keeps it, so the cap is never
   * exceeded (both may step back, and go on to their next candidates).
   */
  tryAcquire (thread: number, slot: number): boolean {
    this.#inFlight.add(thread, slot, 1)
    if (this.#inFlight.sum(slot) <= this.cap(slot)) return true
    this.#inFlight.add(thread, slot, -1)
    return false
  }

  /** Counts one call out. The caller holds a lease from `tryAcquire`. */
  release (thread: number, slot: number): void {
    this.#inFlight.add(thread, slot, -1)
  }

  /** Gives back the leases of a dead thread. Control thread only. */
  releaseThread (thread: number): void {
    this.#inFlight.clearRow(thread)
  }

  /** Prepares a slot for another node. Control thread only, after all threads have let go of the old one. */
  resetSlot (slot: number): void {
    this.setState(slot, 0)
    this.setLimits(slot, 0, 0)
    this.#inFlight.clearColumn(slot)
  }
}
