/**
 * A workload made up from published shapes, for where no trace is given. It is fitted to what has been published of the
 * Azure 2019 sample of 500 functions, not to the trace itself, and holds no data of it:
 *
 * - popularity: the top 1, 5, 10, 25, 50 and 100 functions make 63.1, 83.6, 90.9, 96.4, 98.4 and 99.3 % of the calls,
 *   half of all are called once in ten minutes or less; 105 calls/s and 53 cores in all; three functions need 18.7 cores
 *   (300 s a call), 13.0 (195 ms) and 8.8 (0.9 s);
 * - mean execution times of the others: LogNormal with log mean -0.38 and log deviation 2.36; memory: Burr XII with
 *   c = 11.652, k = 0.221, scale 107.083 MB (both Shahrad et al., "Serverless in the Wild", USENIX ATC 2020);
 * - counts by the minute: popular functions swing slowly around their mean; rare ones are timers (about a third,
 *   like the timer trigger there) or Poisson.
 *
 * Chosen here, since nobody published it: the spread of one function's times (LogNormal, log deviation 0.5, cut at
 * 1 and 99.9 %) and the swing (10 %, memory of ten minutes).
 */
import { percentiles } from './distribution.ts'
import { MIN_CONTAINER_MB } from './trace-folder.ts'
import type { Distribution } from './distribution.ts'
import type { Random } from './random.ts'
import type { FunctionProfile, Workload } from './workload.ts'

export interface GeneratorOptions {
  readonly functions: number
  readonly minutes: number
  readonly callsPerSecond: number
  readonly cores: number
}

export const DEFAULT_GENERATOR: GeneratorOptions = { functions: 500, minutes: 480, callsPerSecond: 105.5, cores: 53.2 }

/** Part of the calls made by functions up to a rank, as published for 500 functions. */
const CUMULATIVE = [
  [0, 0], [1, 0.631], [5, 0.836], [10, 0.909], [25, 0.964], [50, 0.984], [100, 0.993], [250, 0.9993], [500, 1]
] as const

/** Functions that no node can hold alone: popularity rank and seconds a call. */
const GIANTS = [
  { rank: 0, meanS: 0.195 },
  { rank: 1, meanS: 0.93 },
  { rank: 42, meanS: 300 }
] as const

/** Rate of the giant that is rare, calls per second: 18.7 cores at 300 s. */
const LONG_GIANT_RATE = 18.7 / 300

const LOG_MEAN = -0.38
const LOG_SIGMA = 2.36
const BURR = { c: 11.652, k: 0.221, scaleMb: 107.083 }
const OWN_SIGMA = 0.5
const SWING = 0.1
const SWING_MEMORY = Math.exp(-1 / 10)
const TIMER_RATIO = 0.35
const TIMER_PERIODS = [1, 5, 10, 15, 30, 60] as const
const SMALL_MS = 0.0005
const MAX_S = 600

/** Calls per second of each function, most popular first. */
function rates (options: GeneratorOptions): Float64Array {
  const result = new Float64Array(options.functions)
  const scale = options.functions / 500
  for (let i = 1; i < CUMULATIVE.length; i++) {
    const [fromRank, fromShare] = CUMULATIVE[i - 1]!
    const [toRank, toShare] = CUMULATIVE[i]!
    const from = i === 1 ? 0 : Math.max(1, Math.round(fromRank * scale))
    const to = i === CUMULATIVE.length - 1 ? options.functions : Math.max(1, Math.round(toRank * scale))
    // Within a segment popularity falls geometrically, so that its ends meet those of its neighbours roughly.
    const ratio = i === 1 ? 1 : 0.5 ** (1 / Math.max(1, (to - from) / 2))
    let sum = 0
    for (let rank = from; rank < to; rank++) sum += ratio ** (rank - from)
    for (let rank = from; rank < to; rank++) {
      result[rank] = options.callsPerSecond * (toShare - fromShare) * ratio ** (rank - from) / sum
    }
  }
  return result
}

/** LogNormal around a mean, as the percentiles that a trace would give. */
function spreadAround (meanS: number, sigma: number): Distribution {
  const median = meanS / Math.exp(sigma * sigma / 2)
  const at = (z: number): number => Math.max(SMALL_MS, median * Math.exp(sigma * z))
  return percentiles([0, 1, 25, 50, 75, 99, 100], [-3.1, -2.33, -0.674, 0, 0.674, 2.33, 3.1].map(at))
}

function burrMb (random: Random): number {
  // The inverse of 1 - (1 + x^c)^-k; its tail is heavier than any node, so it is cut where the published curve ends.
  const u = random.next()
  return Math.min(1024, BURR.scaleMb * ((1 - u) ** (-1 / BURR.k) - 1) ** (1 / BURR.c))
}

function callsByMinute (perMinute: number, minutes: number, random: Random): Uint32Array {
  const calls = new Uint32Array(minutes)
  if (perMinute <= 1 && random.next() < TIMER_RATIO) {
    const period = TIMER_PERIODS.findLast(one => one * perMinute <= 1) ?? 1
    const each = Math.max(1, Math.round(perMinute * period))
    for (let minute = random.below(period); minute < minutes; minute += period) calls[minute] = each
    return calls
  }
  let swing = random.normal()
  for (let minute = 0; minute < minutes; minute++) {
    swing = SWING_MEMORY * swing + Math.sqrt(1 - SWING_MEMORY ** 2) * random.normal()
    calls[minute] = random.poisson(perMinute * Math.exp(SWING * swing - SWING ** 2 / 2))
  }
  return calls
}

/** Mean times of all functions; those of no giant share what the giants leave of the cores. */
function meanTimes (perSecond: Float64Array, cores: number, random: Random): Float64Array {
  const means = new Float64Array(perSecond.length)
  let left = cores
  for (const { rank, meanS } of GIANTS) {
    if (rank >= means.length) continue
    means[rank] = meanS
    left -= perSecond[rank]! * meanS
  }
  let work = 0
  for (let rank = 0; rank < means.length; rank++) {
    if (means[rank] !== 0) continue
    // What is called all the time is short, or it would be a giant too.
    const limit = Math.min(MAX_S, 0.05 * cores / perSecond[rank]!)
    do means[rank] = random.logNormal(Math.exp(LOG_MEAN), LOG_SIGMA)
    while (means[rank]! > limit)
    work += means[rank]! * perSecond[rank]!
  }
  const scale = Math.max(0.1, left / work)
  for (let rank = 0; rank < means.length; rank++) {
    if (!GIANTS.some(giant => giant.rank === rank)) means[rank] = Math.max(0.001, means[rank]! * scale)
  }
  return means
}

/** @param random decides everything; the same seed is the same workload. */
export function generateWorkload (random: Random, options: GeneratorOptions = DEFAULT_GENERATOR): Workload {
  const perSecond = rates(options)
  const long = GIANTS[2]
  if (long.rank < perSecond.length) perSecond[long.rank] = LONG_GIANT_RATE * options.cores / DEFAULT_GENERATOR.cores
  const means = meanTimes(perSecond, options.cores, random.fork('times'))
  const memory = random.fork('memory')
  const functions = Array.from(perSecond, (rate, rank): FunctionProfile => ({
    key: `generated/${rank}`,
    execution: spreadAround(means[rank]!, rank === long.rank ? 0.01 : OWN_SIGMA),
    memoryMb: Math.max(MIN_CONTAINER_MB, burrMb(memory)),
    calls: callsByMinute(rate * 60, options.minutes, random.fork(`calls ${rank}`))
  }))
  return { source: `generator, ${options.functions} functions`, firstMinute: 480, minutes: options.minutes, functions }
}
