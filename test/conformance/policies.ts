/**
 * What every placement policy must do, run once for each policy of the registry. A policy may order candidates as it
 * likes; these are the promises that the engine and the operators rely on whatever the order.
 */
import fc from 'fast-check'
import { Lease } from '../../lib/core/placement/lease.ts'
import { Placement } from '../../lib/core/placement/placement.ts'
import { NODE_ELIGIBLE, NODE_PRESENT, NODE_READY, NODE_UP, NodeTable } from '../../lib/tables/node-table.ts'
import { manyNodes, testPool } from '../fixtures/pool.ts'
import type { Test } from 'tap'
import type { Candidate } from '../../lib/core/placement/placement.ts'
import type { TestNode } from '../fixtures/pool.ts'

const THREAD = 1

const state = fc.constantFrom(
  NODE_ELIGIBLE, NODE_ELIGIBLE, NODE_ELIGIBLE, 0, NODE_PRESENT, NODE_PRESENT | NODE_UP, NODE_PRESENT | NODE_READY
)
const limits = fc.record({ capacity: fc.integer({ min: 1, max: 8 }), cap: fc.integer({ min: 0, max: 3 }), state })
const pools = fc.array(limits, { minLength: 0, maxLength: 12 })
  .map(list => list.map((node, index): TestNode => ({ id: `node-${index}`, ...node })))

const keys = fc.array(fc.constantFrom('', 'fn/a', 'fn/b', 't/app/x', 't/app/y'), { minLength: 1, maxLength: 60 })

