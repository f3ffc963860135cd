import t from 'tap'
import { hashKey } from '../../../lib/core/hash.ts'
import { Lease } from '../../../lib/core/placement/lease.ts'
import { Placement } from '../../../lib/core/placement/placement.ts'
import { policyFactory } from '../../../lib/core/placement/registry.ts'
import { RingWalker } from '../../../lib/core/ring-image.ts'
import { NODE_ELIGIBLE, NODE_READY, NODE_UP } from '../../../lib/tables/node-table.ts'
import { manyNodes, testPool } from '../../fixtures/pool.ts'
import type { TestPool } from '../../fixtures/pool.ts'

function preference ({ pool }: TestPool, key: string): number[] {
  const out = new Uint16Array(pool.nodes.length)
  return Array.from(out.subarray(0, new RingWalker(pool.ring).walk(hashKey(key), out)))
}

function placed (placement: Placement, key: string): Lease {
  const lease = new Lease()
  placement.place(lease, key)
  return lease
}

void t.test('consistent hash', async t => {
  void t.test('home first, then the next of the list when home is full, down or drained', async t => {
    const test = testPool(manyNodes(12, 4).map(node => ({ ...node, cap: 2 })))
    const placement = new Placement(test.pool, test.table, 0, 100)
    const list = preference(test, 'fn/a')
    const seen = Array.from({ length: 6 }, () => placed(placement, 'fn/a'))
    t.strictSame(seen.map(lease => lease.node), [list[0], list[0], list[1], list[1], list[2], list[2]])
    t.strictSame(seen.map(lease => lease.reason), ['home', 'home', 'spill', 'spill', 'spill', 'spill'])
    placement.release(seen[0]!)
    t.equal(placed(placement, 'fn/a').reason, 'home', 'back home as soon as there is room')
    test.table.setState(test.pool.nodes[list[3]!]!.slot, NODE_ELIGIBLE & ~NODE_UP)
    test.table.setState(test.pool.nodes[list[4]!]!.slot, NODE_ELIGIBLE & ~NODE_READY)
    t.equal(placed(placement, 'fn/a').node, list[5])
    t.strictSame(placement.explain(new Lease(), 'fn/a').candidates.map(({ rank, verdict }) => `${rank} ${verdict}`), [
      '0 at_cap', '1 at_cap', '2 at_cap', '3 down', '4 not_ready', '5 take', '6 standby', '7 standby', '8 standby',
      '9 standby', '10 standby', '11 standby'
    ])
  })

  void t.test('the list goes on beyond the ranks that are kept', async t => {
    const test = testPool(manyNodes(40).map(node => ({ ...node, cap: 1 })))
    const placement = new Placement(test.pool, test.table, 0, 100)
    const seen = Array.from({ length: 41 }, () => placed(placement, 'fn/a').node)
    t.strictSame(seen, [...preference(test, 'fn/a'), -1])
  })

  void t.test('what other threads have in flight counts against the cap', async t => {
    const test = testPool(manyNodes(3).map(node => ({ ...node, cap: 2 })))
    const [one, other] = [0, 1].map(thread => new Placement(test.pool, test.table, thread, 100))
    const list = preference(test, 'fn/a')
    const leases = [one, other, one, other].map(placement => placed(placement!, 'fn/a'))
    t.strictSame(leases.map(lease => lease.node), [list[0], list[0], list[1], list[1]])
    test.table.releaseThread(1)
    t.equal(placed(one!, 'fn/a').node, list[0], 'the places of a dead thread are free again')
  })

  void t.test('a node without ring points is nobody\'s candidate', async t => {
    const test = testPool([{ id: 'a', capacity: 4 }, { id: 'drained', capacity: 0, cap: 4 }])
    const placement = new Placement(test.pool, test.table, 0, 100)
    t.strictSame(placement.explain(new Lease(), 'fn/a').candidates.map(({ id }) => id), ['a'])
  })

  void t.test('a lost race for the last place goes on to the next node', async t => {
    const test = testPool(manyNodes(3).map(node => ({ ...node, cap: 1 })))
    const list = preference(test, 'fn/a')
    const home = test.pool.nodes[list[0]!]!.slot
    const acquire = test.table.tryAcquire.bind(test.table)
    // Another thread takes the last place between the look and the reservation.
    test.table.tryAcquire = (thread, slot) => {
      if (slot === home) acquire(1, slot)
      return acquire(thread, slot)
    }
    const lease = placed(new Placement(test.pool, test.table, 0, 100), 'fn/a')
    t.equal(lease.node, list[1])
    t.equal(test.table.inFlight(home), 1)
  })
})

