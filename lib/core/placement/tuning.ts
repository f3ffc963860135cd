/**
 * Default values of the placement knobs: those of policy.md §5.3, chosen by simulation on another window of the trace
 * than the one that results are reported on.
 */
import type { PlacementTuning } from '../../tables/snapshot.ts'

export const DEFAULT_TUNING: PlacementTuning = {
  horizonMs: 1000,
  crowding: 1,
  headroom: 1,
  coldWeight: 3,
  rankMs: 0.5,
  coldChanceHome: 0.5,
  coldChanceElsewhere: 1,
  waitWeight: 2,
  learnsSpeed: false,
  momentaryMs: 1000,
  lastingMs: 10_000,
  keepAliveMs: 600_000,
  loadFactor: 1.25,
  usesReports: true,
  chainLength: 4,
  popularRatio: 0.2,
  loadBound: 1.4,
  loadNoise: 0.1,
  loadRate: 1
}

export function tuningOf (given: Partial<PlacementTuning> | undefined): PlacementTuning {
  return given === undefined ? DEFAULT_TUNING : { ...DEFAULT_TUNING, ...given }
}
