import t from 'tap'
import { FunctionTable, KEPT_RANKS } from '../../../lib/core/function-table.ts'
import { hashKey } from '../../../lib/core/hash.ts'
import { RingWalker } from '../../../lib/core/ring-image.ts'
import { buildRing } from '../../../lib/core/ring.ts'
import type { RingImage } from '../../../lib/tables/snapshot.ts'

function ringOf (count: number, name = 'node-'): RingImage {
  return buildRing(Array.from({ length: count }, (_, index) => ({ id: name + index, capacity: 16 }))).image
}

function walkOf (image: RingImage, key: string): number[] {
  const out = new Uint16Array(image.nodeCount)
  return Array.from(out.subarray(0, new RingWalker(image).walk(hashKey(key), out)))
}

function ranksOf (table: FunctionTable, key: string, upTo: number): number[] {
  const entry = table.lookup(key)
  return Array.from({ length: upTo }, (_, rank) => table.rank(entry, rank))
}

void t.test('ranks are the walk of the ring, the kept ones and those beyond', async t => {
  const image = ringOf(30)
  const table = new FunctionTable(image, 100)
  for (const key of ['fn/a', 'fn/b', 'fn/a']) {
    t.strictSame(ranksOf(table, key, 32), [...walkOf(image, key), -1, -1])
    t.equal(table.hash(table.lookup(key)), hashKey(key))
  }
  t.equal(table.size, 2)
  t.equal(table.distinct, 30)
})

void t.test('deep ranks may be asked for in any order', async t => {
  const image = ringOf(30)
  const table = new FunctionTable(image, 100)
  const [a, b] = [table.lookup('fn/a'), table.lookup('fn/b')]
  const [walkA, walkB] = [walkOf(image, 'fn/a'), walkOf(image, 'fn/b')]
  const asked = [[20, a], [21, b], [12, a], [12, a], [13, b], [29, a], [30, a], [9, b], [10, b], [8, a]] as const
  for (const [rank, entry] of asked) {
    t.equal(table.rank(entry, rank), (entry === a ? walkA : walkB)[rank] ?? -1, `rank ${rank} of entry ${entry}`)
  }
  table.lookup('fn/c')
  t.equal(table.rank(a, 11), walkA[11], 'also after a walk for another function')
})

void t.test('small and empty rings have short lists', async t => {
  t.strictSame(ranksOf(new FunctionTable(ringOf(2), 4), 'k', 12).filter(node => node >= 0).toSorted(), [0, 1])
  t.strictSame(ranksOf(new FunctionTable(buildRing([]).image, 4), 'k', 10), Array(10).fill(-1))
})

void t.test('after a change of the ring every rank is of the new one', async t => {
  const table = new FunctionTable(ringOf(30), 100)
  const keys = Array.from({ length: 20 }, (_, index) => `fn/${index}`)
  for (const key of keys) table.lookup(key)
  for (const image of [ringOf(29), ringOf(5), ringOf(40)]) {
    table.use(image)
    t.equal(table.size, 20, 'functions stay known')
    for (const key of keys) {
      const walk = walkOf(image, key)
      t.strictSame(ranksOf(table, key, walk.length + 1), [...walk, -1])
    }
  }
})

void t.test('bounded: what was called again stays, what was called once goes', async t => {
  const image = ringOf(5)
  const table = new FunctionTable(image, 300)
  const popular = Array.from({ length: 100 }, (_, index) => `popular/${index}`)
  for (const key of popular) table.lookup(key)
  for (const key of popular) table.lookup(key)
  for (let index = 0; index < 5000; index++) {
    table.lookup(`once/${index}`)
    // Each popular function is called again before the hand comes round.
    if (index % 2 === 0) table.lookup(popular[(index / 2) % 100]!)
  }
  t.equal(table.size, 300)
  const evicted = table.evictions
  t.equal(evicted, 100 + 5000 - 300)
  for (const key of popular) table.lookup(key)
  t.equal(table.evictions, evicted, 'no popular one had to come back')
  t.strictSame(ranksOf(table, 'once/0', KEPT_RANKS).slice(0, 5), walkOf(image, 'once/0'),
    'a forgotten one is computed again')
})

void t.test('when all have been called, the first whose mark is cleared goes', async t => {
  const table = new FunctionTable(ringOf(3), 2)
  for (const key of ['a', 'a', 'b', 'b', 'c']) table.lookup(key)
  t.equal(table.evictions, 1)
  table.lookup('b')
  t.equal(table.evictions, 1)
  table.lookup('a')
  t.equal(table.evictions, 2)
})

void t.test('a table of one entry works', async t => {
  const image = ringOf(3)
  const table = new FunctionTable(image, 1)
  for (const key of ['a', 'b', 'b', 'a']) t.strictSame(ranksOf(table, key, 3), walkOf(image, key))
  t.equal(table.size, 1)
  t.equal(table.evictions, 2)
  t.throws(() => new FunctionTable(image, 0), { message: /expected a whole number/ })
})

void t.test('keys of any text are kept as they are', async t => {
  const table = new FunctionTable(ringOf(3), 100)
  const keys = ['', 'ä', '🦀', '\ud800', 'x'.repeat(513), 'header:k/a b']
  const entries = keys.map(key => table.lookup(key))
  t.equal(new Set(entries).size, keys.length)
  t.strictSame(keys.map(key => table.lookup(key)), entries)
  for (const [index, key] of keys.entries()) t.equal(table.hash(entries[index]!), hashKey(key))
})
