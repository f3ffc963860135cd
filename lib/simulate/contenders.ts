/**
 * Who can be simulated: the product's policies by their names, and for the ones that use what nodes say, how much of it
 * they are told.
 *
 * `none`: nothing but what a balancer sees itself. `load`: the calls at a node with every probe, as a scrape of any
 * runner's metrics gives them. `T0`: a report with every response, load with every probe. `T1`: the
 * probe also says which functions have idle instances. `T2`: calls also carry a condition that the node may refuse.
 */

import type { PlacementTuning } from '../tables/snapshot.ts'

export type Tier = 'none' | 'load' | 'T0' | 'T1' | 'T2'

export interface Contender {
  readonly name: string
  /** Name in the registry of core/placement. */
  readonly policy: string
  readonly tier: Tier
  readonly tuning?: Partial<PlacementTuning>
  /** All balancers hear at once of every instance that a node lets go, as in Hiku. */
  readonly hasEvictionNotices?: boolean
}

const OWN = { usesReports: false } as const

/**
 * The best of 36 settings of ch-rlu on another window (minutes 600 to 639, seeds 1 and 2) than results are reported on.
 * As published it drowns here: four nodes do not hold the largest functions, and the rate keeps them at home.
 */
const CH_RLU_TUNED = { loadRate: 0, chainLength: 8, popularRatio: 0.5, loadBound: 0.85 } as const

export const CONTENDERS: readonly Contender[] = [
  { name: 'random', policy: 'random', tier: 'none' },
  { name: 'round-robin', policy: 'round-robin', tier: 'none' },
  { name: 'least-request own', policy: 'least-request', tier: 'none', tuning: OWN },
  { name: 'power-of-two own', policy: 'power-of-two', tier: 'none', tuning: OWN },
  { name: 'consistent-hash', policy: 'consistent-hash', tier: 'none' },
  { name: 'bounded-load own', policy: 'bounded-load', tier: 'none', tuning: OWN },
  { name: 'bounded-load', policy: 'bounded-load', tier: 'T0' },
  { name: 'ch-rlu published', policy: 'ch-rlu', tier: 'T0' },
  { name: 'ch-rlu tuned', policy: 'ch-rlu', tier: 'T0', tuning: CH_RLU_TUNED },
  { name: 'pull', policy: 'pull', tier: 'T0', hasEvictionNotices: true },
  { name: 'hot none', policy: 'hot', tier: 'none' },
  { name: 'hot load', policy: 'hot', tier: 'load' },
  { name: 'hot T0', policy: 'hot', tier: 'T0' },
  { name: 'hot T1', policy: 'hot', tier: 'T1' },
  { name: 'hot T2', policy: 'hot', tier: 'T2' }
]
