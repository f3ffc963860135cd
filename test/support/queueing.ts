/** One node under Poisson arrivals of one function without cold starts: what queueing theory speaks of. */
import { simulate } from '../../lib/simulate/simulation.ts'
import { REFERENCE } from '../../lib/simulate/scenario.ts'
import { Random } from '../../lib/simulate/random.ts'
import type { Distribution } from '../../lib/simulate/distribution.ts'
import type { Scenario } from '../../lib/simulate/scenario.ts'
import type { Workload } from '../../lib/simulate/workload.ts'

const LEAST = { name: 'least-request', policy: 'least-request', tier: 'none' } as const

export interface QueueingCase {
  readonly cores: number
  readonly load: number
  readonly service: Distribution
  /** Measured, per batch. */
  readonly minutes: number
  readonly batches: number
}

/** Mean response time over independent runs, and the standard error of that mean. */
export function meanResponse ({ cores, load, service, minutes, batches }: QueueingCase): { meanS: number, errorS: number } {
  const warmUpMinutes = 3
  const total = warmUpMinutes + minutes
  const scenario: Scenario = {
    ...REFERENCE,
    nodes: [{ cores, memoryMb: 1e9, speed: 1 }],
    balancers: 1,
    load,
    warmUpMinutes,
    measuredMinutes: minutes,
    keepAliveS: 1e9,
    runningPerCore: 1e6,
    coldStart: { medianS: 1e-9, sigma: 0, minS: 0, maxS: 1, jitterRatio: 0 }
  }
  const means = Array.from({ length: batches }, (_, batch) => {
    const random = new Random(batch + 1)
    const perMinute = cores * load / service.meanS * 60
    const calls = Uint32Array.from({ length: total }, () => random.poisson(perMinute))
    const workload: Workload = {
      source: 'queueing',
      firstMinute: 0,
      minutes: total,
      functions: [{ key: 'only', execution: service, memoryMb: 1, calls }]
    }
    // The load is what the counts say: the simulator must not scale chance away.
    const drawn = calls.reduce((sum, count) => sum + count, 0) / total / 60 * service.meanS / cores
    return simulate({ ...scenario, load: drawn }, workload, LEAST, batch)
      .meanLatencyMs / 1000
  })
  const meanS = means.reduce((sum, mean) => sum + mean, 0) / batches
  const variance = means.reduce((sum, mean) => sum + (mean - meanS) ** 2, 0) / (batches - 1)
  return { meanS, errorS: Math.sqrt(variance / batches) }
}
