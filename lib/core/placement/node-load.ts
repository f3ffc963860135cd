/** Load of one node as the policies without a score compare it. */
import type { PlacementView } from './policy.ts'

/**
 * Calls at a node: our own, or with `usesReports` also what the node says. Of nodes that can take none too.
 */
export function callsAt (view: PlacementView, slot: number): number {
  const own = view.table.peekInFlight(slot)
  if (!view.tuning.usesReports) return own
  view.loads.peek(slot, own, view.tick, view.expiry)
  return view.loads.momentary
}

/** Whether the node may take a call now, by its state and by its cap. */
export function takesCall (view: PlacementView, slot: number, calls: number): boolean {
  const { table } = view
  return table.peekIsEligible(slot) && calls < table.peekCap(slot)
}

/** Calls with one more per unit of capacity; Infinity where no call may go now. */
export function relativeLoad (view: PlacementView, slot: number): number {
  const calls = callsAt(view, slot)
  if (!takesCall(view, slot, calls)) return Infinity
  // A node that states no capacity counts as one that runs a single call at once.
  return (calls + 1) / Math.max(1, view.table.peekCapacity(slot))
}
