/**
 * The load table: what the nodes last said of themselves, and what this balancer has sent them since (policy.md §5.1).
 *
 * Who writes what. A report may come in on any data thread (response header) or on the control thread (probe), so a
 * node's row has many writers; they exclude each other by a lock in the row. Who finds it taken drops its report: the
 * other one is as fresh. `sent` is one row per data thread, as in rows.ts.
 * Who reads. A decision reads by plain loads, without the lock: each field is one whole 32-bit number, so the worst it
 * can see is a field of the report before beside one of the report after, which is within the error of either.
 * Absence is "no sample", never zero: without a report, or when it has expired, load is what we count ourselves.
 */
import { SharedRows } from './rows.ts'
import { NEVER, ageOf, ticksIn } from './ticks.ts'

export interface LoadTableBuffers {
  readonly maxNodes: number
  readonly threads: number
  readonly reports: SharedArrayBuffer
  readonly sent: SharedArrayBuffer
}

/** What a node says of itself. NaN = not said; a report without `inFlight` says nothing about load. */
export interface LoadReport {
  /** Calls at the node now, of all balancers, after the call that carries the report. */
  inFlight: number
  /** The node's own average of that over some ten seconds; if not said it is formed here. */
  lasting: number
  /** Calls the node runs at once without slowing. */
  capacity: number
  /** Calls the node has received from this balancer so far; any origin, may wrap at 32 bits. */
  received: number
}

/** How long a report is good for. */
export interface ReportExpiry {
  /** What is in flight "now". */
  readonly momentaryTicks: number
  /** The lasting load, which stands in for the momentary one when that has expired. */
  readonly lastingTicks: number
}

export const DEFAULT_EXPIRY: ReportExpiry = { momentaryTicks: ticksIn(1000), lastingTicks: ticksIn(10_000) }

// Cells of a row.
const LOCK = 0
const AT = 1
const IN_FLIGHT = 2
/** In 1/65536 calls. */
const LASTING = 3
const PROBED = 4
const PROBED_AT = 5
const FLOOR = 6
/** Own calls sent that the report has counted. */
const BASE = 7
/** What to add to the node's count of received calls to get ours of sent ones. */
const OFFSET = 8
const CAPACITY = 9
/** ln of how much longer calls take here than elsewhere, in 1/65536. */
const SLOWNESS = 10
const FLAGS = 11
const CELLS = 12

const HAS_REPORT = 1
const HAS_PROBE = 2
const HAS_OFFSET = 4

const ONE = 65_536
/** Time constant of the average that is formed here: 10 s. */
const LASTING_TAU = ticksIn(10_000)
/** More than this in a report is no number of calls. */
const MAX_CALLS = 32_767
const MAX_CAPACITY = 1_000_000

export class LoadTable {
  readonly maxNodes: number
  readonly threads: number
  /** Results of the last `peek`. */
  momentary = 0
  lasting = 0
  readonly #cells: Int32Array
  readonly #sent: SharedRows

  private constructor (buffers: LoadTableBuffers) {
    this.maxNodes = buffers.maxNodes
    this.threads = buffers.threads
    this.#cells = new Int32Array(buffers.reports)
    this.#sent = new SharedRows(buffers.threads, buffers.maxNodes, buffers.sent)
  }

  static create (maxNodes: number, threads: number): LoadTable {
    return new LoadTable({
      maxNodes,
      threads,
      reports: new SharedArrayBuffer(maxNodes * CELLS * 4),
      sent: new SharedArrayBuffer(maxNodes * threads * 4)
    })
  }

  /** Opens the table that another thread made. */
  static from (buffers: LoadTableBuffers): LoadTable {
    return new LoadTable(buffers)
  }

  get buffers (): LoadTableBuffers {
    return {
      maxNodes: this.maxNodes,
      threads: this.threads,
      reports: this.#cells.buffer as SharedArrayBuffer,
      sent: this.#sent.buffer
    }
  }

  /** A call goes to the node. Own row of the thread. */
  countSent (thread: number, slot: number): void {
    this.#sent.bump(thread, slot, 1)
  }

  /** A call counted by `countSent` never reached the node. */
  countUnsent (thread: number, slot: number): void {
    this.#sent.bump(thread, slot, -1)
  }

