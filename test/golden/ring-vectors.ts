/**
 * The vectors of test/golden/ring.json: computed here, compared by test/unit/core/golden.test.ts. Print new ones with
 * `node dist/test/golden/ring-vectors.js > test/golden/ring.json`, and only if keys are meant to move: then
 * RING_VERSION goes up and CHANGELOG.md gets a line under "Behaviour changes".
 */
import { hashKey } from '../../lib/core/hash.ts'
import { homeOf, RingWalker } from '../../lib/core/ring-image.ts'
import { buildRing, pointPosition, RING_VERSION } from '../../lib/core/ring.ts'

const NOTE = 'A change here moves keys on every balancer: raise RING_VERSION and add a line to CHANGELOG.md, ' +
  '"Behaviour changes".'

const KEYS = [
  'fn/01D3Z7K4N2NG8G00GZJ0000001', 'fn/a', 't/primesapp/primes', 't/myapp/hello', 't/myapp/', 'r/legacy/route/42',
  'header:x-fn-key/tenant-7', 'query:fn/resize', 'path:tenant,name/acme/resize', 't/caf%C3%A9/x', ''
]

interface VectorPool {
  readonly name: string
  readonly nodes: readonly (readonly [id: string, capacity: number])[]
  readonly referenceCapacity?: number
}

const POOLS: readonly VectorPool[] = [
  { name: 'three equal', nodes: [['runner-0', 16], ['runner-1', 16], ['runner-2', 16]] },
  {
    name: 'unequal, one without points',
    nodes: [['10.42.1.7:8080', 4], ['10.42.1.9:8080', 16], ['10.42.2.4:8080', 64], ['drained', 0]]
  },
  { name: 'beyond ASCII', nodes: [['knoten-ä', 16], ['\uffee', 16], ['\u{1f980}', 16]] },
  { name: 'fifty', nodes: Array.from({ length: 50 }, (_, index) => [`worker-${index}.example`, 16] as const) },
  { name: 'another reference', referenceCapacity: 4, nodes: [['a', 4], ['b', 8]] }
]

export function ringVectors () {
  return {
    note: NOTE,
    ringVersion: RING_VERSION,
    keys: KEYS.map(key => ({ key, hash: hex(hashKey(key), 8), position: hex(hashKey(key) >>> 8, 6) })),
    points: ['runner-0', 'runner-1', '10.42.1.7:8080', 'knoten-ä'].map(id => ({
      id,
      first: Array.from({ length: 12 }, (_, ordinal) => hex(pointPosition(id, ordinal), 6))
    })),
    pools: POOLS.map(pool => {
      const { image, nodes } = buildRing(
        pool.nodes.map(([id, capacity]) => ({ id, capacity })),
        pool.referenceCapacity !== undefined ? { referenceCapacity: pool.referenceCapacity } : {}
      )
      const walker = new RingWalker(image)
      const out = new Uint16Array(5)
      return {
        name: pool.name,
        digest: image.digest,
        points: image.positions.length,
        preference: Object.fromEntries(KEYS.map(key => {
          const found = walker.walk(hashKey(key), out)
          const ids = Array.from(out.subarray(0, found), node => nodes[node]!.id)
          if (nodes[homeOf(image, hashKey(key))]!.id !== ids[0]) throw new Error('the walk does not begin at home')
          return [key, ids]
        }))
      }
    })
  }
}

function hex (value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(ringVectors(), null, 1))
