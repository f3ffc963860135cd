import t from 'tap'
import { createRing } from '../../../bench/proxy/rivals/ring.ts'

const nodes = Array.from({ length: 8 }, (_, i) => `http://127.0.0.1:${9000 + i}`)
const keys = Array.from({ length: 2000 }, (_, i) => `/invoke/fn${i}`)

void t.test('a key has one owner, a query does not move it', async t => {
  const ring = createRing(nodes)
  const again = createRing(nodes)
  t.same(keys.map(key => again.ownerOf(key)), keys.map(key => ring.ownerOf(key)))
  t.same(keys.map(key => again.ownerOf(`${key}?size=1m`)), keys.map(key => ring.ownerOf(key)))
})

void t.test('the keys are spread over all nodes', async t => {
  const counts = new Array<number>(nodes.length).fill(0)
  const ring = createRing(nodes)
  for (const key of keys) counts[ring.ownerOf(key)] = (counts[ring.ownerOf(key)] ?? 0) + 1
  for (const count of counts) t.ok(count > 125 && count < 500, `${count} of 2000 keys`)
})

void t.test('without one node only its keys move', async t => {
  const all = createRing(nodes)
  const fewer = createRing(nodes.slice(0, 7))
  const staying = keys.filter(key => all.ownerOf(key) !== 7)
  t.ok(staying.length < keys.length)
  t.same(staying.map(key => fewer.ownerOf(key)), staying.map(key => all.ownerOf(key)))
})

void t.test('no nodes, no ring', async t => {
  t.throws(() => createRing([]), RangeError)
})