  /** Calls sent by all threads, modulo 2^32. */
  sent (slot: number): number {
    return this.#sent.sum(slot) | 0
  }

  /**
   * Takes in a report.
   * @param writer the data thread's number; `threads` for the control thread.
   * @param own calls in flight at the node that this balancer counts itself.
   * @param isProbe whether a probe brought it: the minimum over the last two of those is the load that stays.
   * @returns false if it was dropped: no number of calls in it, or another writer was in the row.
   */
  report (writer: number, slot: number, report: LoadReport, own: number, tick: number, isProbe: boolean): boolean {
    const { inFlight } = report
    if (!(inFlight >= 0 && inFlight <= MAX_CALLS)) return false
    const cells = this.#cells
    const row = slot * CELLS
    if (Atomics.compareExchange(cells, row + LOCK, 0, writer + 1) !== 0) return false
    const flags = cells[row + FLAGS]!
    const rounded = Math.round(inFlight)
    this.#settleLasting(row, report, tick)
    cells[row + IN_FLIGHT] = rounded
    cells[row + BASE] = this.#base(row, slot, report.received, own)
    if (report.capacity > 0 && report.capacity <= MAX_CAPACITY) {
      cells[row + CAPACITY] = Math.max(1, Math.round(report.capacity))
    }
    if (isProbe) {
      const hasEarlier = (flags & HAS_PROBE) !== 0
      cells[row + FLOOR] = hasEarlier ? Math.min(rounded, cells[row + PROBED]!) : rounded
      cells[row + PROBED] = rounded
      cells[row + PROBED_AT] = tick
    }
    cells[row + AT] = tick
    // #base may have set a flag of its own.
    cells[row + FLAGS] = cells[row + FLAGS]! | HAS_REPORT | (isProbe ? HAS_PROBE : 0)
    Atomics.store(cells, row + LOCK, 0)
    return true
  }

