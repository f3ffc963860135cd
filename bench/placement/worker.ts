/**
 * One thread of the placement bench: reads the workload once, then runs what it is given, one run at a time. A thread
 * and not a process, since runs share nothing and their results are small.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { loadWorkload } from './workload.ts'
import { simulate } from '../../lib/simulate/simulation.ts'
import type { Contender } from '../../lib/simulate/contenders.ts'
import type { Scenario } from '../../lib/simulate/scenario.ts'
import type { RunResult } from './results.ts'

export interface WorkerSetup {
  readonly trace: string
  readonly firstMinute: number
}

export interface Job {
  readonly contender: Contender
  readonly scenario: Scenario
  readonly seed: number
}

const { trace, firstMinute } = workerData as WorkerSetup
const workload = loadWorkload(trace, firstMinute)

parentPort!.on('message', ({ contender, scenario, seed }: Job) => {
  const startedMs = performance.now()
  const result = simulate(scenario, workload, contender, seed)
  const minutes = scenario.phases.length === 0 ? [] : result.minutes
  const run: RunResult = { ...result, minutes, wallMs: performance.now() - startedMs }
  parentPort!.postMessage(run)
})
