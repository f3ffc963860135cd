/**
 * The policies that a pool's configuration can name. A new one is a file, a line here, and a run of the conformance
 * suite.
 */
import { boundedLoad } from './bounded-load.ts'
import { chRlu } from './ch-rlu.ts'
import { consistentHash } from './consistent-hash.ts'
import { hot } from './hot.ts'
import { leastRequest } from './least-request.ts'
import { powerOfTwo } from './power-of-two.ts'
import { pull } from './pull.ts'
import { random } from './random.ts'
import { roundRobin } from './round-robin.ts'
import type { PolicyFactory } from './policy.ts'

export const POLICIES = {
  hot,
  'bounded-load': boundedLoad,
  'consistent-hash': consistentHash,
  'least-request': leastRequest,
  'power-of-two': powerOfTwo,
  'round-robin': roundRobin,
  random,
  'ch-rlu': chRlu,
  pull
} as const satisfies Record<string, PolicyFactory>

export type PolicyName = keyof typeof POLICIES

export const POLICY_NAMES = Object.keys(POLICIES) as readonly PolicyName[]

/** @throws RangeError that names the policies there are. */
export function policyFactory (name: string): PolicyFactory {
  if (!Object.hasOwn(POLICIES, name)) {
    throw new RangeError(`there is no placement policy "${name}": choose one of ${POLICY_NAMES.join(', ')}`)
  }
  return POLICIES[name as PolicyName]
}
