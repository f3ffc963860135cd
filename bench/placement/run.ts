/** Runs all jobs on a few threads, the long ones first, and gathers what they say. */
import { Worker } from 'node:worker_threads'
import { createProgress } from '../lib/progress.ts'
import type { Options } from './options.ts'
import type { RunResult } from './results.ts'
import type { Job, WorkerSetup } from './worker.ts'

/** Scenario whose verdict is about seeds, not means: it gets ten. */
export const BOOT_SCENARIO = 'cold-boot'

export function planJobs (options: Options): Job[] {
  const jobs = options.scenarios.flatMap(scenario => {
    const seeds = scenario.name === BOOT_SCENARIO && !options.quick ? options.bootSeeds : options.seeds
    return seeds.flatMap(seed => options.contenders.map(contender => ({ contender, scenario, seed })))
  })
  const size = ({ scenario }: Job): number => scenario.nodes.length * (10 + scenario.balancers)
  return jobs.toSorted((a, b) => size(b) - size(a))
}

function lineOf (run: RunResult): string {
  const { contender, scenario, seed, meanAddedMs, coldPercent, wallMs } = run
  return `${contender.padEnd(20)} ${scenario.padEnd(11)} seed ${String(seed).padEnd(4)} ` +
    `${meanAddedMs.toFixed(1).padStart(9)} ms added, ${coldPercent.toFixed(2)} % cold  (${(wallMs / 1000).toFixed(1)} s)`
}

/** @throws Error when a thread fails; the others are ended. */
export async function runJobs (jobs: readonly Job[], options: Options): Promise<RunResult[]> {
  const progress = createProgress()
  progress.plan(jobs.length)
  const results: RunResult[] = []
  const setup: WorkerSetup = { trace: options.trace, firstMinute: options.firstMinute }
  let next = 0
  const workers: Worker[] = []
  const work = async (): Promise<void> => new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: setup })
    workers.push(worker)
    const give = (): void => {
      const job = jobs[next++]
      if (job === undefined) {
        void worker.terminate()
        resolve()
        return
      }
      progress.begin(`${job.contender.name}, ${job.scenario.name}, seed ${job.seed}`)
      worker.postMessage(job)
    }
    worker.on('message', (run: RunResult) => {
      results.push(run)
      progress.end(lineOf(run))
      give()
    })
    worker.on('error', reject)
    give()
  })
  try {
    await Promise.all(Array.from({ length: Math.min(options.workers, jobs.length) }, work))
  } finally {
    progress.close()
    await Promise.all(workers.map(worker => worker.terminate()))
  }
  const order = (run: RunResult): number =>
    jobs.findIndex(({ contender, scenario, seed }) =>
      contender.name === run.contender && scenario.name === run.scenario && seed === run.seed)
  return results.toSorted((a, b) => order(a) - order(b))
}
