/**
 * What a placement policy is: an order of candidates for a call. It says who should be asked first; whether a candidate
 * may take the call (eligible, below its cap, not tried yet) and the reservation itself are the same for all policies
 * and are done by Placement, which runs the very same steps for a call and for an explanation.
 *
 * Candidates are pulled one at a time, because nearly every call goes to the first: a policy does the work for the
 * second only when it is asked for it. A policy has no clock and no randomness and does not change what it looks at.
 */
import type { NodeTable } from '../../tables/node-table.ts'
import type { PoolView } from '../../tables/snapshot.ts'
import type { FunctionTable } from '../function-table.ts'

/** What a policy may look at. One per pool and thread; `pool` and `slots` change with the snapshot. */
export interface PlacementView {
  readonly thread: number
  readonly table: NodeTable
  readonly functions: FunctionTable
  readonly pool: PoolView
  /** Slot of each node of the pool, by index. */
  readonly slots: Int32Array
}

export interface PlacementPolicy {
  readonly name: string
  /** Whether the function key has a say; false: the key is not looked at. */
  readonly usesKey: boolean
  /** Rank of the candidate last returned in the key's preference list, 0 = home; -1 if the policy has no such list. */
  readonly rank: number
  /**
   * Score of the candidate last returned: lower is better, and never falls along one decision. The unit is the
   * policy's.
   */
  readonly score: number
  /** The snapshot has changed: sizes and indices are other ones from now on. */
  refresh (): void
  /** Begins a decision. */
  begin (key: string): void
  /**
   * The next candidate as an index into the pool's nodes, each at most once, best first; -1 when there is none left.
   */
  next (): number
  /** A call was placed at the candidate last returned. Not called for explanations. */
  placed (node: number): void
}

export type PolicyFactory = (view: PlacementView) => PlacementPolicy
