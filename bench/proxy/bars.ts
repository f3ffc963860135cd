/**
 * The bars of DESIGN §7 that this bench can judge, computed from the raw rows alone. A bar is judged by the median
 * over the rounds; what could not be measured is not held. (Memory per known function, placement time and lost calls
 * are measured by other benches.)
 */
import { ratios, spread, type Spread } from '../lib/stats.ts'
import { goodRows, pairByRound, type Results, type ThroughputRow } from './results.ts'

export interface Bar {
  /** The step of the bench that measures it. */
  readonly step: string
  readonly what: string
  /** '×' for ratios. */
  readonly unit: '×' | 'MB' | 'kB'
  readonly limit: number
  readonly stretch: number | null
  readonly measured: Spread | null
  readonly verdict: 'stretch reached' | 'held' | 'missed' | 'not measured'
}

function judge (bar: Pick<Bar, 'step' | 'what' | 'unit' | 'limit' | 'stretch'>, values: readonly number[]): Bar {
  if (values.length === 0) return { ...bar, measured: null, verdict: 'not measured' }
  const measured = spread(values)
  const within = (limit: number): boolean => measured.median <= limit
  if (bar.stretch !== null && within(bar.stretch)) return { ...bar, measured, verdict: 'stretch reached' }
  return { ...bar, measured, verdict: within(bar.limit) ? 'held' : 'missed' }
}

function cpuRows (results: Results, contender: string, scenario: string): ThroughputRow[] {
  return goodRows(results.throughput).filter(row => row.contender === contender && row.scenario === scenario)
}

function cpuRatios (results: Results, scenario: string, rival: string): number[] {
  const pairs = pairByRound(cpuRows(results, 'fnlb', scenario), cpuRows(results, rival, scenario))
  return ratios(pairs.map(([own]) => own.cpuUsPerRequest), pairs.map(([, other]) => other.cpuUsPerRequest))
}

/** In each round the Node rival that needs the least. */
function bestNodeRival (results: Results, scenario: string): number[] {
  const ids = results.contenders.filter(contender => contender.kind === 'node').map(contender => contender.id)
  return cpuRows(results, 'fnlb', scenario).flatMap(own => {
    const costs = ids.flatMap(id => cpuRows(results, id, scenario))
      .filter(row => row.round === own.round).map(row => row.cpuUsPerRequest)
    return costs.length === 0 ? [] : [own.cpuUsPerRequest / Math.min(...costs)]
  })
}

export interface AddedLatency {
  readonly round: number
  readonly addedUs: number
}

/**
 * p99 of a contender above the floor, by round. The floor is the median of the direct rounds: it belongs to the
 * machine and not to a round, and a disturbed direct round must not make a proxy look fast.
 */
export function addedP99Us (results: Results, contender: string): AddedLatency[] {
  const rows = goodRows(results.halfLoad?.rows ?? [])
  const direct = rows.filter(row => row.contender === 'direct').map(row => row.p99Us)
  if (direct.length === 0) return []
  const floor = spread(direct).median
  return rows.filter(row => row.contender === contender)
    .map(row => ({ round: row.round, addedUs: row.p99Us - floor }))
}

function addedLatencyRatios (results: Results): number[] {
  const pairs = pairByRound(addedP99Us(results, 'fnlb'), addedP99Us(results, 'haproxy'))
  // At or below the floor there is nothing to compare with: such a round says that the machine was too noisy.
  return pairs.filter(([, haproxy]) => haproxy.addedUs > 0).map(([fnlb, haproxy]) => fnlb.addedUs / haproxy.addedUs)
}

/** The bars of the steps that were asked for; without fnlb in the run there are none to judge. */
export function judgeBars (results: Results): Bar[] {
  if (!results.contenders.some(contender => contender.kind === 'fnlb')) return []
  const smallGets = [['get-64', 'small GET, 64 connections'], ['get-1000', 'small GET, 1,000 connections']] as const
  const rivals = [['nginx', 'nginx'], ['haproxy', 'HAProxy']] as const
  const memory = goodRows(results.memory).filter(row => row.contender === 'fnlb')
  const bars = [
    ...smallGets.flatMap(([step, title]) => [
      ...rivals.map(([rival, name]) => judge({
        step, what: `CPU per request against ${name}, ${title}`, unit: '×', limit: 1.5, stretch: 1.1
      }, cpuRatios(results, step, rival))),
      judge({
        step, what: `CPU per request against the best Node proxy, ${title}`, unit: '×', limit: 0.45, stretch: 0.35
      }, bestNodeRival(results, step))
    ]),
    judge({
      step: 'half-load', what: 'added latency p99 at half load against HAProxy', unit: '×', limit: 1.5, stretch: 1
    }, addedLatencyRatios(results)),
    judge({ step: 'memory', what: 'memory, idle', unit: 'MB', limit: 90, stretch: null },
      memory.map(row => row.idleBytes / 1e6)),
    judge({ step: 'memory', what: 'memory per idle client connection', unit: 'kB', limit: 8, stretch: null },
      memory.map(row => row.bytesPerConnection / 1e3))
  ]
  return bars.filter(bar => results.steps.includes(bar.step))
}

export function isKept (bar: Bar): boolean {
  return bar.verdict === 'held' || bar.verdict === 'stretch reached'
}
