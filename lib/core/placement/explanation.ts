/**
 * An explanation of a decision: every candidate in the order in which it would be asked, with its score, the terms of the
 * score, and why it was passed over. Written by the very steps that place a call (placement.ts).
 */
import type { DecisionReason } from '../../tables/counters.ts'
import type { Lease, NoPlace } from './lease.ts'
import type { PlacementPolicy, PlacementView, ScoreTerms } from './policy.ts'
import type { Verdict } from './verdict.ts'

/** Which order applies: by the function key (falls back to least request without one), or that of the API nodes. */
export type PlacementKind = 'call' | 'api'

/** One node considered, in the order in which it would be asked. */
export interface Candidate {
  /** Index into the pool's nodes. */
  readonly node: number
  readonly id: string
  /** In the preference list, 0 = home; -1 if the policy has none. */
  readonly rank: number
  /** Lower is better; the unit is the policy's. */
  readonly score: number
  /** `standby`: would take the call if those before it could not. */
  readonly verdict: Verdict | 'standby'
  readonly inFlight: number
  readonly capacity: number
  readonly cap: number
  /** What the score is made of, if the policy has more to say than the score. */
  readonly terms?: ScoreTerms
}

export interface Explanation {
  readonly policy: string
  readonly key: string
  /** The key's 32-bit hash; null without a key. */
  readonly hash: number | null
  /** Index of the node that would take the call; -1 if none. */
  readonly node: number
  readonly reason: DecisionReason | NoPlace
  readonly candidates: readonly Candidate[]
}

/** An explanation while it is being written. */
export interface Trace {
  readonly candidates: Candidate[]
  readonly limit: number
  node: number
  reason: DecisionReason | NoPlace
}

export function reasonOf (lease: Lease, policy: PlacementPolicy, kind: PlacementKind): DecisionReason {
  if (lease.triedCount > 0) return 'retry'
  if (kind === 'api') return 'api'
  if (!policy.usesKey) return 'no_key'
  return policy.rank === 0 ? 'home' : 'spill'
}

/** Notes a candidate; false when there is nothing more to find out. */
export function record (
  trace: Trace, view: PlacementView, policy: PlacementPolicy, node: number, verdict: Verdict, lease: Lease,
  kind: PlacementKind, waits: boolean
): boolean {
  const { table } = view
  const slot = view.slots[node]!
  const isSecond = verdict === 'take' && (waits || trace.node >= 0)
  if (verdict === 'take' && !isSecond) {
    trace.node = node
    trace.reason = reasonOf(lease, policy, kind)
  }
  if (trace.candidates.length < trace.limit) {
    trace.candidates.push({
      node,
      id: view.pool.nodes[node]!.id,
      rank: policy.rank,
      score: policy.score,
      verdict: isSecond ? 'standby' : verdict,
      inFlight: table.inFlight(slot),
      capacity: table.capacity(slot),
      cap: table.cap(slot),
      ...(policy.terms === undefined ? {} : { terms: policy.terms() })
    })
  }
  return trace.node < 0 || trace.candidates.length < trace.limit
}
