import { randomUUID } from 'node:crypto'
import t from 'tap'
import { hashKey } from '../../../lib/core/hash.ts'
import { compareIds } from '../../../lib/core/node-order.ts'
import { CIRCLE, homeOf, positionOf, RingWalker, shares } from '../../../lib/core/ring-image.ts'
import {
  buildMemberRing, buildRing, MAX_RING_POINTS, pointCounts, POINTS_PER_REFERENCE, ringKey
} from '../../../lib/core/ring.ts'
import type { RingNode } from '../../../lib/core/ring.ts'

function nodesNamed (count: number, capacity = 16, name = 'node-'): RingNode[] {
  return Array.from({ length: count }, (_, index) => ({ id: name + index, capacity }))
}

void t.test('consistent-hash itself and the frozen image agree on owners and on the order of the walk', async t => {
  const { image, nodes } = buildRing([...nodesNamed(40), { id: 'big', capacity: 64 }, { id: 'small', capacity: 1 }])
  const members = buildMemberRing(nodes, pointCounts(nodes).counts)
  const walker = new RingWalker(image)
  const out = new Uint16Array(nodes.length)
  let disagreed = 0
  // Random keys, every point with its neighbours, and both ends of the circle.
  const hashes = Array.from({ length: 20_000 }, (_, index) => hashKey(`fn/${index}`))
  for (const position of image.positions) {
    for (const near of [position - 1, position, position + 1]) {
      if (near >= 0 && near < CIRCLE) hashes.push(near * 256 + 17)
    }
  }
  hashes.push(0, 0xffffffff)
  for (const hash of hashes) if (members.get(ringKey(hash))!.id !== nodes[homeOf(image, hash)]!.id) disagreed++
  t.equal(disagreed, 0, `of ${hashes.length}`)
  const walks = Array.from({ length: 300 }, (_, key) => hashKey(`walk/${key}`))
  t.strictSame(
    walks.map(hash => Array.from(out.subarray(0, walker.walk(hash, out)), node => nodes[node]!.id)),
    walks.map(hash => members.get(ringKey(hash), nodes.length)!.map(node => node.id))
  )
})

void t.test('the three characters fed to consistent-hash come out as the position', async t => {
  for (const hash of [0, 255, 256, 0x00fff000, 0x12345678, 0x80000000, 0xffffffff]) {
    const key = ringKey(hash)
    // What the package computes: a 24-bit PJW hash, four bits a character.
    let pjw = 0
    for (const char of key) pjw = (pjw << 4) + char.charCodeAt(0)
    t.equal(pjw, positionOf(hash))
  }
})

void t.test('keys of every kind spread as evenly as the ring itself', async t => {
  const { image, nodes } = buildRing(nodesNamed(50))
  const part = shares(image)
  t.ok(Math.max(...part) * nodes.length < 1.3, `largest share ${Math.max(...part) * nodes.length} of the mean`)
  const sets: Record<string, (index: number) => string> = {
    uuids: () => randomUUID(),
    'fn-N': index => `fn-${index}`,
    'long tenant names': index => `a-rather-long-tenant-name-${index % 997}/function-${index}`,
    paths: index => `/v1/apps/app${index % 500}/fns/fn${index}/invoke`
  }
  for (const [name, key] of Object.entries(sets)) {
    const keys = 100_000
    const counts = new Float64Array(nodes.length)
    for (let index = 0; index < keys; index++) counts[homeOf(image, hashKey(key(index)))]!++
    const mean = keys / nodes.length
    t.ok(Math.max(...counts) / mean < 1.3, `${name}: max/mean ${Math.max(...counts) / mean}`)
    for (const [node, count] of counts.entries()) {
      // Ten standard deviations of a fair draw: what is beyond that is skew of the hash.
      const expected = part[node]! * keys
      if (Math.abs(count - expected) > 10 * Math.sqrt(expected)) t.fail(`${name}: ${count} keys, expected ${expected}`)
    }
  }
})

void t.test('points follow capacity', async t => {
  const { counts } = pointCounts([
    { id: 'a', capacity: 16 }, { id: 'b', capacity: 8 }, { id: 'c', capacity: 0 }, { id: 'd', capacity: 0.001 }
  ])
  t.strictSame(counts, [POINTS_PER_REFERENCE, POINTS_PER_REFERENCE / 2, 0, 1])
  t.strictSame(pointCounts([{ id: 'a', capacity: 4 }], 4).counts, [POINTS_PER_REFERENCE])
  const { image, nodes } = buildRing([
    { id: 'a', capacity: 16 }, { id: 'b', capacity: 64 }, { id: 'none', capacity: 0 }
  ])
  const part = shares(image)
  t.strictSame(nodes.map(node => node.id), ['a', 'b', 'none'])
  t.ok(part[0]! > 0.15 && part[0]! < 0.25, `${part[0]} is about a fifth`)
  t.equal(part[2], 0)
  t.equal(part[0]! + part[1]!, 1)
})

void t.test('a ring has a bounded number of points, and whatever is in it', async t => {
  const { image, halvings } = buildRing(nodesNamed(40, 16_000))
  t.equal(halvings, 5)
  t.ok(image.positions.length <= MAX_RING_POINTS)
  const huge = pointCounts([{ id: 'a', capacity: 1_000_000 }, ...nodesNamed(1000, 1)])
  t.ok(huge.counts.reduce((sum, count) => sum + count) <= MAX_RING_POINTS)
  t.ok(Math.min(...huge.counts) >= 1, 'nobody falls off')
  t.equal(buildRing(nodesNamed(1000)).halvings, 0, 'no halving in a pool of a thousand equal nodes')
})

