import t from 'tap'
import { diffRings } from '../../../lib/core/ring-diff.ts'
import { CIRCLE, homeOf, shares } from '../../../lib/core/ring-image.ts'
import { buildRing } from '../../../lib/core/ring.ts'

const nodes = Array.from({ length: 12 }, (_, index) => ({ id: `node-${index}`, capacity: 16 }))

void t.test('equal rings differ in nothing', async t => {
  t.strictSame(diffRings(buildRing(nodes), buildRing(nodes.toReversed())), { movedShare: 0, moves: [] })
})

void t.test('what a removed node had is all that moves, and all of it', async t => {
  const before = buildRing(nodes)
  const after = buildRing(nodes.slice(1))
  const diff = diffRings(before, after)
  const index = before.nodes.findIndex(node => node.id === 'node-0')
  t.equal(diff.movedShare, shares(before.image)[index])
  t.ok(diff.moves.every(move => move.from === 'node-0' && move.to !== 'node-0'))
  t.equal(diff.moves.reduce((sum, move) => sum + move.share, 0), diff.movedShare, 'binary fractions add up exactly')
  t.ok(diff.moves.every((move, at) => at === 0 || move.share <= diff.moves[at - 1]!.share), 'largest first')
})

void t.test('agrees with asking for every position', async t => {
  const before = buildRing([{ id: 'a', capacity: 1 }, { id: 'b', capacity: 2 }, { id: 'c', capacity: 1 }])
  const after = buildRing([{ id: 'b', capacity: 2 }, { id: 'c', capacity: 2 }, { id: 'd', capacity: 1 }])
  const counted = new Map<string, number>()
  // A prime stride over all 2^24 positions would take seconds; every position near a point decides.
  for (let position = 0; position < CIRCLE; position += 61) {
    const from = before.nodes[homeOf(before.image, position * 256)]!.id
    const to = after.nodes[homeOf(after.image, position * 256)]!.id
    if (from !== to) counted.set(`${from} ${to}`, (counted.get(`${from} ${to}`) ?? 0) + 61 / CIRCLE)
  }
  const { moves } = diffRings(before, after)
  t.strictSame(new Set(moves.map(move => `${move.from} ${move.to}`)), new Set(counted.keys()))
  for (const move of moves) {
    const sampled = counted.get(`${move.from} ${move.to}`)!
    t.ok(Math.abs(sampled - move.share) < 1e-4, `${move.from} → ${move.to}: ${move.share}, sampled ${sampled}`)
  }
})

void t.test('an empty ring is the home of nothing', async t => {
  const empty = buildRing([])
  const one = buildRing([{ id: 'a', capacity: 16 }])
  t.strictSame(diffRings(empty, one), { movedShare: 1, moves: [{ from: null, to: 'a', share: 1 }] })
  t.strictSame(diffRings(one, empty), { movedShare: 1, moves: [{ from: 'a', to: null, share: 1 }] })
  t.strictSame(diffRings(empty, empty), { movedShare: 0, moves: [] })
  t.strictSame(diffRings(buildRing([{ id: 'drained', capacity: 0 }]), empty), { movedShare: 0, moves: [] })
})
