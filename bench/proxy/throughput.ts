/**
 * Closed-loop rounds: every scenario, every contender, in rotated order. CPU time is read from the process tree just
 * before wrk starts and just after it ends, while nothing else uses the proxy.
 */
import { resetPeaks, treeCpu, treeMemory } from '../lib/process-cpu.ts'
import type { RunningProxy } from './contender.ts'
import { findFault, runWrk } from './load.ts'
import type { ThroughputRow } from './results.ts'
import { scenarios, type Scenario } from './scenarios.ts'
import { reportProblem, rotated, type Session } from './session.ts'

export interface Measured extends Omit<ThroughputRow, 'scenario' | 'contender' | 'round'> {}

const nothing: Measured = {
  requests: 0,
  requestsPerSecond: 0,
  p50Us: 0,
  p99Us: 0,
  maxUs: 0,
  userSeconds: 0,
  systemSeconds: 0,
  cpuUsPerRequest: 0,
  busyRatio: 0,
  residentBytes: 0,
  peakBytes: null
}

/** Numbers that no proxy can have: then the measuring is broken, not the proxy. */
export function implausible (row: Measured): string | undefined {
  if (!(row.requestsPerSecond >= 20)) return `implausible: ${row.requestsPerSecond.toFixed(1)} requests a second`
  if (!(row.cpuUsPerRequest >= 1 && row.cpuUsPerRequest <= 50_000)) {
    return `implausible: ${row.cpuUsPerRequest.toFixed(2)} µs CPU per request`
  }
  if (!(row.p50Us > 0 && row.p50Us <= row.p99Us && row.p99Us <= row.maxUs)) {
    return `implausible latencies: p50 ${row.p50Us} µs, p99 ${row.p99Us} µs, max ${row.maxUs} µs`
  }
  if (!(row.residentBytes >= 1_000_000)) return `implausible: ${row.residentBytes} bytes resident`
  return undefined
}

/** Never throws: what went wrong is the row's fault. */
export async function measure (
  session: Session, proxy: RunningProxy, scenario: Scenario, seconds: number, loadCpus: string | null
): Promise<Measured> {
  const { pid } = proxy.process
  try {
    const canReset = resetPeaks(pid)
    const before = treeCpu(pid)
    const wrk = await runWrk({
      processes: session.processes, root: session.root, cpus: loadCpus, port: proxy.port, scenario, seconds
    })
    const after = treeCpu(pid)
    const memory = treeMemory(pid)
    const userSeconds = after.userSeconds - before.userSeconds
    const systemSeconds = after.systemSeconds - before.systemSeconds
    const wallSeconds = wrk.durationUs / 1e6
    const row: Measured = {
      requests: wrk.requests,
      requestsPerSecond: wrk.requests / wallSeconds,
      p50Us: wrk.p50Us,
      p99Us: wrk.p99Us,
      maxUs: wrk.maxUs,
      userSeconds,
      systemSeconds,
      cpuUsPerRequest: wrk.requests === 0 ? 0 : (userSeconds + systemSeconds) * 1e6 / wrk.requests,
      busyRatio: (userSeconds + systemSeconds) / wallSeconds,
      residentBytes: memory.residentBytes,
      peakBytes: canReset ? memory.peakBytes : null
    }
    const fault = findFault(wrk, scenario) ?? implausible(row)
    return fault === undefined ? row : { ...row, fault }
  } catch (error) {
    const said = proxy.process.hasEnded() ? ` (${await proxy.process.ended}: ${proxy.process.complaint()})` : ''
    return { ...nothing, fault: `${(error as Error).message}${said}` }
  }
}

function line (row: Measured): string {
  if (row.fault !== undefined) return `FAILED: ${row.fault}`
  return `${Math.round(row.requestsPerSecond)} req/s  ${row.cpuUsPerRequest.toFixed(1)} µs CPU  ` +
    `p99 ${(row.p99Us / 1000).toFixed(2)} ms`
}

function chosenScenarios (session: Session): Scenario[] {
  return scenarios.filter(scenario => session.options.scenarios.includes(scenario.id))
}

/** Each scenario once, uncounted: the Node proxies compile their code, all open their upstream connections. */
export async function warmUp (session: Session, proxies: readonly RunningProxy[]): Promise<void> {
  for (const proxy of proxies) {
    for (const scenario of chosenScenarios(session)) {
      session.progress.begin(`warm-up ${scenario.id} ${proxy.contender.id}`)
      const row = await measure(session, proxy, scenario, 1, session.cores.load)
      session.progress.end(`warm-up ${scenario.id} ${proxy.contender.id}: ${line(row)}`)
    }
  }
}

export async function measureThroughput (session: Session, proxies: readonly RunningProxy[]): Promise<ThroughputRow[]> {
  const rows: ThroughputRow[] = []
  const { rounds, seconds } = session.options
  for (let round = 1; round <= rounds; round++) {
    for (const [number, scenario] of chosenScenarios(session).entries()) {
      for (const proxy of rotated(proxies, round - 1 + number)) {
        const { id } = proxy.contender
        const name = `round ${round}/${rounds} ${scenario.id} ${id}`
        session.progress.begin(name)
        const time = Math.max(1, Math.floor(seconds * scenario.timeShare))
        const row = await measure(session, proxy, scenario, time, session.cores.load)
        rows.push({ scenario: scenario.id, contender: id, round, ...row })
        session.progress.end(`${name}: ${line(row)}`)
        if (row.fault !== undefined) reportProblem(session, `${name}: ${row.fault}`)
      }
    }
  }
  return rows
}

export function throughputSteps (session: Pick<Session, 'options'>, proxies: number): number {
  const { rounds, scenarios: chosen, warmup } = session.options
  return (rounds + (warmup ? 1 : 0)) * chosen.length * proxies
}
