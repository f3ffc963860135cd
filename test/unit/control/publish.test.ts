import t from 'tap'
import { NodeRegistry } from '../../../lib/control/node-registry.ts'
import { Publisher } from '../../../lib/control/publish.ts'
import { NodeTable } from '../../../lib/tables/node-table.ts'
import { MAX_POOLS } from '../../../lib/tables/counters.ts'
import { config, node, pool } from '../../support/config.ts'

function make (maxNodes = 64) {
  const table = NodeTable.create(maxNodes, 1)
  const registry = new NodeRegistry(table)
  return { table, registry, publisher: new Publisher(registry) }
}

void t.test('a snapshot has sorted nodes, slots, rings and routes', async (t) => {
  const { registry, publisher } = make()
  const nodes = [node('c'), node('a', { port: 81 }), node('b')]
  const { snapshot, pools } = publisher.publish(config([
    pool('api', [node('x')], { api: { action: 'refuse' } }),
    pool('fn', nodes, { api: { action: 'route', nodeIds: ['b'] } })
  ], { routes: [{ pathPrefix: '/v2', pool: 'api' }], defaultPool: 'fn' }), 0)
  t.equal(snapshot.generation, 1)
  t.same(snapshot.routes, [{ pathPrefix: '/v2', pool: 0 }])
  t.equal(snapshot.defaultPool, 1)
  const fn = snapshot.pools[1]!
  t.same(fn.nodes.map(({ id }) => id), ['a', 'b', 'c'])
  t.equal(fn.nodes[0]!.port, 81)
  t.same(fn.nodes.map(({ slot }) => slot), fn.nodes.map(({ id }) => registry.get('fn', id)!.slot))
  t.same(fn.api, { action: 'route', nodes: [1] })
  t.equal(fn.ring.nodeCount, 3)
  t.ok(fn.ring.positions.buffer instanceof SharedArrayBuffer, 'the ring is shared, not copied, when posted')
  const sum = pools[1]!.shares.reduce((total, share) => total + share, 0)
  t.ok(Math.abs(sum - 1) < 1e-9)
})

void t.test('the order in which nodes are named changes nothing', async (t) => {
  const named = (...ids: string[]) => make().publisher.publish(config([pool('fn', ids.map((id) => node(id)))]), 0)
  t.equal(named('a', 'b', 'c').snapshot.pools[0]!.ring.digest, named('c', 'a', 'b').snapshot.pools[0]!.ring.digest)
})

void t.test('a ring is built anew only when a member or a capacity has changed', async (t) => {
  const { publisher } = make()
  const first = publisher.publish(config([pool('fn', [node('a'), node('b')])]), 0)
  const moved = publisher.publish(config([pool('fn', [node('b', { host: '10.0.0.1' }), node('a')])]), 0)
  t.equal(moved.snapshot.generation, 2)
  t.equal(moved.snapshot.pools[0]!.ring, first.snapshot.pools[0]!.ring)
  t.equal(moved.snapshot.pools[0]!.nodes[1]!.host, '10.0.0.1')
  t.equal(moved.pools[0]!.ringChanges, 0)
  const bigger = publisher.publish(config([pool('fn', [node('a', { capacity: 32 }), node('b')])]), 0)
  t.not(bigger.snapshot.pools[0]!.ring.digest, first.snapshot.pools[0]!.ring.digest)
  t.equal(bigger.pools[0]!.ringChanges, 1)
  const fewer = publisher.publish(config([pool('fn', [node('b')])]), 0)
  t.equal(fewer.pools[0]!.ringChanges, 2)
})

void t.test('a pool keeps its index in the tables, and a removed one takes its nodes along', async (t) => {
  const { table, registry, publisher } = make()
  publisher.publish(config([pool('a', [node('x')]), pool('b', [node('y')])]), 0)
  const slot = registry.get('a', 'x')!.slot
  const { snapshot } = publisher.publish(config([pool('b', [node('y')])]), 0)
  t.equal(snapshot.pools[0]!.index, 1)
  t.equal(snapshot.defaultPool, 0, 'routes and the default count positions')
  t.equal(registry.get('a', 'x'), undefined)
  t.equal(table.state(slot), 0)
})

void t.test('too many pools or nodes are refused before anything changes', async (t) => {
  const { registry, publisher } = make(3)
  publisher.publish(config([pool('fn', [node('a')])]), 0)
  const tooMany = config([pool('fn', ['b', 'c', 'd', 'e'].map((id) => node(id)))])
  t.throws(() => publisher.publish(tooMany, 0), /2 nodes too many/)
  t.ok(registry.get('fn', 'a'), 'still the old members')
  const many = Array.from({ length: MAX_POOLS }, (_, index) => pool(`p${index}`, []))
  t.throws(() => publisher.publish(config(many), 0), /more than 16 pools/)
})
