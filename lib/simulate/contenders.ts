/**
 * Who can be simulated: the product's policies by their names, and for the ones that use what nodes say, how much of it
 * they are told.
 *
 * `none`: nothing but what a balancer sees itself. `T0`: a report with every response, load with every probe. `T1`: the
 * probe also says which functions have idle instances. `T2`: calls also carry a condition that the node may refuse.
 */

export type Tier = 'none' | 'T0' | 'T1' | 'T2'

export interface Contender {
  readonly name: string
  /** Name in the registry of core/placement. */
  readonly policy: string
  readonly tier: Tier
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'least-request', policy: 'least-request', tier: 'none' },
  { name: 'consistent-hash', policy: 'consistent-hash', tier: 'none' }
]
