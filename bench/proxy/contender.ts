/**
 * What the bench needs to know of a proxy under test. A contender that is not installed says so, one that does not
 * start throws: the run goes on with the others and ends with a failure.
 */
import { waitUntilServes } from './local-http.ts'
import type { Processes, RunningProcess } from './processes.ts'

export interface StartContext {
  readonly processes: Processes
  /** Scratch directory of the run. */
  readonly directory: string
  /** The root of the repository. */
  readonly root: string
  readonly backendPorts: readonly number[]
  readonly port: number
  /** A second free port (fnlb's admin API). */
  readonly sparePort: number
  /** `taskset` CPU list; null = not pinned. */
  readonly cpus: string | null
  /** Client connections that must fit; a proxy may open one upstream connection for each. */
  readonly maxClients: number
  /** Data threads or worker processes. */
  readonly threads: number
  /** Unlike in any other start of this run: names the configuration file. */
  readonly tag: string
}

export interface Contender {
  readonly id: string
  readonly title: string
  readonly kind: 'fnlb' | 'native' | 'node'
  /** The settings that matter, for the record. */
  readonly settings: string
  /** Version in a few words; undefined = not installed. */
  version (root: string): string | undefined
  launch (context: StartContext): Promise<RunningProcess>
}

export interface RunningProxy {
  readonly contender: Contender
  readonly port: number
  readonly process: RunningProcess
}

/** Started and answering through a backend. @throws Error with what the proxy said */
export async function startContender (contender: Contender, context: StartContext): Promise<RunningProxy> {
  const process = await contender.launch(context)
  try {
    await waitUntilServes(process, context.port, '/invoke/fn1', 10_000)
  } catch (error) {
    await process.stop()
    throw error
  }
  return { contender, port: context.port, process }
}
