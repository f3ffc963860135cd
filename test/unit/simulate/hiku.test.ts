/**
 * The external check of pulling against bounded loads: at the pool size at which bounded-load has the cold starts that
 * Hiku's authors measured for it (43 %), the gain of pull must be theirs (latency -14.9 %, throughput +8.3 %, cold
 * starts 43 -> 30 %). Sizes are whole sandboxes a worker, so the published point lies between two of them.
 */
import t from 'tap'
import { CONTENDERS } from '../../../lib/simulate/contenders.ts'
import { hikuExperiment, publishedPopularity } from '../../../lib/simulate/hiku-experiment.ts'
import { simulate } from '../../../lib/simulate/simulation.ts'

const SEEDS = [1, 2, 3]

interface Gain {
  readonly latency: number
  readonly throughput: number
  readonly coldBefore: number
  readonly coldAfter: number
}

function gainAt (sandboxes: number): Gain {
  const { scenario, workload, source } = hikuExperiment(publishedPopularity(), sandboxes)
  const run = (name: string) => SEEDS.map(seed =>
    simulate(scenario, workload, CONTENDERS.find(contender => contender.name === name)!, seed, source))
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const bounded = run('bounded-load')
  const pull = run('pull')
  return {
    latency: mean(pull.map((result, i) => result.meanLatencyMs / bounded[i]!.meanLatencyMs)) - 1,
    throughput: mean(pull.map((result, i) => result.calls / bounded[i]!.calls)) - 1,
    coldBefore: mean(bounded.map(({ coldPercent }) => coldPercent)),
    coldAfter: mean(pull.map(({ coldPercent }) => coldPercent))
  }
}

void t.test('the published gains of pull lie between two pool sizes', async t => {
  const smaller = gainAt(11)
  const larger = gainAt(12)
  t.comment(`11 and 12 sandboxes a worker: ${JSON.stringify([smaller, larger])}`)
  const between = (low: number, published: number, high: number, what: string): void => {
    t.ok(published > low && published < high, `${what}: ${low.toFixed(3)} < ${published} < ${high.toFixed(3)}`)
  }
  between(larger.coldBefore, 43, smaller.coldBefore, 'bounded-load, cold')
  between(larger.coldAfter, 30, smaller.coldAfter, 'pull, cold')
  between(larger.latency, -0.149, smaller.latency, 'latency')
  between(smaller.throughput, 0.083, larger.throughput, 'throughput')
})

void t.test('popularity without a trace has the published shares', async t => {
  const shares = publishedPopularity()
  const top = (count: number): number => shares.slice(0, count).reduce((sum, share) => sum + share, 0)
  t.equal(shares.length, 40)
  for (const [count, share] of [[1, 0.27], [10, 0.726], [40, 0.918]] as const) {
    t.ok(Math.abs(top(count) - share) < 1e-9, `top ${count}`)
  }
  t.ok(shares.every((share, rank) => rank === 0 || share <= shares[rank - 1]!), 'falls with the rank')
})