void t.test('an empty ring has no home, no walk and no shares', async t => {
  for (const nodes of [[], [{ id: 'drained', capacity: 0 }]]) {
    const { image } = buildRing(nodes)
    const walker = new RingWalker(image)
    t.equal(homeOf(image, 12345), -1)
    t.equal(walker.walk(12345, new Uint16Array(4)), 0)
    t.equal(walker.next(), -1)
    t.strictSame(Array.from(shares(image)), nodes.map(() => 0))
  }
  t.not(buildRing([]).image.digest, buildRing([{ id: 'drained', capacity: 0 }]).image.digest)
})

void t.test('one node owns everything', async t => {
  const { image } = buildRing([{ id: 'only', capacity: 1 }])
  t.strictSame(Array.from(shares(image)), [1])
  t.equal(homeOf(image, 0), 0)
  t.equal(homeOf(image, 0xffffffff), 0)
})

void t.test('a position that two nodes want goes to the lower id', async t => {
  // Enough points that some positions are wanted twice: about n²/2^25.
  const nodes = nodesNamed(200, 64)
  const { counts } = pointCounts(nodes)
  const { image, nodes: sorted } = buildRing(nodes)
  const lost = counts.reduce((sum, count) => sum + count) - image.positions.length
  t.ok(lost > 100, `${lost} positions were wanted twice`)
  const removed = sorted[0]!
  const without = buildRing(sorted.slice(1))
  const heirs = new Map(Array.from(without.image.positions, (position, point) =>
    [position, without.nodes[without.image.owners[point]!]!.id]))
  let inherited = 0
  let changed = 0
  for (const [point, position] of image.positions.entries()) {
    const owner = sorted[image.owners[point]!]!.id
    const heir = heirs.get(position)
    if (owner !== removed.id) changed += heir === owner ? 0 : 1
    else if (heir !== undefined) {
      inherited++
      if (compareIds(removed.id, heir) > 0) t.fail(`${heir} had to give way to ${removed.id}`)
    }
  }
  t.equal(changed, 0, 'nothing else changes hands')
  t.ok(inherited > 0, 'the lower id had won some')
})

void t.test('positions are sorted, distinct and shared', async t => {
  const { image } = buildRing(nodesNamed(300))
  t.ok(image.positions.every((position, point) => point === 0 || position > image.positions[point - 1]!))
  t.ok(image.positions.buffer instanceof SharedArrayBuffer)
  t.ok(image.owners.buffer instanceof SharedArrayBuffer)
})

void t.test('the digest tells members, capacities and the reference apart', async t => {
  const base = [{ id: 'a', capacity: 16 }, { id: 'b', capacity: 16 }]
  const digests = [
    buildRing(base),
    buildRing(base, { referenceCapacity: 8 }),
    buildRing([{ id: 'a', capacity: 16 }, { id: 'b', capacity: 16.01 }]),
    buildRing([{ id: 'a', capacity: 16 }, { id: 'c', capacity: 16 }]),
    buildRing([{ id: 'ab', capacity: 16 }]),
    buildRing([...base, { id: 'c', capacity: 0 }])
  ].map(ring => ring.image.digest)
  t.equal(new Set(digests).size, digests.length)
  t.match(digests[0], /^[0-9a-f]{32}$/)
})

void t.test('bad members are refused with what to do', async t => {
  t.throws(() => buildRing([{ id: '', capacity: 1 }]), { name: 'RangeError', message: /stable, unique id/ })
  t.throws(() => buildRing([{ id: 'a', capacity: 1 }, { id: 'b', capacity: 1 }, { id: 'a', capacity: 2 }]),
    { message: /two nodes have the id "a"/ })
  for (const capacity of [-1, NaN, Infinity, 1_000_001]) {
    t.throws(() => buildRing([{ id: 'a', capacity }]), { message: /node "a" has capacity/ })
  }
  for (const referenceCapacity of [0, -1, NaN, Infinity, 1e-300]) {
    t.throws(() => buildRing([], { referenceCapacity }), { message: /reference capacity/ })
  }
  t.throws(() => buildRing(Array.from({ length: 65_536 }, (_, index) => ({ id: `${index}`, capacity: 1 }))),
    { message: /split the pool/ })
})

void t.test('ids are ordered as their UTF-8 bytes are', async t => {
  const ids = [
    'a', 'A', 'ab', 'a-', 'z', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '10.0.0.10:80',
    '10.0.0.9:80'
  ]
  t.strictSame(ids.toSorted(compareIds), ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
  t.equal(compareIds('same', 'same'), 0)
})

void t.test('a walker may be used again, cut short and moved to another ring', async t => {
  const first = buildRing(nodesNamed(10))
  const second = buildRing(nodesNamed(3))
  const walker = new RingWalker(first.image)
  const whole = new Uint16Array(10)
  const part = new Uint16Array(10)
  t.equal(walker.walk(99, whole), 10)
  t.equal(walker.walk(99, part, 4), 4)
  t.strictSame(part.subarray(0, 4), whole.subarray(0, 4))
  t.equal(walker.walk(99, new Uint16Array(2)), 2, 'no more than there is room for')
  walker.use(second.image)
  t.equal(walker.next(), -1, 'a walk does not go on into another ring')
  t.equal(walker.distinct, 3)
  t.equal(walker.walk(99, whole), 3)
})
