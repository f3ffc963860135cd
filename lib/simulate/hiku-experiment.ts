/**
 * The experiment of Hiku (Akbari and Hauswirth, "Hiku: Pull-Based Scheduling for Serverless Computing", CCGrid 2025),
 * whose published gains over bounded loads are the check that the simulator's pull and bounded-load behave as the real
 * ones do: five workers of four cores, sandboxes of 512 MB, 40 functions by the popularity of the Azure 2021 trace, and
 * 20, 50 and 100 users in turn for 100 s each who think for 0.1 to 1 s.
 *
 * Assumed, since it is not published: execution times of the eight FunctionBench programs and the start-up time. How
 * many sandboxes a worker keeps is not published either, and decides how many calls are cold: it is the caller's choice.
 */
import { percentiles } from './distribution.ts'
import { REFERENCE } from './scenario.ts'
import { VirtualUsers } from './virtual-users.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import type { FunctionProfile, Workload } from './workload.ts'

const FUNCTIONS = 40
const SECONDS = 100
const USERS = [20, 50, 100] as const
const SANDBOX_MB = 512
const PROGRAM_MS = [60, 80, 100, 130, 160, 200, 250, 300] as const
const START_S = 0.3

/** Published of the trace: shares of the top 1, 10 and 40 of 424 functions. */
const PUBLISHED_SHARES = [[0, 0], [1, 0.27], [10, 0.726], [40, 0.918]] as const

/** Popularity with the published shape, for where the trace's own is not at hand. */
export function publishedPopularity (): number[] {
  const shares: number[] = []
  for (let i = 1; i < PUBLISHED_SHARES.length; i++) {
    const [fromRank, fromShare] = PUBLISHED_SHARES[i - 1]!
    const [toRank, toShare] = PUBLISHED_SHARES[i]!
    const ratio = toRank - fromRank === 1 ? 1 : 0.25 ** (1 / (toRank - fromRank))
    const weights = Array.from({ length: toRank - fromRank }, (_, step) => ratio ** step)
    const sum = weights.reduce((total, weight) => total + weight, 0)
    shares.push(...weights.map(weight => (toShare - fromShare) * weight / sum))
  }
  return shares
}

export interface Experiment {
  readonly scenario: Scenario
  readonly workload: Workload
  readonly source: (random: Random) => VirtualUsers
}

/**
 * @param popularity of functions, in any unit and order; the 40 most popular are used.
 * @param sandboxes that fit into the memory of a worker.
 */
export function hikuExperiment (popularity: readonly number[], sandboxes: number): Experiment {
  const weights = popularity.toSorted((a, b) => b - a).slice(0, FUNCTIONS)
  const minutes = USERS.length * SECONDS / 60
  const functions = weights.map((_, index): FunctionProfile => {
    // Copies of one program are spread over the ranks of popularity.
    const seconds = PROGRAM_MS[(index * 3) % PROGRAM_MS.length]! / 1000
    return {
      key: `hiku/${index}`,
      execution: percentiles([0, 50, 100], [seconds * 0.8, seconds, seconds * 1.25]),
      memoryMb: SANDBOX_MB,
      calls: new Uint32Array(minutes)
    }
  })
  return {
    scenario: {
      ...REFERENCE,
      name: 'hiku',
      title: 'Hiku: 5 workers, 20, 50 and 100 users',
      nodes: Array.from({ length: 5 }, () => ({ cores: 4, memoryMb: sandboxes * SANDBOX_MB, speed: 1 })),
      balancers: 1,
      warmUpMinutes: 0,
      measuredMinutes: minutes,
      keepAliveS: 3600,
      coldStart: { medianS: START_S, sigma: 0, minS: START_S, maxS: START_S, jitterRatio: 0.3 }
    },
    workload: { source: 'hiku', firstMinute: 0, minutes, functions },
    source: random => new VirtualUsers({
      phases: USERS.map(users => ({ users, seconds: SECONDS })),
      thinkMinS: 0.1,
      thinkMaxS: 1,
      popularity: weights,
      execution: functions.map(({ execution }) => execution)
    }, random)
  }
}
