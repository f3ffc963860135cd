/**
 * What all steps of one run share: the processes, the backends, the scratch directory, the running log of problems.
 */
import type { Progress } from '../lib/progress.ts'
import type { Backends } from './backends.ts'
import { startContender, type Contender, type RunningProxy } from './contender.ts'
import { freePorts } from './local-http.ts'
import type { Cores } from './machine.ts'
import type { Options } from './options.ts'
import type { Processes } from './processes.ts'
import { scenarios } from './scenarios.ts'

export interface Session {
  readonly options: Options
  readonly root: string
  readonly directory: string
  readonly cores: Cores
  readonly processes: Processes
  readonly backends: Backends
  readonly progress: Progress
  readonly problems: string[]
  readonly warnings: string[]
}

let starts = 0

/** The most client connections that any step opens, and some to spare. */
export function maxClients (options: Pick<Options, 'idleConnections'>): number {
  return Math.max(options.idleConnections, ...scenarios.map(scenario => scenario.connections)) + 200
}

export interface StartSettings {
  readonly cpus: string | null
  readonly threads: number
}

/** @throws Error with what the proxy said */
export async function startProxy (
  session: Session, contender: Contender, settings: StartSettings
): Promise<RunningProxy> {
  const [port, sparePort] = await freePorts(2) as [number, number]
  return await startContender(contender, {
    processes: session.processes,
    directory: session.directory,
    root: session.root,
    backendPorts: session.backends.ports,
    port,
    sparePort,
    tag: String(++starts),
    maxClients: maxClients(session.options),
    ...settings
  })
}

export function reportProblem (session: Session, problem: string): void {
  session.problems.push(problem)
  session.progress.note(`PROBLEM: ${problem}`)
}

/** What a reader must know, but that is no contender's fault. */
export function reportWarning (session: Session, warning: string): void {
  session.warnings.push(warning)
  session.progress.note(`WARNING: ${warning}`)
}

/** Every round starts with another one, so that nobody always runs first, or always after the same neighbour. */
export function rotated<T> (list: readonly T[], by: number): T[] {
  const shift = list.length === 0 ? 0 : by % list.length
  return [...list.slice(shift), ...list.slice(0, shift)]
}