void t.test('least request', async t => {
  void t.test('fewest in flight for its capacity', async t => {
    const nodes = [{ id: 'a', capacity: 4, cap: 16 }, { id: 'b', capacity: 8, cap: 32 }]
    const test = testPool(nodes, { policy: 'least-request' })
    const placement = new Placement(test.pool, test.table, 0, 100)
    const counts = [0, 0]
    for (let call = 0; call < 12; call++) counts[placed(placement, '').node]!++
    t.strictSame(counts, [4, 8])
  })

  void t.test('an idle pool is used in turn, also when some of it is down', async t => {
    const test = testPool(manyNodes(6))
    for (const node of [1, 2, 5]) test.table.setState(test.pool.nodes[node]!.slot, 0)
    const placement = new Placement(test.pool, test.table, 0, 100)
    const seen = Array.from({ length: 9 }, () => {
      const lease = placed(placement, '')
      t.equal(lease.reason, 'no_key')
      placement.release(lease)
      return lease.node
    })
    t.strictSame(seen, [0, 3, 4, 0, 3, 4, 0, 3, 4])
  })

  void t.test('threads begin at different nodes', async t => {
    const test = testPool(manyNodes(6))
    t.strictSame([0, 1].map(thread => placed(new Placement(test.pool, test.table, thread, 100), '').node), [0, 1])
  })

  void t.test('candidates behind the first are in order too', async t => {
    const test = testPool(manyNodes(5))
    const placement = new Placement(test.pool, test.table, 0, 100)
    for (const [node, calls] of [3, 1, 0, 2, 5].entries()) {
      for (let call = 0; call < calls; call++) test.table.tryAcquire(0, test.pool.nodes[node]!.slot)
    }
    test.table.setState(test.pool.nodes[1]!.slot, 0)
    t.strictSame(placement.explain(new Lease(), '').candidates.map(({ node, score }) => [node, score]),
      [[2, 0.25], [3, 0.75], [0, 1], [4, 1.5], [1, Infinity]])
  })
})

void t.test('API calls go to the nodes named for them, by least request', async t => {
  const test = testPool(manyNodes(5), { api: { action: 'route', nodes: [3, 1] } })
  const placement = new Placement(test.pool, test.table, 0, 100)
  const seen = Array.from({ length: 4 }, () => {
    const lease = new Lease()
    placement.place(lease, 'fn/a', 'api')
    t.equal(lease.reason, 'api')
    return lease.node
  })
  t.strictSame(seen, [3, 1, 3, 1])
  t.equal(placement.explain(new Lease(), '', 'api').candidates.length, 2)
  placement.update({ ...test.pool, api: { action: 'refuse' } })
  const lease = new Lease()
  t.equal(placement.place(lease, '', 'api'), -1)
  t.equal(lease.noPlace, 'no_eligible_node')
})

void t.test('a new snapshot may bring another policy', async t => {
  const test = testPool(manyNodes(5))
  const placement = new Placement(test.pool, test.table, 0, 100)
  t.equal(placement.explain(new Lease(), 'fn/a').policy, 'consistent-hash')
  placement.update({ ...test.pool, policy: 'least-request' })
  t.equal(placement.explain(new Lease(), 'fn/a').policy, 'least-request')
  t.equal(placement.pool.policy, 'least-request')
  t.throws(() => placement.update({ ...test.pool, policy: 'hottest' }), { message: /choose one of hot, .*consistent-hash/ })
  t.equal(placement.pool.policy, 'least-request', 'and a bad one changes nothing')
  t.throws(() => policyFactory('toString'), { name: 'RangeError' })
})

void t.test('what is known of functions outlives a snapshot with the same ring', async t => {
  const test = testPool(manyNodes(5))
  const placement = new Placement(test.pool, test.table, 0, 2)
  for (const key of ['a', 'b', 'c']) placed(placement, key)
  t.equal(placement.functions.size, 2)
  t.equal(placement.functions.evictions, 1)
  placement.update({ ...test.pool, maxBodyBytes: 5 })
  t.equal(placement.functions.size, 2)
  t.equal(placement.explain(new Lease(), 'fn/a').hash, hashKey('fn/a'))
  t.equal(placement.explain(new Lease(), '').hash, null)
})