export async function policySuite (t: Test, policy: string): Promise<void> {
  await t.test('never an ineligible node, never over a cap, and a place whenever there is one', async () => {
    fc.assert(fc.property(pools, keys, fc.boolean(), (nodes, calls, releases) => {
      const { table, pool } = testPool(nodes, { policy })
      const placement = new Placement(pool, table, THREAD, 100)
      const leases: Lease[] = []
      for (const [index, key] of calls.entries()) {
        const lease = new Lease()
        const takeable = pool.nodes.some(({ slot }) => table.isEligible(slot) && table.inFlight(slot) < table.cap(slot))
        const node = placement.place(lease, key)
        if ((node >= 0) !== takeable) throw new Error(`placed at ${node} although takeable is ${takeable}`)
        if (node >= 0) {
          const slot = pool.nodes[node]!.slot
          if (!table.isEligible(slot)) throw new Error('placed at an ineligible node')
          if (table.inFlight(slot) > table.cap(slot)) throw new Error('over the cap')
          if (lease.slot !== slot || lease.node !== node || lease.noPlace !== '') throw new Error('a false lease')
          leases.push(lease)
        } else {
          const eligible = pool.nodes.some(({ slot }) => table.isEligible(slot))
          if (lease.noPlace !== (eligible ? 'all_nodes_full' : 'no_eligible_node')) throw new Error(lease.noPlace)
        }
        if (releases && index % 3 === 2) placement.release(leases.shift() ?? new Lease())
      }
      for (const lease of leases) {
        if (!placement.release(lease)) throw new Error('a held lease could not be released')
        if (placement.release(lease)) throw new Error('a lease was released twice')
      }
      return pool.nodes.every(({ slot }) => table.inFlight(slot) === 0)
    }), { numRuns: 200 })
  })

  await t.test('a retry goes to each other candidate once, then says that all were tried', async t => {
    const { table, pool } = testPool(manyNodes(20), { policy })
    const placement = new Placement(pool, table, THREAD, 100)
    for (const key of ['fn/a', '']) {
      const lease = new Lease()
      const seen = new Set<number>()
      for (let node = placement.place(lease, key); node >= 0; node = placement.place(lease, key)) {
        t.equal(lease.reason === 'retry', seen.size > 0)
        seen.add(node)
        placement.giveUp(lease)
      }
      t.equal(seen.size, 20)
      t.equal(lease.noPlace, 'all_tried')
      t.equal(lease.isHeld, false)
      lease.reset()
      t.ok(placement.place(lease, key) >= 0, 'a lease that was reset begins anew')
      placement.release(lease)
    }
  })

  await t.test('explain says what place then does, names each axis, and changes nothing', async () => {
    fc.assert(fc.property(pools, keys, (nodes, calls) => {
      const { table, pool } = testPool(nodes, { policy })
      const twin = testPool(nodes, { policy })
      const placement = new Placement(pool, table, THREAD, 100)
      const unasked = new Placement(twin.pool, twin.table, THREAD, 100)
      for (const [index, key] of calls.entries()) {
        const lease = new Lease()
        if (index % 4 === 3) lease.exclude(pool.nodes[0]?.slot ?? 0)
        const before = pool.nodes.map(({ slot }) => table.inFlight(slot))
        const told = placement.explain(lease, key)
        if (pool.nodes.some(({ slot }, node) => table.inFlight(slot) !== before[node])) throw new Error('counted in')
        const node = placement.place(lease, key)
        if (told.node !== node) throw new Error(`told ${told.node}, placed ${node}`)
        if (told.reason !== (node >= 0 ? lease.reason : lease.noPlace)) throw new Error(`told ${told.reason}`)
        const other = new Lease()
        if (index % 4 === 3) other.exclude(twin.pool.nodes[0]?.slot ?? 0)
        if (unasked.place(other, key) !== node) throw new Error('being asked changed a decision')
        check(told.candidates, nodes, pool.nodes.map(({ id }) => id), told.node)
      }
      return true
    }), { numRuns: 100 })
  })

  await t.test('an explanation may be cut short without changing its answer', async t => {
    const nodes = manyNodes(30, 4).map((node, index) => ({ ...node, cap: index < 25 ? 0 : 4 }))
    const { table, pool } = testPool(nodes, { policy })
    const placement = new Placement(pool, table, THREAD, 100)
    const whole = placement.explain(new Lease(), 'fn/a')
    const part = placement.explain(new Lease(), 'fn/a', 'call', 2)
    t.equal(part.node, whole.node)
    t.equal(part.reason, whole.reason)
    t.strictSame(part.candidates, whole.candidates.slice(0, 2))
  })

  await t.test('a lease outlives a change of the snapshot', async t => {
    const table = NodeTable.create(10, 2)
    const first = testPool(manyNodes(4), { policy }, table)
    const placement = new Placement(first.pool, table, THREAD, 100)
    const lease = new Lease()
    placement.place(lease, 'fn/a')
    const slot = lease.slot
    const fewer = manyNodes(8).map((node, index) => ({ ...node, slot: index })).filter(node => node.slot !== slot)
    const next = testPool(fewer, { policy }, table)
    placement.update(next.pool)
    t.equal(table.inFlight(slot), 1)
    t.ok(placement.giveUp(lease))
    t.equal(table.inFlight(slot), 0)
    for (let attempt = 0; attempt < fewer.length; attempt++) {
      const node = placement.place(lease, 'fn/a')
      t.equal(next.pool.nodes[node]!.slot, lease.slot, 'indices are those of the new snapshot')
      t.ok(lease.slot !== slot)
      placement.giveUp(lease)
    }
    t.equal(placement.place(lease, 'fn/a'), -1)
    placement.update(testPool([], { policy }, table).pool)
    lease.reset()
    t.equal(placement.place(lease, 'fn/a'), -1)
    t.equal(lease.noPlace, 'no_eligible_node')
  })

  await t.test('same pool, same history, same decisions', async t => {
    const runs = [1, 2].map(() => {
      const { table, pool } = testPool(manyNodes(9), { policy })
      const placement = new Placement(pool, table, THREAD, 5)
      return Array.from({ length: 120 }, (_, call) => {
        const lease = new Lease()
        const node = placement.place(lease, call % 5 === 0 ? '' : `fn/${call % 11}`)
        if (call % 3 !== 0) placement.release(lease)
        return node
      })
    })
    t.strictSame(runs[0], runs[1])
  })

  await t.test('a lease can not be lost', async t => {
    const { table, pool } = testPool(manyNodes(3), { policy })
    const placement = new Placement(pool, table, THREAD, 100)
    const lease = new Lease()
    t.equal(placement.giveUp(lease), false)
    placement.place(lease, 'fn/a')
    t.throws(() => placement.place(lease, 'fn/a'), { message: /placed twice/ })
    t.throws(() => lease.reset(), { message: /release it first/ })
    t.ok(placement.release(lease))
  })
}

/** Every node is listed once, in a valid order, and each verdict is what the tables say. */
function check (
  candidates: readonly Candidate[], given: readonly TestNode[], ids: readonly string[], chosen: number
): void {
  const listed = candidates.map(candidate => candidate.id)
  if (listed.toSorted().join() !== ids.toSorted().join()) throw new Error('not each node once')
  let score = -Infinity
  let taken = false
  for (const candidate of candidates) {
    const { state = 0 } = given.find(node => node.id === candidate.id)!
    if (candidate.score < score) throw new Error('scores fall')
    score = candidate.score
    const isFirst: boolean = !taken && candidate.node === chosen
    taken ||= isFirst
    const wanted = (state & NODE_PRESENT) === 0
      ? 'absent'
      : (state & NODE_READY) === 0
          ? 'not_ready'
          : (state & NODE_UP) === 0 ? 'down' : candidate.verdict === 'tried' ? 'tried' : undefined
    const byCount = candidate.inFlight >= candidate.cap ? 'at_cap' : isFirst ? 'take' : 'standby'
    if (candidate.verdict !== (wanted ?? byCount)) throw new Error(`${candidate.id}: ${candidate.verdict}`)
  }
}
