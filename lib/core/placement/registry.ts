/**
 * The policies that a pool's configuration can name. A new one is a file, a line here, and a run of the conformance
 * suite.
 */
import { consistentHash } from './consistent-hash.ts'
import { hot } from './hot.ts'
import { leastRequest } from './least-request.ts'
import type { PolicyFactory } from './policy.ts'

export const POLICIES = {
  'consistent-hash': consistentHash,
  hot,
  'least-request': leastRequest
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
