/** Whole runs on a small workload: the same seed is the same run, no call is lost from the books, disturbances happen. */
import t from 'tap'
import { generateWorkload } from '../../../lib/simulate/generator.ts'
import { Random } from '../../../lib/simulate/random.ts'
import { REFERENCE, SCENARIOS, scenarioNamed } from '../../../lib/simulate/scenario.ts'
import { simulate } from '../../../lib/simulate/simulation.ts'
import { selectWindow } from '../../../lib/simulate/workload.ts'
import type { Tier } from '../../../lib/simulate/contenders.ts'
import type { Scenario } from '../../../lib/simulate/scenario.ts'

const workload = generateWorkload(new Random(1), { functions: 60, minutes: 12, callsPerSecond: 20, cores: 10 })
const small: Scenario = {
  ...REFERENCE, nodes: REFERENCE.nodes.slice(0, 6), warmUpMinutes: 4, measuredMinutes: 8
}
const LEAST = { name: 'least-request', policy: 'least-request', tier: 'none' } as const
const HASH = { name: 'consistent-hash', policy: 'consistent-hash', tier: 'none' } as const

void t.test('the same seed is the same run, another is not', async t => {
  const first = simulate(small, workload, LEAST, 5)
  t.strictSame(simulate(small, workload, LEAST, 5), first)
  t.notSame(simulate(small, workload, LEAST, 6).meanAddedMs, first.meanAddedMs)
})

void t.test('policies get the very same calls', async t => {
  const least = simulate(small, workload, LEAST, 5)
  const hash = simulate(small, workload, HASH, 5)
  t.equal(hash.counts.arrived, least.counts.arrived)
  t.ok(Math.abs(hash.meanExecutionMs - least.meanExecutionMs) < 1e-6)
  t.ok(hash.meanAddedMs !== least.meanAddedMs)
})

void t.test('every call is executed, shed or lost, exactly once', async t => {
  const lossy: Scenario = {
    ...small,
    nodes: small.nodes.map((node, index) => ({
      ...node,
      ...(index === 1 && { lostS: 300 }),
      ...(index === 2 && { lostS: 310, returnsS: 330 }),
      ...(index === 3 && { joinsS: 320 })
    })),
    burst: { fromS: 400, untilS: 430, callsPerSecond: 50, executionS: 0.2, coldS: 1 }
  }
  for (const contender of [LEAST, HASH]) {
    const { counts, calls, minutes } = simulate(lossy, workload, contender, 7)
    t.equal(counts.executed + counts.shed + counts.lost, counts.arrived, contender.name)
    t.ok(counts.lost > 0, 'calls that were under way at a lost node are lost')
    t.ok(calls < counts.executed, 'the warm-up is not measured')
    t.equal(minutes.reduce((sum, minute) => sum + minute.calls, 0), counts.executed)
  }
})

void t.test('the load asked for is the load offered', async t => {
  const { loadFactor, meanExecutionMs, counts } = simulate(small, workload, LEAST, 5)
  const busy = counts.arrived * meanExecutionMs / 1000 / (12 * 60)
  t.ok(loadFactor > 0)
  t.ok(Math.abs(busy / (0.7 * 24) - 1) < 0.25, `${busy.toFixed(1)} of 24 cores busy`)
})

void t.test('a call starts cold once and is then warm', async t => {
  const { coldPercent, coldPercentPerFunction, slowdownP50 } = simulate(small, workload, HASH, 5)
  t.ok(coldPercent > 0 && coldPercent < 20, `${coldPercent} %`)
  t.ok(coldPercentPerFunction >= coldPercent, 'rare functions are cold more often')
  t.ok(slowdownP50 >= 1)
})

void t.test('phases are of their minutes', async t => {
  const phases = [{ name: 'early', fromS: 300, untilS: 360 }, { name: 'late', fromS: 600, untilS: 720 }]
  const result = simulate({ ...small, phases }, workload, LEAST, 5)
  t.equal(result.phases[0]!.calls, result.minutes[5]!.calls)
  t.equal(result.phases[1]!.calls, result.minutes[10]!.calls + result.minutes[11]!.calls)
})

void t.test('a balancer knows what its tier tells it', async t => {
  const runOf = (tier: Tier) => simulate(small, workload, { name: tier, policy: 'hot', tier }, 5)
  const runs = new Map((['none', 'load', 'T0', 'T1', 'T2'] as const).map(tier => [tier, runOf(tier)]))
  for (const [tier, { refusalsPerCall }] of runs) t.equal(refusalsPerCall > 0, tier === 'T2', `${tier}: ${refusalsPerCall}`)
  t.equal(new Set([...runs.values()].map(({ meanAddedMs }) => meanAddedMs)).size, 5, 'each tier decides otherwise')
})

void t.test('what a node lets go is heard at once by those who are told', async t => {
  const tight: Scenario = { ...small, nodes: small.nodes.map(node => ({ ...node, memoryMb: 600 })) }
  const pull = { name: 'pull', policy: 'pull', tier: 'T0' } as const
  const told = simulate(tight, workload, { ...pull, hasEvictionNotices: true }, 5)
  const untold = simulate(tight, workload, pull, 5)
  t.ok(told.coldPercent < untold.coldPercent, `${told.coldPercent} % cold, untold ${untold.coldPercent} %`)
})

void t.test('in a full pool calls wait in the balancer, and not for ever', async t => {
  const queue = { deadlineMs: 2000, perFunction: 5 }
  const full: Scenario = { ...small, load: 1.6, runningPerCore: 1, queue }
  const { counts, queuedRatio, shedReasons, notRunPercent } = simulate(full, workload, LEAST, 5)
  t.equal(counts.executed + counts.shed, counts.arrived)
  t.ok(queuedRatio > 0.1, `${queuedRatio} of the calls waited`)
  t.ok((shedReasons['queue_deadline'] ?? 0) > 0 && (shedReasons['queue_full'] ?? 0) > 0, JSON.stringify(shedReasons))
  t.ok(notRunPercent > 5 && notRunPercent < 60, `${notRunPercent} %`)
})

void t.test('the pool comes back after all of it was away', async t => {
  const away: Scenario = { ...small, nodes: small.nodes.map(node => ({ ...node, lostS: 300, returnsS: 310 })) }
  const { counts, minutes } = simulate(away, workload, { name: 'hot', policy: 'hot', tier: 'T2' }, 5)
  t.ok(counts.lost > 0 && counts.shed > 0, 'calls under way are lost, and for some seconds there is no node')
  t.ok(minutes.slice(7).every(({ calls }) => calls > 0), 'then calls are served again')
})

void t.test('a workload that is too short is an error that says so', async t => {
  t.throws(() => simulate(REFERENCE, workload, LEAST, 1), /40 minutes long.*only 12/)
  t.throws(() => selectWindow(workload, 100, 5), /has 480 to 491/)
})

void t.test('scenarios have names, and unknown ones are told', async t => {
  t.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length)
  t.equal(scenarioNamed('R').load, 0.7)
  t.throws(() => scenarioNamed('none'), /choose one of R|choose one of L1-50/)
})
