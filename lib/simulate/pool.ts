/** The simulated pool as the product's placement sees it: a snapshot's view of it, with a ring of its own making. */
import { buildRing } from '../core/ring.ts'
import type { PlacementTuning, PoolView } from '../tables/snapshot.ts'

export interface PoolMember {
  /** Index of the node; also its slot in the tables. */
  readonly index: number
  readonly id: string
  readonly capacity: number
}

/**
 * @param referenceCapacity of the ring; see core/ring.ts.
 * @param policy name in the registry of policies.
 */
export function poolView (
  members: readonly PoolMember[], referenceCapacity: number, policy: string, tuning: Partial<PlacementTuning>
): PoolView {
  const ring = buildRing(members, { referenceCapacity })
  const slots = new Map(members.map(({ id, index }) => [id, index]))
  return {
    index: 0,
    name: 'simulated',
    nodes: ring.nodes.map(({ id }) => ({ id, host: 'simulated', port: 1, slot: slots.get(id)! })),
    ring: ring.image,
    policy,
    queue: { perFunction: 100, total: 0, deadlineMs: 5000, rule: 'round-robin' },
    tuning,
    keyRules: [{ kind: 'fn' }],
    missingKey: 'least-request',
    api: { action: 'refuse' },
    timeouts: { connectMs: 1000, firstByteMs: 60_000, idleBodyMs: 60_000 },
    maxBodyBytes: 0,
    replayBytes: 65_536,
    retry: { attempts: 3, budgetRatio: 0.2, budgetMin: 3 },
    upstream: { maxConnectionsPerNode: 1024, maxIdlePerNode: 64, idleMs: 4000 }
  }
}
