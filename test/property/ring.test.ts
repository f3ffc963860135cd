/**
 * What must hold of any ring, whatever its members: the promises that the agreement of balancers and the cheapness of a
 * change rest on. Seeded, so that a run is repeatable; FNLB_SEED=<number> looks elsewhere.
 */
import fc from 'fast-check'
import t from 'tap'
import { fmix32 } from '../../lib/core/hash.ts'
import { diffRings } from '../../lib/core/ring-diff.ts'
import { CIRCLE, homeOf, NO_NODE, RingWalker, shares } from '../../lib/core/ring-image.ts'
import { buildRing } from '../../lib/core/ring.ts'
import type { Ring, RingNode } from '../../lib/core/ring.ts'

fc.configureGlobal({ seed: Number(process.env['FNLB_SEED'] ?? 2), numRuns: 60 })

const KEYS = Uint32Array.from({ length: 500 }, (_, index) => fmix32(index + 1))

const id = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
  fc.integer({ min: 0, max: 99 }).map(number => `runner-${number}`),
  fc.ipV4().map(address => `${address}:8080`)
)
const capacity = fc.oneof(
  fc.constant(16), fc.integer({ min: 1, max: 64 }), fc.double({ min: 0.01, max: 40, noNaN: true })
)
const members = (minLength: number): fc.Arbitrary<RingNode[]> =>
  fc.uniqueArray(fc.record({ id, capacity }), { minLength, maxLength: 24, selector: node => node.id })

function homeId ({ image, nodes }: Ring, hash: number): string | undefined {
  return nodes[homeOf(image, hash)]?.id
}

/** Pairs of different homes, as `from→to`, over the sample of keys. */
function movedKeys (before: Ring, after: Ring): Set<string> {
  const moves = new Set<string>()
  for (const hash of KEYS) {
    const [from, to] = [homeId(before, hash), homeId(after, hash)]
    if (from !== to) moves.add(`${from}→${to}`)
  }
  return moves
}

void t.test('every key has exactly one owner, the node of the first point at or after it', async () => {
  fc.assert(fc.property(members(1), nodes => {
    const { image } = buildRing(nodes)
    for (const hash of KEYS) {
      const position = hash >>> 8
      let point = image.positions.findIndex(at => at >= position)
      if (point < 0) point = 0
      if (homeOf(image, hash) !== image.owners[point]) return false
    }
    return Math.abs(shares(image).reduce((sum, share) => sum + share) - 1) < 1e-12
  }))
})

void t.test('the order of input never matters, and two builds agree', async () => {
  const shuffledToo = members(0)
    .chain(nodes => fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })))
  fc.assert(fc.property(shuffledToo, ([nodes, shuffled]) => {
    const [one, other] = [buildRing(nodes), buildRing(shuffled)]
    return one.image.digest === other.image.digest &&
      Buffer.compare(bytesOf(one), bytesOf(other)) === 0 &&
      one.nodes.every((node, index) => node.id === other.nodes[index]!.id)
  }))
})

function bytesOf ({ image }: Ring): Buffer {
  return Buffer.concat([new Uint8Array(image.positions.buffer), new Uint8Array(image.owners.buffer)])
}

void t.test('different members have different digests', async () => {
  fc.assert(fc.property(members(0), members(0), (one, other) => {
    const text = (nodes: RingNode[]) => JSON.stringify(nodes.map(node => [node.id, node.capacity]).toSorted())
    return (text(one) === text(other)) === (buildRing(one).image.digest === buildRing(other).image.digest)
  }))
})

void t.test('removing a node moves only its own keys', async () => {
  fc.assert(fc.property(members(2), fc.nat(), (nodes, which) => {
    const gone = nodes[which % nodes.length]!
    const [before, after] = [buildRing(nodes), buildRing(nodes.filter(node => node !== gone))]
    for (const move of diffRings(before, after).moves) if (move.from !== gone.id) return false
    for (const move of movedKeys(before, after)) if (!move.startsWith(`${gone.id}→`)) return false
    const index = before.nodes.findIndex(node => node.id === gone.id)
    return diffRings(before, after).movedShare === shares(before.image)[index]
  }))
})

void t.test('a change of weight moves nothing between two others, and only towards the node that grew', async () => {
  fc.assert(fc.property(members(2), fc.nat(), capacity, (nodes, which, changed) => {
    const node = nodes[which % nodes.length]!
    const after = buildRing(nodes.map(other => other === node ? { ...node, capacity: changed } : other))
    for (const move of diffRings(buildRing(nodes), after).moves) {
      if (changed >= node.capacity ? move.to !== node.id : move.from !== node.id) return false
    }
    return true
  }))
})

void t.test('a walk visits each node once, begins at home, and loses only the node that goes', async () => {
  fc.assert(fc.property(members(1), fc.nat(), (nodes, which) => {
    const ring = buildRing(nodes)
    const gone = nodes[which % nodes.length]!.id
    const smaller = buildRing(nodes.filter(node => node.id !== gone))
    const [walker, smallerWalker] = [new RingWalker(ring.image), new RingWalker(smaller.image)]
    const out = new Uint16Array(nodes.length + 1)
    for (const hash of KEYS.subarray(0, 50)) {
      out.fill(NO_NODE)
      const found = walker.walk(hash, out)
      const walk = Array.from(out.subarray(0, found), node => ring.nodes[node]!.id)
      if (found !== nodes.length || new Set(walk).size !== found || walk[0] !== homeId(ring, hash)) return false
      const left = Array.from(out.subarray(0, smallerWalker.walk(hash, out)), node => smaller.nodes[node]!.id)
      if (left.join('\n') !== walk.filter(name => name !== gone).join('\n')) return false
    }
    return true
  }))
})

void t.test('the diff is symmetric and adds up', async () => {
  fc.assert(fc.property(members(1), members(1), (one, other) => {
    const [a, b] = [buildRing(one), buildRing(other)]
    const [there, back] = [diffRings(a, b), diffRings(b, a)]
    const units = there.moves.reduce((sum, move) => sum + move.share * CIRCLE, 0)
    const swapped = new Map(back.moves.map(move => [`${move.to}→${move.from}`, move.share]))
    // Every home that a sampled key leaves is in the diff, and the other way round as far as the sample goes.
    for (const move of movedKeys(a, b)) if (!there.moves.some(({ from, to }) => `${from}→${to}` === move)) return false
    return units === there.movedShare * CIRCLE && there.movedShare === back.movedShare &&
      there.moves.every(move => swapped.get(`${move.from}→${move.to}`) === move.share)
  }))
})
