/**
 * What the tables learn from responses, probes and failures (policy.md §5.4). The data threads call this through
 * Placement, the control thread and the simulator's balancers call it directly.
 */
import { hashKey, hashKeyLow } from './hash.ts'
import { inferCold } from './cold-inference.ts'
import { tickOf } from '../tables/ticks.ts'
import type { HotCall, HotTable } from '../tables/hot-table.ts'
import type { HotView } from '../tables/hot-view.ts'
import type { LoadReport, LoadTable } from '../tables/load-table.ts'
import type { NodeTable } from '../tables/node-table.ts'

/** How a call that was answered went, as far as is known; memory that the caller may use again for each. */
export interface CallOutcome {
  /** From sending the call to the end of its response. */
  latencyMs: number
  /** What the runner said of itself: was it cold, times in ms, idle instances of the function after it. */
  cold: boolean | null
  /** NaN = not said. */
  execMs: number
  initMs: number
  /** -1 = not said. */
  idle: number
  /** Calls in flight at the node for its capacity when it ended; 1 or less = it ran unhindered. */
  crowding: number
}

export interface LearnTables {
  readonly nodes: NodeTable
  readonly loads: LoadTable
  readonly hot: HotTable
}

const SPEED_WEIGHT = 0.02
/** One call says no more than that a node is e^3 times slower or faster. */
const MAX_SLOWNESS = 3

/**
 * Makes of an outcome what the hot table takes in: whether it was cold, and from that what is an execution time and what
 * an initialisation time. @returns whether it was cold
 */
export function judgeOutcome (outcome: CallOutcome, isStart: boolean, known: HotView, hot: HotTable, into: HotCall): boolean {
  const latencyUs = Math.max(1, outcome.latencyMs * 1000)
  const wasCold = outcome.cold ?? inferCold(latencyUs, isStart, known, hot.globalInitUs)
  const execUs = known.execUs === 0 ? hot.globalExecUs : known.execUs
  const toldExecUs = outcome.execMs >= 0 ? Math.max(1, outcome.execMs * 1000) : 0
  into.idle = outcome.idle
  into.wasStart = isStart
  into.execUs = 0
  into.initUs = 0
  if (wasCold) {
    const initUs = outcome.initMs >= 0 ? outcome.initMs * 1000 : latencyUs - (toldExecUs > 0 ? toldExecUs : execUs)
    into.initUs = Math.max(1, initUs)
  } else {
    into.execUs = Math.max(1, (toldExecUs > 0 ? toldExecUs : latencyUs) / Math.max(1, outcome.crowding))
  }
  return wasCold
}

/** How fast the node is beside the others, from a warm call whose usual time is known. */
export function learnSpeed (loads: LoadTable, slot: number, sampleUs: number, usualUs: number): void {
  if (!(sampleUs > 0 && usualUs > 0)) return
  const sample = Math.log(sampleUs / usualUs)
  loads.learnSlowness(slot, Math.max(-MAX_SLOWNESS, Math.min(MAX_SLOWNESS, sample)), SPEED_WEIGHT)
}

/** A probe was answered. Control thread. @param sentMs when it was sent @returns false if the report was dropped */
export function learnProbe (tables: LearnTables, slot: number, report: LoadReport, sentMs: number): boolean {
  const { nodes, loads } = tables
  return loads.report(loads.threads, slot, report, nodes.inFlight(slot), tickOf(sentMs), true)
}

/** One function that a node's digest names. Control thread. `low` 0 in a digest is taken for no function. */
export function learnDigestEntry (tables: LearnTables, slot: number, high: number, low: number, idle: number, sentMs: number): void {
  if ((low | 0) === 0) return
  tables.hot.setIdle(tables.loads.threads, high | 0, low | 0, slot, idle, tickOf(sentMs))
}

/** The digest is complete: of what it did not name, a full one says that nothing is warm. Control thread. */
export function learnDigestEnd (tables: LearnTables, slot: number, isFull: boolean, sentMs: number): void {
  tables.hot.completeDigest(slot, tickOf(sentMs), isFull)
}

/** The node has failed or is another process now: what it had warm and what it said is void. */
export function learnFailure (tables: LearnTables, slot: number, nowMs: number): void {
  tables.loads.forget(slot)
  tables.hot.forgetNode(slot, tickOf(nowMs))
}

/** The two halves by which tables and digests know a function, as signed 32-bit numbers. */
export function functionIdentity (key: string): { readonly high: number, readonly low: number } {
  return { high: hashKey(key) | 0, low: hashKeyLow(key) | 0 }
}
