import t from 'tap'
import { NodeRegistry } from '../../../lib/control/node-registry.ts'
import { NODE_ELIGIBLE, NODE_PRESENT, NODE_READY, NodeTable } from '../../../lib/tables/node-table.ts'
import { node } from '../../support/config.ts'

const THRESHOLDS = { rise: 2, fall: 2 }
const OK = { ok: true, reason: '200' }
const BAD = { ok: false, reason: 'status 500' }

function make (maxNodes = 8) {
  const table = NodeTable.create(maxNodes, 2)
  const registry = new NodeRegistry(table)
  const slot = (id: string, pool = 'fn'): number => registry.get(pool, id)!.slot
  const eligible = (pool = 'fn'): string[] => [...registry.nodes(pool)]
    .filter((record) => table.isEligible(record.slot)).map(({ id }) => id).sort()
  return { table, registry, slot, eligible }
}

void t.test('a node keeps its slot while it is known, whatever its address', async (t) => {
  const { table, registry, slot } = make()
  registry.sync('fn', [node('a'), node('b')], false, 1, 0)
  registry.sync('api', [node('a')], false, 1, 0)
  const [a, b, other] = [slot('a'), slot('b'), slot('a', 'api')]
  t.equal(new Set([a, b, other]).size, 3, 'also the same id in two pools is two nodes')
  t.ok(table.tryAcquire(0, a))
  registry.sync('fn', [node('b'), node('a', { host: '10.0.0.7', capacity: 3, cap: 12 })], false, 2, 0)
  t.equal(slot('a'), a)
  t.equal(registry.get('fn', 'a')!.spec.host, '10.0.0.7')
  t.equal(table.inFlight(a), 1, 'its calls stay counted')
  t.same([table.capacity(a), table.cap(a)], [3, 12])
  t.equal(slot('b'), b)
})

void t.test('a slot is given on only when no thread can use it any more', async (t) => {
  const { table, registry, slot } = make(2)
  registry.sync('fn', [node('a'), node('b')], false, 1, 0)
  const a = slot('a')
  table.tryAcquire(1, a)
  registry.sync('fn', [node('b')], false, 2, 0)
  t.equal(table.state(a), 0, 'it takes no calls from now on')
  const wanted = [{ name: 'fn', nodes: [node('b'), node('c')] }]
  t.throws(() => registry.assertRoom(wanted), /1 nodes too many: at most 2/)
  registry.reclaim(1)
  t.throws(() => registry.assertRoom(wanted), 'a thread still has the old snapshot')
  registry.reclaim(2)
  t.throws(() => registry.assertRoom(wanted), 'a call is still under way')
  table.release(1, a)
  registry.reclaim(2)
  registry.assertRoom(wanted)
  registry.sync('fn', [node('b'), node('c')], false, 3, 0)
  t.equal(slot('c'), a)
  t.equal(table.inFlight(a), 0)
  registry.remove('fn', 4)
  registry.reclaim(4)
  registry.sync('fn', [node('d'), node('e')], false, 5, 0)
  t.same([slot('d'), slot('e')].sort(), [0, 1])
})

void t.test('without probes all nodes are eligible', async (t) => {
  const { registry, eligible } = make()
  registry.sync('fn', [node('a'), node('b')], false, 1, 0)
  t.same(eligible(), ['a', 'b'])
})

void t.test('with probes, unknown nodes serve while nothing better is known', async (t) => {
  const { registry, eligible } = make()
  registry.sync('fn', [node('a'), node('b'), node('c')], true, 1, 0)
  t.same(eligible(), ['a', 'b', 'c'], 'all unknown')
  registry.observe('fn', 'a', BAD, THRESHOLDS, 1)
  t.same(eligible(), ['a', 'b', 'c'], 'none is up')
  t.equal(registry.observe('fn', 'b', OK, THRESHOLDS, 3)?.state, 'unknown', 'one success admits')
  t.same(eligible(), ['b', 'c'], 'the first to answer does not get the calls of all: c has not failed')
  t.equal(registry.observe('fn', 'a', BAD, THRESHOLDS, 2)?.state, 'unknown', 'fall failures make it down')
  t.equal(registry.observe('fn', 'c', BAD, THRESHOLDS, 3), undefined, 'still unknown')
  t.same(eligible(), ['b'], 'but it has failed, and b is up')
  registry.observe('fn', 'c', OK, THRESHOLDS, 4)
  t.same(eligible(), ['b', 'c'])
  registry.sync('fn', [node('a'), node('b'), node('c'), node('d')], true, 2, 5)
  t.same(eligible(), ['b', 'c'], 'a newcomer waits for its first success')
  t.equal(registry.observe('fn', 'a', OK, THRESHOLDS, 6), undefined)
  t.equal(registry.observe('fn', 'a', OK, THRESHOLDS, 7)?.state, 'down', 'rise successes bring it back')
  t.same(eligible(), ['a', 'b', 'c'])
})

void t.test('results for a node that has left change nothing', async (t) => {
  const { registry } = make()
  registry.sync('fn', [node('a')], true, 1, 0)
  registry.sync('fn', [], true, 2, 0)
  t.equal(registry.observe('fn', 'a', OK, THRESHOLDS, 1), undefined)
  t.equal(registry.observe('none', 'a', OK, THRESHOLDS, 1), undefined)
})

void t.test('the operator\'s word beats probes, and no probe changes it', async (t) => {
  const { table, registry, slot } = make()
  registry.sync('fn', [node('a')], true, 1, 0)
  registry.setAdmin('fn', 'a', 'drain')
  registry.observe('fn', 'a', OK, THRESHOLDS, 1)
  t.equal(table.state(slot('a')), NODE_ELIGIBLE & ~NODE_READY)
  registry.setAdmin('fn', 'a', 'ready')
  t.equal(table.state(slot('a')), NODE_ELIGIBLE)
  registry.observe('fn', 'a', BAD, THRESHOLDS, 2)
  registry.observe('fn', 'a', BAD, THRESHOLDS, 3)
  t.equal(table.state(slot('a')), NODE_PRESENT | NODE_READY)
})
