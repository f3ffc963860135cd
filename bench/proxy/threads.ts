/**
 * Two data threads of fnlb against one. Proxy, load and backends may use every core in both cases, so that only the
 * number of threads differs; on a machine of two cores the load takes its part of them, and the gain is bounded by it.
 */
import type { Contender, RunningProxy } from './contender.ts'
import type { ThreadsRow } from './results.ts'
import { scenarios, type Scenario } from './scenarios.ts'
import { reportProblem, rotated, startProxy, type Session } from './session.ts'
import { measure } from './throughput.ts'

export const threadCounts = [1, 2] as const

export async function measureThreads (session: Session, contender: Contender): Promise<ThreadsRow[]> {
  const scenario = scenarios.find(one => one.id === 'get-64') as Scenario
  const { all } = session.cores
  const { rounds, seconds, warmup } = session.options
  const rows: ThreadsRow[] = []
  const proxies: Array<{ threads: number, proxy: RunningProxy }> = []
  try {
    for (const threads of threadCounts) {
      const proxy = await startProxy(session, contender, { cpus: all, threads })
      proxies.push({ threads, proxy })
      if (warmup) await measure(session, proxy, scenario, 1, all)
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { threads, proxy } of rotated(proxies, round - 1)) {
        const name = `round ${round}/${rounds} threads ${contender.id} × ${threads}`
        session.progress.begin(name)
        const row = await measure(session, proxy, scenario, seconds, all)
        const { requestsPerSecond, cpuUsPerRequest, p99Us, residentBytes } = row
        rows.push({
          threads,
          round,
          requestsPerSecond,
          cpuUsPerRequest,
          p99Us,
          residentBytes,
          ...(row.fault === undefined ? {} : { fault: row.fault })
        })
        session.progress.end(`${name}: ` +
          (row.fault ?? `${Math.round(requestsPerSecond)} req/s  ${cpuUsPerRequest.toFixed(1)} µs CPU`))
        if (row.fault !== undefined) reportProblem(session, `${name}: ${row.fault}`)
      }
    }
  } catch (error) {
    reportProblem(session, `threads ${contender.id}: ${(error as Error).message}`)
  } finally {
    await Promise.all(proxies.map(async ({ proxy }) => { await proxy.process.stop() }))
  }
  return rows
}
