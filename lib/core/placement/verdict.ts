/**
 * Whether a node may take a call, and if not, along which axis it fails: presence, operational state, administrative
 * state, cap. One place for that question, used by every policy, by placement and by explanations.
 */
import { NODE_ELIGIBLE, NODE_PRESENT, NODE_READY } from '../../tables/node-table.ts'
import type { NodeTable } from '../../tables/node-table.ts'

/** Eligible is what is neither absent, down nor not_ready. The first that applies is named. */
export type Verdict = 'take' | 'absent' | 'not_ready' | 'down' | 'tried' | 'at_cap'

/**
 * What `place` makes of a candidate before it reserves anything.
 * @param tried whether this call has been at that node before.
 */
export function judge (table: NodeTable, slot: number, tried: boolean): Verdict {
  if (!tried && table.peekLoad(slot) !== Infinity) return 'take'
  const state = table.state(slot)
  if ((state & NODE_ELIGIBLE) !== NODE_ELIGIBLE) {
    if ((state & NODE_PRESENT) === 0) return 'absent'
    // The operator's word comes before that of a probe.
    return (state & NODE_READY) === 0 ? 'not_ready' : 'down'
  }
  return tried ? 'tried' : 'at_cap'
}
