/**
 * `GET …/route`: where would this call go, and why. Runs the very placement code of the data threads (core/placement)
 * on the tables they use; nothing is counted in.
 */
import { formatListen } from '../config/addresses.ts'
import { sharedNowMs } from '../control/control-plane.ts'
import type { ControlPlane } from '../control/control-plane.ts'
import type { PublishedPool } from '../control/publish.ts'
import { compileKeyRules } from '../core/key-rules.ts'
import { Lease } from '../core/placement/lease.ts'
import { Placement } from '../core/placement/placement.ts'
import { CIRCLE, positionOf } from '../core/ring-image.ts'
import { AdminProblem } from './problem.ts'
import { envelope } from './views.ts'

/** Candidates shown unless asked for more. */
const DEFAULT_LIMIT = 16

/**
 * @param query exactly one of `key` (a function key) and `path` (a request path with its query, from which the pool's
 * rules take the key); `limit`: candidates to show.
 */
export function routeView (control: ControlPlane, pool: PublishedPool, query: URLSearchParams): object {
  const key = keyOf(pool, query)
  const limit = limitOf(query)
  // A table of one function: a question does not need more, and must not cost memory.
  const placement = new Placement(pool.view, control.nodeTable, 0, 1, {
    loads: control.loads, hot: control.hotTable(pool.config.name)!
  })
  const explanation = placement.explain(new Lease(), key, 'call', limit, sharedNowMs())
  const { hash, node, reason, candidates } = explanation
  const home = candidates.find(({ rank }) => rank === 0)
  return envelope(control, 'Route', {
    pool: pool.config.name,
    key,
    hash: hash === null ? null : hash.toString(16).padStart(8, '0'),
    ring_position: hash === null ? null : positionOf(hash) / CIRCLE,
    policy: explanation.policy,
    home: home?.id ?? null,
    decision: node < 0 ? null : pool.view.nodes[node]!.id,
    reason,
    items: candidates.map((candidate) => ({
      id: candidate.id,
      address: formatListen(pool.view.nodes[candidate.node]!),
      rank: candidate.rank < 0 ? null : candidate.rank,
      score: candidate.score,
      verdict: candidate.verdict,
      ...(candidate.terms !== undefined && { terms: candidate.terms }),
      in_flight: candidate.inFlight,
      capacity: candidate.capacity,
      cap: candidate.cap
    }))
  })
}

function keyOf (pool: PublishedPool, query: URLSearchParams): string {
  const key = query.get('key')
  const path = query.get('path')
  if ((key === null) === (path === null)) {
    throw new AdminProblem(400, 'bad_query', 'give either ?key=FUNCTION-KEY or ?path=/REQUEST/PATH')
  }
  if (key !== null) return key
  const [pathOnly = '', ...rest] = path!.split('?')
  return compileKeyRules(pool.view.keyRules).extract(pathOnly, rest.join('?'), () => undefined)
}

function limitOf (query: URLSearchParams): number {
  const text = query.get('limit')
  if (text === null) return DEFAULT_LIMIT
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new AdminProblem(400, 'bad_query', `limit: expected a whole number from 1 to 9999, got "${text}"`)
}
