/**
 * Closed-loop load by wrk, and the checks that make a row count: no error of any kind, no status of 400 or more, and
 * at least the bytes that the right answers have. A row that fails them is kept, marked, and never compared.
 */
import { join } from 'node:path'
import { runToEnd, type Processes } from './processes.ts'
import { functionKeys, type Scenario } from './scenarios.ts'

export interface WrkResult {
  readonly requests: number
  readonly durationUs: number
  readonly bytes: number
  readonly connectErrors: number
  readonly readErrors: number
  readonly writeErrors: number
  /** Status 400 and above. */
  readonly statusErrors: number
  readonly timeouts: number
  readonly p50Us: number
  readonly p99Us: number
  readonly maxUs: number
}

export interface LoadOptions {
  readonly processes: Processes
  readonly root: string
  readonly cpus: string | null
  readonly port: number
  readonly scenario: Scenario
  /** Whole seconds: wrk knows no others. */
  readonly seconds: number
}

/** @throws Error when wrk printed no result line */
export function parseWrkOutput (output: string): WrkResult {
  const match = /^wrk-result (\{.*\})$/m.exec(output)
  if (match === null) throw new Error(`wrk printed no result: ${output.slice(0, 300)}`)
  return JSON.parse(match[1] as string) as WrkResult
}

/** Why the row must not be used; undefined = it is good. */
export function findFault (result: WrkResult, scenario: Scenario): string | undefined {
  const faults: string[] = []
  const kinds = ['connectErrors', 'readErrors', 'writeErrors', 'statusErrors', 'timeouts'] as const
  for (const kind of kinds) if (result[kind] > 0) faults.push(`${result[kind]} ${kind}`)
  if (result.requests === 0) faults.push('no request completed')
  else if (result.bytes / result.requests < scenario.responseBodyBytes) {
    faults.push(`${Math.round(result.bytes / result.requests)} bytes per answer, ` +
      `a right one has at least ${scenario.responseBodyBytes}`)
  }
  return faults.length === 0 ? undefined : faults.join(', ')
}

export async function runWrk ({ processes, root, cpus, port, scenario, seconds }: LoadOptions): Promise<WrkResult> {
  const output = await runToEnd(processes, {
    name: 'wrk',
    command: 'wrk',
    args: [
      '--threads', '1',
      '--connections', String(scenario.connections),
      '--duration', `${seconds}s`,
      '--timeout', '10s',
      '--latency',
      '--script', join(root, 'bench/proxy/wrk.lua'),
      `http://127.0.0.1:${port}/`,
      '--', scenario.method, String(scenario.requestBodyBytes), String(functionKeys), scenario.query || '-'
    ],
    cpus
  }, (seconds + 15) * 1000)
  return parseWrkOutput(output)
}
