/**
 * What a placement policy is: an order of candidates for a call. It says who should be asked first; whether a candidate
 * may take the call (eligible, below its cap, not tried yet) and the reservation itself are the same for all policies
 * and are done by Placement, which runs the very same steps for a call and for an explanation.
 *
 * Candidates are pulled one at a time, because nearly every call goes to the first: a policy does the work for the
 * second only when it is asked for it. A policy has no clock and no chance of its own: both are in the view. It does not
 * change what it looks at, and draws from chance in `placed` only, so that an explanation changes no later decision.
 */
import type { HotTable } from '../../tables/hot-table.ts'
import type { LoadTable, ReportExpiry } from '../../tables/load-table.ts'
import type { NodeTable } from '../../tables/node-table.ts'
import type { PlacementTuning, PoolView } from '../../tables/snapshot.ts'
import type { FunctionTable } from '../function-table.ts'
import type { Flights } from './flights.ts'

/** What a policy may look at. One per pool and thread; `pool`, `slots` and `tuning` change with the snapshot. */
export interface PlacementView {
  readonly thread: number
  readonly table: NodeTable
  readonly loads: LoadTable
  readonly hot: HotTable
  readonly functions: FunctionTable
  readonly flights: Flights
  readonly pool: PoolView
  readonly tuning: PlacementTuning
  /** How long reports are good for, by the tuning. */
  readonly expiry: ReportExpiry
  /** Slot of each node of the pool, by index. */
  readonly slots: Int32Array
  /** The time of the decision, in milliseconds of the clock that all threads share, and in ticks of shared tables. */
  readonly nowMs: number
  readonly tick: number
  /** Uniform from 0 to below 1. */
  readonly random: () => number
}

/** The parts of a score, for people. Names and units are the policy's; scores of `hot` are in seconds. */
export type ScoreTerms = Readonly<Record<string, number>>

export interface PlacementPolicy {
  readonly name: string
  /** Whether the function key has a say; false: the key is not looked at. */
  readonly usesKey: boolean
  /** Rank of the candidate last returned in the key's preference list, 0 = home; -1 if the policy has no such list. */
  readonly rank: number
  /**
   * Score of the candidate last returned: lower is better, and never falls along one decision. The unit is the
   * policy's. Infinity: it can take no call now, by all that is known.
   */
  readonly score: number
  /** The snapshot has changed: sizes and indices are other ones from now on. */
  refresh (): void
  /**
   * Begins a decision.
   * @param entry the function in the view's function table; -1 without a key.
   * @param waitsAhead calls of the function that wait already and come before this one.
   */
  begin (entry: number, waitsAhead: number): void
  /**
   * The next candidate as an index into the pool's nodes, each at most once, best first; -1 when there is none left.
   */
  next (): number
  /** A call was placed at the candidate last returned. Not called for explanations. */
  placed (node: number): void
  /** A call has been answered, and what it told is in the tables. */
  answered? (): void
  /**
   * Milliseconds that the call should rather wait than go to the best candidate; 0 = it should go. Asked after the
   * first `next`.
   */
  wait? (): number
  /** What the score of the candidate last returned is made of. */
  terms? (): ScoreTerms
  /** Calls in flight up to which the candidate last returned is worth choosing, for a conditional dispatch. */
  readonly maxLoad?: number
}

export type PolicyFactory = (view: PlacementView) => PlacementPolicy
