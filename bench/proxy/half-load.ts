/**
 * Added latency at half load: a constant arrival rate at half of what the slowest of fnlb, HAProxy and nginx can
 * carry, the same for all three and for the backends alone; the latter is the floor that is subtracted. The Node
 * rivals are left out: this rate is near or above all they can do.
 */
import { join } from 'node:path'
import { spread } from '../lib/stats.ts'
import type { RunningProxy } from './contender.ts'
import type { OpenLoopResult } from './open-loop.ts'
import { runToEnd } from './processes.ts'
import { goodRows, type HalfLoad, type HalfLoadRow, type ThroughputRow } from './results.ts'
import { functionKeys, scenarios, type Scenario } from './scenarios.ts'
import { reportProblem, reportWarning, rotated, type Session } from './session.ts'
import { measure } from './throughput.ts'

/** More would let the answers after a stall keep the generator's own loop busy for a millisecond. */
const connections = 32
const warmupSeconds = 1.2
/** Above this the row tells of the machine, not of the proxy: it is dropped, and that is no contender's fault. */
const mostDisturbed = 0.5

export function takesPart (contender: { readonly kind: string }): boolean {
  return contender.kind !== 'node'
}

interface Target {
  readonly id: string
  readonly port: number
}

async function measureOne (
  session: Session, target: Target, round: number, ratePerSecond: number
): Promise<HalfLoadRow> {
  const { seconds } = session.options
  try {
    const output = await runToEnd(session.processes, {
      name: 'open-loop load',
      command: process.execPath,
      args: [
        join(session.root, 'dist/bench/proxy/open-loop.js'),
        `--port=${target.port}`,
        `--rate=${ratePerSecond}`,
        `--seconds=${seconds}`,
        `--warmup=${warmupSeconds}`,
        `--connections=${connections}`,
        `--keys=${functionKeys}`
      ],
      cpus: session.cores.load
    }, (seconds + warmupSeconds + 15) * 1000)
    const result = JSON.parse(output) as OpenLoopResult
    const { p50Us, p99Us, p99AllUs, maxUs, disturbedRatio } = result
    const row = { contender: target.id, round, p50Us, p99Us, p99AllUs, maxUs, disturbedRatio }
    if (result.errors > 0) return { ...row, fault: `${result.errors} errors, the first: ${result.firstError}` }
    if (disturbedRatio > mostDisturbed) {
      const percent = Math.round(disturbedRatio * 100)
      return { ...row, fault: `the generator itself was held up for ${percent} % of the requests` }
    }
    return row
  } catch (error) {
    const fault = (error as Error).message
    return { contender: target.id, round, p50Us: 0, p99Us: 0, p99AllUs: 0, maxUs: 0, disturbedRatio: 0, fault }
  }
}

async function throughputOf (
  session: Session, proxy: RunningProxy, rows: readonly ThroughputRow[]
): Promise<number | undefined> {
  const scenario = scenarios.find(one => one.id === 'get-64') as Scenario
  const known = goodRows(rows).filter(row => row.contender === proxy.contender.id && row.scenario === scenario.id)
  if (known.length > 0) return spread(known.map(row => row.requestsPerSecond)).median
  if (session.options.scenarios.includes(scenario.id)) return undefined
  const row = await measure(session, proxy, scenario, 1, session.cores.load)
  return row.fault === undefined ? row.requestsPerSecond : undefined
}

/** @returns null when none of the three runs */
export async function measureHalfLoad (
  session: Session, proxies: readonly RunningProxy[], throughput: readonly ThroughputRow[]
): Promise<HalfLoad | null> {
  let slowest: { id: string, requestsPerSecond: number } | undefined
  const targets: Target[] = [{ id: 'direct', port: session.backends.ports[0] as number }]
  for (const proxy of proxies.filter(one => takesPart(one.contender))) {
    const { id } = proxy.contender
    const requestsPerSecond = await throughputOf(session, proxy, throughput)
    if (requestsPerSecond === undefined) {
      reportProblem(session, `half-load ${id}: left out, it has no good throughput row`)
      continue
    }
    targets.push({ id, port: proxy.port })
    if (slowest === undefined || requestsPerSecond < slowest.requestsPerSecond) slowest = { id, requestsPerSecond }
  }
  if (slowest === undefined) return null
  const ratePerSecond = Math.round(slowest.requestsPerSecond / 2)
  const rows: HalfLoadRow[] = []
  const { rounds } = session.options
  for (let round = 1; round <= rounds; round++) {
    for (const target of rotated(targets, round - 1)) {
      const name = `round ${round}/${rounds} half-load ${target.id}`
      session.progress.begin(name)
      const row = await measureOne(session, target, round, ratePerSecond)
      rows.push(row)
      session.progress.end(`${name}: ` + (row.fault === undefined
        ? `${ratePerSecond} req/s  p50 ${row.p50Us} µs  p99 ${row.p99Us} µs`
        : `FAILED: ${row.fault}`))
      if (row.fault !== undefined) {
        const report = row.disturbedRatio > mostDisturbed ? reportWarning : reportProblem
        report(session, `${name}: ${row.fault}`)
      }
    }
  }
  return { ratePerSecond, slowest: slowest.id, connections, rows }
}
