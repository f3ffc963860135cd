/**
 * `/metrics` of a runner node, in the words of fnserver 0.3.753. Its traps are kept, because fnlb must survive them:
 * values that rise and fall are typed `counter`, and a function's series stay, at 0, once it was called.
 */
import type { FunctionView, SlotState } from './instance-pool.ts'

export interface NodeCounters {
  calls: number
  completed: number
  canceled: number
  timeouts: number
  errors: number
  serverBusy: number
  /** Calls that instances serve now. */
  running: number
}

export function newCounters (): NodeCounters {
  return { calls: 0, completed: 0, canceled: 0, timeouts: 0, errors: 0, serverBusy: 0, running: 0 }
}

export interface MetricsInput {
  readonly counters: NodeCounters
  readonly queued: number
  readonly functions: readonly FunctionView[]
  /** All that instances may take together, by their declared sizes. */
  readonly memoryBytes: number
}

/** Fn's states; this node never pauses an instance. */
const STATES = ['wait', 'start', 'idle', 'paused', 'busy'] as const

export function metricsText (input: MetricsInput): string {
  const { counters, functions } = input
  const lines: string[] = []
  const metric = (name: string, help: string, type: string, value: number): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`)
  }
  metric('fn_calls', 'calls created in agent', 'counter', counters.calls)
  metric('fn_canceled', 'calls canceled in agent', 'counter', counters.canceled)
  metric('fn_completed', 'calls completed in agent', 'counter', counters.completed)
  metric('fn_errors', 'calls errored in agent', 'counter', counters.errors)
  metric('fn_queued', 'calls currently queued against agent', 'counter', input.queued)
  metric('fn_running', 'calls currently running in agent', 'counter', counters.running)
  metric('fn_server_busy', 'calls where server was too busy in agent', 'counter', counters.serverBusy)
  metric('fn_timeouts', 'calls timed out in agent', 'counter', counters.timeouts)
  const used = usedBytes(functions)
  metric('fn_util_mem_avail', 'agent memory available', 'gauge', Math.max(0, input.memoryBytes - used))
  metric('fn_util_mem_used', 'agent memory in use', 'gauge', used)
  for (const state of STATES) {
    const name = `fn_container_${state}_total`
    lines.push(`# HELP ${name} containers in state container_${state}_total`, `# TYPE ${name} counter`)
    for (const fn of functions) lines.push(`${name}${labels(fn)} ${countOf(fn, state)}`)
  }
  lines.push('# HELP fn_container_evictions containers evicted', '# TYPE fn_container_evictions counter')
  for (const fn of functions) {
    if (fn.evictions > 0) {
      lines.push(`fn_container_evictions${labels(fn, 'container_state="idle",')} ${fn.evictions}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function usedBytes (functions: readonly FunctionView[]): number {
  let bytes = 0
  for (const fn of functions) {
    for (const instance of fn.instances) bytes += instance.state === 'wait' ? 0 : instance.memoryMb * 1024 * 1024
  }
  return bytes
}

function countOf (fn: FunctionView, state: typeof STATES[number]): number {
  const wanted: SlotState | undefined = state === 'paused' ? undefined : state
  return fn.instances.filter(instance => instance.state === wanted).length
}

/** Ids are made of letters, digits, `_ . -`: nothing to escape. */
function labels (fn: FunctionView, between = ''): string {
  return `{app_id="${fn.app}",${between}fn_id="${fn.fnId}",image_name="fnlb/demo-${fn.handler}:1"}`
}
