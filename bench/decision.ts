/**
 * Cost of a placement decision (DESIGN §7: p99 at most 10 µs at 64 nodes, 50 µs at 1000): 10,000 functions called with
 * a Zipf-like popularity, about 30 % of the pool's capacity in flight, two threads' rows in the table. One decision is
 * place + the release of an older call. Run: node dist/bench/decision.js
 */
import { fmix32 } from '../lib/core/hash.ts'
import { compileKeyRules } from '../lib/core/key-rules.ts'
import { Lease } from '../lib/core/placement/lease.ts'
import { Placement } from '../lib/core/placement/placement.ts'
import { manyNodes, testPool } from '../test/fixtures/pool.ts'

const FUNCTIONS = 10_000
const DECISIONS = 100_000
const SIZES = [8, 64, 256, 1000]
const paths = Array.from({ length: FUNCTIONS }, (_, index) =>
  `/invoke/01D3Z7K4N2NG8G00GZJ${String(index).padStart(7, '0')}`)
const { extract } = compileKeyRules([{ kind: 'fn' }])
const header = (): undefined => undefined

/** Popularity falls with the index as a Zipf law with exponent 1 does. */
function pick (call: number): number {
  const uniform = fmix32(call + 1) / 2 ** 32
  return Math.min(FUNCTIONS - 1, Math.floor(FUNCTIONS ** uniform) - 1)
}

interface Case {
  readonly name: string
  readonly policy: string
  /** Part of the nodes that take no call. */
  readonly downRatio: number
  /** Every node at its cap. */
  readonly isFull?: boolean
  readonly maxFunctions?: number
}

const CASES: readonly Case[] = [
  { name: 'known function', policy: 'consistent-hash', downRatio: 0 },
  { name: 'known, 20 % of nodes down', policy: 'consistent-hash', downRatio: 0.2 },
  { name: 'table of 100: mostly unknown', policy: 'consistent-hash', downRatio: 0, maxFunctions: 100 },
  { name: 'every node full', policy: 'consistent-hash', downRatio: 0, isFull: true },
  { name: 'least request', policy: 'least-request', downRatio: 0 },
  { name: 'least request, every node full', policy: 'least-request', downRatio: 0, isFull: true }
]

function run (nodes: number, test: Case): Float64Array {
  const { table, pool } = testPool(manyNodes(nodes, 4).map(node => ({ ...node, cap: test.isFull === true ? 0 : 16 })),
    { policy: test.policy })
  for (let node = 0; node < nodes * test.downRatio; node++) table.setState(node, 0)
  const placement = new Placement(pool, table, 0, test.maxFunctions ?? 50_000)
  const leases = Array.from({ length: Math.ceil(nodes * 4 * 0.3) }, () => new Lease())
  const times = new Float64Array(DECISIONS)
  for (let call = -DECISIONS / 5; call < DECISIONS; call++) {
    const lease = leases[(call + DECISIONS) % leases.length]!
    const key = extract(paths[pick(call + DECISIONS)]!, '', header)
    const start = process.hrtime.bigint()
    placement.release(lease)
    lease.reset()
    placement.place(lease, key)
    if (call >= 0) times[call] = Number(process.hrtime.bigint() - start)
  }
  return times.sort()
}

const clock = Float64Array.from({ length: DECISIONS }, () => {
  const start = process.hrtime.bigint()
  return Number(process.hrtime.bigint() - start)
}).sort()
console.log(`clock itself: p50 ${clock[DECISIONS / 2]} ns, p99 ${clock[DECISIONS * 0.99]} ns (included below)`)
console.log(`${'case'.padEnd(34)} ${SIZES.map(size => `${size} nodes p50 / p99 µs`.padStart(26)).join('')}`)
for (const test of CASES) {
  const cells = SIZES.map(size => {
    const times = run(size, test)
    const micros = (at: number): string => (times[Math.floor(DECISIONS * at)]! / 1000).toFixed(2)
    return `${micros(0.5)} / ${micros(0.99)}`.padStart(26)
  })
  console.log(test.name.padEnd(34), cells.join(''))
}