  #settleLasting (row: number, report: LoadReport, tick: number): void {
    const cells = this.#cells
    let lasting = report.lasting
    if (!(lasting >= 0 && lasting <= MAX_CALLS)) {
      const age = (cells[row + FLAGS]! & HAS_REPORT) === 0 ? NEVER : ageOf(tick, cells[row + AT]!)
      const before = cells[row + LASTING]! / ONE
      // A first sample is the best guess of the average that there is.
      lasting = age >= LASTING_TAU * 4 ? report.inFlight : before + (report.inFlight - before) * (1 - Math.exp(-age / LASTING_TAU))
    }
    cells[row + LASTING] = Math.round(lasting * ONE)
  }

  /**
   * Which of our calls the report has counted. The node's count and ours have different origins (either side may have
   * been restarted, and calls can be lost on the way), so their difference is learned: every call that is no longer in
   * flight has been counted, and none that was not sent. The clamp finds the difference the first time, and mends it.
   */
  #base (row: number, slot: number, received: number, own: number): number {
    const cells = this.#cells
    const sent = this.#sent.sum(slot) | 0
    if (!(received >= 0)) return sent
    const count = received | 0
    if ((cells[row + FLAGS]! & HAS_OFFSET) === 0) {
      cells[row + OFFSET] = (sent - count) | 0
      cells[row + FLAGS] = cells[row + FLAGS]! | HAS_OFFSET
      return sent
    }
    const missing = (sent - ((count + cells[row + OFFSET]!) | 0)) | 0
    const possible = Math.max(0, Math.min(own, missing))
    const base = (sent - possible) | 0
    if (possible !== missing) cells[row + OFFSET] = (base - count) | 0
    return base
  }

  /**
   * The load of a node into `momentary` and `lasting`: what it reported, and the own calls that the report can not have
   * counted. Never less now than our own calls in flight.
   * @param own calls in flight at the node that this balancer counts itself.
   */
  peek (slot: number, own: number, tick: number, expiry: ReportExpiry = DEFAULT_EXPIRY): void {
    const cells = this.#cells
    const row = slot * CELLS
    const flags = cells[row + FLAGS]!
    const age = (flags & HAS_REPORT) === 0 ? NEVER : ageOf(tick, cells[row + AT]!)
    if (age > expiry.lastingTicks) {
      this.momentary = own
      this.lasting = own
      return
    }
    const since = (this.#sent.peek(slot) - cells[row + BASE]!) | 0
    const uncounted = since < 0 ? 0 : since > own ? own : since
    const average = cells[row + LASTING]! / ONE
    // A number of calls that is a second old says no more than the average does.
    const now = (age <= expiry.momentaryTicks ? cells[row + IN_FLIGHT]! : average) + uncounted
    this.momentary = now > own ? now : own
    if ((flags & HAS_PROBE) !== 0 && ageOf(tick, cells[row + PROBED_AT]!) <= expiry.lastingTicks) {
      const floor = cells[row + FLOOR]!
      this.lasting = (average > floor ? average : floor) + uncounted
    } else {
      // Without probes nothing shows which of our own calls stay.
      this.lasting = average + uncounted > own ? average + uncounted : own
    }
  }

  /**
   * As `peek`, in one number, for scoring many nodes: momentary and lasting load in the mixture `lasting + mix *
   * (momentary - lasting)`; Infinity if with one more call the node would be over its cap now.
   */
  peekMixed (slot: number, own: number, cap: number, mix: number, tick: number, expiry: ReportExpiry): number {
    const cells = this.#cells
    const row = slot * CELLS
    const flags = cells[row + FLAGS]!
    const age = (flags & HAS_REPORT) === 0 ? NEVER : ageOf(tick, cells[row + AT]!)
    if (age > expiry.lastingTicks) return own + 1 > cap ? Infinity : own
    const since = (this.#sent.peek(slot) - cells[row + BASE]!) | 0
    const uncounted = since < 0 ? 0 : since > own ? own : since
    const average = cells[row + LASTING]! / ONE
    let momentary = (age <= expiry.momentaryTicks ? cells[row + IN_FLIGHT]! : average) + uncounted
    if (momentary < own) momentary = own
    if (momentary + 1 > cap) return Infinity
    let lasting = average
    if ((flags & HAS_PROBE) !== 0 && ageOf(tick, cells[row + PROBED_AT]!) <= expiry.lastingTicks) {
      if (lasting < cells[row + FLOOR]!) lasting = cells[row + FLOOR]!
      lasting += uncounted
    } else {
      lasting += uncounted
      if (lasting < own) lasting = own
    }
    return lasting + (momentary - lasting) * mix
  }

  /** Ticks since the last report; NEVER if there was none. */
  reportAge (slot: number, tick: number): number {
    const row = slot * CELLS
    return (this.#cells[row + FLAGS]! & HAS_REPORT) === 0 ? NEVER : ageOf(tick, this.#cells[row + AT]!)
  }

  /** What the node says it runs at once; 0 if it never said. */
  capacity (slot: number): number {
    return this.#cells[slot * CELLS + CAPACITY]!
  }

  /** ln of how much longer calls take at the node than the pool's average; 0 until learned. */
  slowness (slot: number): number {
    return this.#cells[slot * CELLS + SLOWNESS]! / ONE
  }

  /** Takes in how long a call took here, as ln(time / expected time). Of two threads at once one may be lost. */
  learnSlowness (slot: number, sample: number, weight: number): void {
    const cell = slot * CELLS + SLOWNESS
    const before = this.#cells[cell]! / ONE
    Atomics.store(this.#cells, cell, Math.round((before + weight * (sample - before)) * ONE))
  }

  /** What the node said before is void: it failed, or its process is another one. What we sent stays counted. */
  forget (slot: number): void {
    Atomics.and(this.#cells, slot * CELLS + FLAGS, ~(HAS_REPORT | HAS_PROBE))
  }

  /** Frees what a dead thread held; its row of sent calls stays, so that sums do not jump. Control thread only. */
  releaseThread (thread: number): void {
    for (let slot = 0; slot < this.maxNodes; slot++) {
      // Half a report: what was written may not fit together.
      const row = slot * CELLS
      if (Atomics.load(this.#cells, row + LOCK) !== thread + 1) continue
      this.forget(slot)
      Atomics.store(this.#cells, row + LOCK, 0)
    }
  }

  /** Prepares a slot for another node. Control thread only, after all threads have let go of the old one. */
  resetSlot (slot: number): void {
    this.#cells.fill(0, slot * CELLS, (slot + 1) * CELLS)
    this.#sent.clearColumn(slot)
  }
}
