/**
 * Cost of a placement decision (DESIGN §7: p99 at most 10 µs at 64 nodes, 50 µs at 1000): 10,000 functions called with
 * a Zipf-like popularity, about 30 % of the pool's capacity in flight, two threads' rows in the tables. Every node has
 * reported its load within the last second, and functions are warm where they were called. One decision is place + the
 * release of an older call; what is learned from that call is a line of its own. Exit code 1 if a bar of `hot` is missed.
 * Run: node dist/bench/decision.js [part of a case's name]
 */
import { fmix32 } from '../lib/core/hash.ts'
import { compileKeyRules } from '../lib/core/key-rules.ts'
import { Lease } from '../lib/core/placement/lease.ts'
import { Placement } from '../lib/core/placement/placement.ts'
import { HotTable } from '../lib/tables/hot-table.ts'
import { LoadTable } from '../lib/tables/load-table.ts'
import { learnDigestEnd, learnProbe } from '../lib/core/learn.ts'
import { manyNodes, testPool } from '../test/fixtures/pool.ts'
import type { LearnTables } from '../lib/core/learn.ts'

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
  readonly downRatio?: number
  /** Every node at its cap. */
  readonly isFull?: boolean
  /** Every node has reported twice as many calls as it has capacity for. */
  readonly isBusy?: boolean
  readonly maxFunctions?: number
  /** Nodes name what they have warm (T1). */
  readonly hasDigests?: boolean
  /** Measures what is learned from an answer instead of the decision. */
  readonly learns?: boolean
  /** p99 in µs by number of nodes. */
  readonly bars?: Readonly<Record<number, number>>
}

const BARS = { 64: 10, 1000: 50 }

const CASES: readonly Case[] = [
  { name: 'hot', policy: 'hot', bars: BARS },
  { name: 'hot, with digests', policy: 'hot', hasDigests: true, bars: BARS },
  { name: 'hot, 20 % of nodes down', policy: 'hot', downRatio: 0.2, bars: BARS },
  { name: 'hot, table of 100: mostly unknown', policy: 'hot', maxFunctions: 100, bars: BARS },
  { name: 'hot, every node overloaded', policy: 'hot', isBusy: true, bars: BARS },
  { name: 'hot, every node full', policy: 'hot', isFull: true, bars: BARS },
  { name: 'hot, what is learned', policy: 'hot', learns: true },
  { name: 'consistent-hash', policy: 'consistent-hash' },
  { name: 'consistent-hash, 20 % down', policy: 'consistent-hash', downRatio: 0.2 },
  { name: 'consistent-hash, table of 100', policy: 'consistent-hash', maxFunctions: 100 },
  { name: 'consistent-hash, every node full', policy: 'consistent-hash', isFull: true },
  { name: 'bounded-load', policy: 'bounded-load' },
  { name: 'least-request', policy: 'least-request' },
  { name: 'least-request, every node full', policy: 'least-request', isFull: true },
  { name: 'power-of-two', policy: 'power-of-two' },
  { name: 'round-robin', policy: 'round-robin' },
  { name: 'random', policy: 'random' },
  { name: 'ch-rlu', policy: 'ch-rlu' },
  { name: 'pull', policy: 'pull' }
]

function run (nodes: number, test: Case): Float64Array {
  const { table, pool } = testPool(manyNodes(nodes, 4).map(node => ({ ...node, cap: test.isFull === true ? 0 : 16 })),
    { policy: test.policy })
  for (let node = 0; node < nodes * (test.downRatio ?? 0); node++) table.setState(node, 0)
  const maxFunctions = test.maxFunctions ?? 50_000
  const shared = { loads: LoadTable.create(nodes, 2), hot: HotTable.create(maxFunctions, nodes) }
  const tables = { nodes: table, ...shared }
  const placement = new Placement(pool, table, 0, maxFunctions, shared)
  const leases = Array.from({ length: Math.ceil(nodes * 4 * 0.3) }, () => new Lease())
  const outcome = { latencyMs: 40, cold: null, execMs: NaN, initMs: NaN, idle: -1, crowding: 1 }
  const times = new Float64Array(DECISIONS)
  for (let call = -DECISIONS / 2; call < DECISIONS; call++) {
    // 10,000 calls a second; a tenth of the nodes is probed every 100 ms.
    const nowMs = 1e9 + call * 0.1
    if (call % 1000 === 0) probe(tables, nodes, nowMs, test)
    const lease = leases[(call + DECISIONS) % leases.length]!
    const key = extract(paths[pick(call + DECISIONS)]!, '', header)
    const learnsAt = process.hrtime.bigint()
    placement.learn(lease, outcome, nowMs)
    const start = process.hrtime.bigint()
    placement.release(lease)
    lease.reset()
    placement.place(lease, key, 'call', nowMs)
    const end = process.hrtime.bigint()
    if (call >= 0) times[call] = Number(test.learns === true ? start - learnsAt : end - start)
  }
  return times.sort()
}

function probe (tables: LearnTables, nodes: number, nowMs: number, { hasDigests, isBusy }: Case): void {
  for (let node = Math.round(nowMs / 100) % 10; node < nodes; node += 10) {
    const inFlight = isBusy === true ? 8 : tables.nodes.inFlight(node)
    learnProbe(tables, node, { inFlight, lasting: 1.2, capacity: 4, received: NaN }, nowMs)
    if (hasDigests === true) learnDigestEnd(tables, node, false, nowMs)
  }
}

const clock = Float64Array.from({ length: DECISIONS }, () => {
  const start = process.hrtime.bigint()
  return Number(process.hrtime.bigint() - start)
}).sort()
console.log(`clock itself: p50 ${clock[DECISIONS / 2]} ns, p99 ${clock[DECISIONS * 0.99]} ns (included below)`)
console.log(`${'case'.padEnd(34)} ${SIZES.map(size => `${size} nodes p50 / p99 µs`.padStart(26)).join('')}`)
let missed = 0
for (const test of CASES.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
  const cells = SIZES.map(size => {
    const times = run(size, test)
    const micros = (at: number): number => times[Math.floor(DECISIONS * at)]! / 1000
    const isMissed = micros(0.99) > (test.bars?.[size] ?? Infinity)
    if (isMissed) missed++
    return `${micros(0.5).toFixed(2)} / ${micros(0.99).toFixed(2)}${isMissed ? ' !' : ''}`.padStart(26)
  })
  console.log(test.name.padEnd(34), cells.join(''))
}
if (missed > 0) {
  console.log(`${missed} bars missed (marked !)`)
  process.exitCode = 1
}
