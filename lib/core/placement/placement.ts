/**
 * Placement: where a call goes, and the reservation of its place there, for one pool on one thread.
 *
 * A call takes the first candidate of the policy that is eligible, was not tried for this call, and still has room when
 * its place is reserved: looking and reserving are two steps, other threads come in between, and only the second
 * counts.
 * Invariants: a call never goes to an ineligible node, to one at its cap, or to one it was at before; a place given is
 * given back exactly once (lease.ts); `explain` runs the same steps and changes nothing that decides.
 */
import { FunctionTable } from '../function-table.ts'
import { hashKey } from '../hash.ts'
import { leastRequest, leastRequestOfApi } from './least-request.ts'
import { policyFactory } from './registry.ts'
import { judge } from './verdict.ts'
import type { DecisionReason } from '../../tables/counters.ts'
import type { NodeTable } from '../../tables/node-table.ts'
import type { PoolView } from '../../tables/snapshot.ts'
import type { Lease, NoPlace } from './lease.ts'
import type { PlacementPolicy, PlacementView } from './policy.ts'
import type { Verdict } from './verdict.ts'

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

class View implements PlacementView {
  readonly thread: number
  readonly table: NodeTable
  readonly functions: FunctionTable
  pool: PoolView
  slots: Int32Array

  constructor (pool: PoolView, table: NodeTable, thread: number, maxFunctions: number) {
    this.thread = thread
    this.table = table
    this.functions = new FunctionTable(pool.ring, maxFunctions)
    this.pool = pool
    this.slots = Int32Array.from(pool.nodes, node => node.slot)
  }
}

/** Which order applies: by the function key (falls back to least request without one), or that of the API nodes. */
export type PlacementKind = 'call' | 'api'

export class Placement {
  readonly #view: View
  readonly #unkeyed: PlacementPolicy
  readonly #api: PlacementPolicy
  #keyed: PlacementPolicy

  /**
   * @param thread the caller's row in the node table.
   * @param maxFunctions bound of the functions remembered.
   * @throws RangeError if the pool names a policy that does not exist.
   */
  constructor (pool: PoolView, table: NodeTable, thread: number, maxFunctions: number) {
    this.#view = new View(pool, table, thread, maxFunctions)
    this.#keyed = policyFactory(pool.policy)(this.#view)
    this.#unkeyed = leastRequest(this.#view)
    this.#api = leastRequestOfApi(this.#view)
  }

  get pool (): PoolView {
    return this.#view.pool
  }

  /** What is remembered of functions; for its gauges. */
  get functions (): FunctionTable {
    return this.#view.functions
  }

  /**
   * Goes over to the pool's next snapshot. Leases held stay good.
   * @throws RangeError if it names a policy that does not exist; nothing is changed then.
   */
  update (pool: PoolView): void {
    const view = this.#view
    const previous = view.pool
    // Throws before anything is changed.
    const factory = policyFactory(pool.policy)
    view.pool = pool
    view.slots = Int32Array.from(pool.nodes, node => node.slot)
    // A reload that changes no member leaves the ring as it was, and with it what is known of functions.
    if (pool.ring.digest !== previous.ring.digest) view.functions.use(pool.ring)
    if (pool.policy !== previous.policy) this.#keyed = factory(view)
    else this.#keyed.refresh()
    this.#unkeyed.refresh()
    this.#api.refresh()
  }

  /**
   * Places a call and counts it in.
   * @param key the function key; '' = none, balanced by least request.
   * @returns the node as an index into the pool's nodes, with `lease.reason`; or -1, with `lease.noPlace`.
   * @throws Error if the lease still holds a place.
   */
  place (lease: Lease, key: string, kind: PlacementKind = 'call'): number {
    if (lease.slot >= 0) throw new Error('a call was placed twice: release or give up its lease first')
    return this.#decide(lease, key, kind, null)
  }

  /** The call at the lease's node has ended. Does nothing, and says false, if the lease holds no place. */
  release (lease: Lease): boolean {
    const slot = lease.slot
    if (slot < 0) return false
    lease.slot = -1
    this.#view.table.release(this.#view.thread, slot)
    return true
  }

  /**
   * The attempt failed there: gives the place back and keeps the call from that node, so that `place` goes on to the
   * next.
   */
  giveUp (lease: Lease): boolean {
    if (lease.slot < 0) return false
    lease.exclude(lease.slot)
    return this.release(lease)
  }

  /**
   * What `place` would do now, with every candidate up to `limit` and why it was passed over. Counts nothing in; but
   * the function is then known to this table as if it had been called.
   * @param lease only its tried nodes are looked at.
   */
  explain (lease: Lease, key: string, kind: PlacementKind = 'call', limit = Infinity): Explanation {
    const candidates: Candidate[] = []
    const policy = this.#policyOf(key, kind)
    const trace = { candidates, limit, node: -1, reason: 'no_eligible_node' as DecisionReason | NoPlace }
    this.#decide(lease, key, kind, trace)
    return {
      policy: policy.name,
      key,
      hash: key === '' ? null : hashKey(key),
      node: trace.node,
      reason: trace.reason,
      candidates
    }
  }

  #policyOf (key: string, kind: PlacementKind): PlacementPolicy {
    if (kind === 'api') return this.#api
    return key === '' ? this.#unkeyed : this.#keyed
  }

  #decide (lease: Lease, key: string, kind: PlacementKind, trace: Trace | null): number {
    const { table, thread, slots } = this.#view
    const policy = this.#policyOf(key, kind)
    let full = false
    let tried = false
    policy.begin(key)
    for (let node = policy.next(); node >= 0; node = policy.next()) {
      const slot = slots[node]!
      let verdict = judge(table, slot, lease.hasTried(slot))
      if (trace === null) {
        if (verdict === 'take') {
          if (table.tryAcquire(thread, slot)) {
            lease.node = node
            lease.slot = slot
            lease.noPlace = ''
            lease.reason = reasonOf(lease, policy, kind)
            policy.placed(node)
            return node
          }
          verdict = 'at_cap'
        }
      } else if (!record(trace, this.#view, policy, node, verdict, lease, kind)) return -1
      if (verdict === 'at_cap') full = true
      else if (verdict === 'tried') tried = true
    }
    const noPlace = full ? 'all_nodes_full' : tried ? 'all_tried' : 'no_eligible_node'
    if (trace === null) {
      lease.node = -1
      lease.noPlace = noPlace
    } else if (trace.node < 0) trace.reason = noPlace
    return -1
  }
}

interface Trace {
  readonly candidates: Candidate[]
  readonly limit: number
  node: number
  reason: DecisionReason | NoPlace
}

function reasonOf (lease: Lease, policy: PlacementPolicy, kind: PlacementKind): DecisionReason {
  if (lease.triedCount > 0) return 'retry'
  if (kind === 'api') return 'api'
  if (!policy.usesKey) return 'no_key'
  return policy.rank === 0 ? 'home' : 'spill'
}

/** Notes a candidate of an explanation; false when there is nothing more to find out. */
function record (
  trace: Trace, view: PlacementView, policy: PlacementPolicy, node: number, verdict: Verdict, lease: Lease,
  kind: PlacementKind
): boolean {
  const { table } = view
  const slot = view.slots[node]!
  const isSecond = verdict === 'take' && trace.node >= 0
  if (verdict === 'take' && trace.node < 0) {
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
      cap: table.cap(slot)
    })
  }
  return trace.node < 0 || trace.candidates.length < trace.limit
}
