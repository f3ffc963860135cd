/**
 * The embedded pool of `fnlb serve --demo`: some demo runner nodes on loopback ports, each a process of its own, so
 * that one can be killed and started again under the eyes of the balancer.
 */
import { DemoError } from './errors.ts'
import type { RunnerOptions } from './options.ts'
import { startRunnerProcess, type RunnerProcess } from './runner-process.ts'

/** Each takes some 60 MB. */
const MAX_NODES = 64

export interface DemoPoolOptions extends Omit<RunnerOptions, 'nodeId' | 'port'> {
  /** How many. Default 3. */
  readonly nodes?: number
}

export interface DemoPool {
  /** In order of their ids `demo-1`, `demo-2`, …; a restarted node takes the place of the old one. */
  readonly nodes: readonly RunnerProcess[]
  /** Starts a node again that has ended, with its id and port. */
  restart (nodeId: string): Promise<RunnerProcess>
  /** Ends all, after their calls. Safe to call more than once. */
  stop (graceMs?: number): Promise<void>
}

/**
 * @throws DemoError as startRunnerProcess does; then no node is left running.
 */
export async function startDemoPool (options: DemoPoolOptions = {}): Promise<DemoPool> {
  const { nodes: count = 3, ...shared } = options
  if (!Number.isInteger(count) || count < 1 || count > MAX_NODES) {
    throw new DemoError('FNLB_DEMO_OPTION',
      `demo pool: nodes must be a whole number from 1 to ${MAX_NODES}, not ${count}`)
  }
  const started = await Promise.allSettled(Array.from({ length: count }, (_, index) =>
    startRunnerProcess({ ...shared, nodeId: `demo-${index + 1}` })))
  const nodes: RunnerProcess[] = []
  for (const outcome of started) if (outcome.status === 'fulfilled') nodes.push(outcome.value)
  const failure = started.find(outcome => outcome.status === 'rejected')
  if (failure !== undefined) {
    await Promise.all(nodes.map(node => node.stop(0)))
    throw failure.reason
  }
  return {
    nodes,
    restart: async nodeId => {
      const index = nodes.findIndex(node => node.nodeId === nodeId)
      const old = nodes[index]
      if (old === undefined) throw new RangeError(`no demo node ${nodeId}; there are demo-1 to demo-${count}`)
      await old.exited
      const port = Number(old.address.slice(old.address.lastIndexOf(':') + 1))
      const fresh = await startRunnerProcess({ ...shared, nodeId, port })
      nodes[index] = fresh
      return fresh
    },
    stop: async graceMs => {
      await Promise.all(nodes.map(node => node.stop(graceMs)))
    }
  }
}
