/**
 * Runner nodes as child processes, and the handle through which their parent steers them. A real process can be killed
 * with -9, stopped with SIGSTOP and started again on the same port. It ends when its parent does, however that dies.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CallRecord } from './call-log.ts'
import { DemoError } from './errors.ts'
import type { Fault } from './faults.ts'
import { requireFdk } from './fdk.ts'
import type { ReadyLine } from './main.ts'
import { resolveOptions, type RunnerOptions } from './options.ts'
import type { RunnerState } from './runner.ts'

const MAIN = fileURLToPath(new URL(`./main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url))
/** A machine under heavy load still starts a process in less. */
const START_TIMEOUT_MS = 15_000
const STDERR_KEPT = 4096

export interface RunnerProcess {
  readonly nodeId: string
  readonly pid: number
  /** `host:port` of the data port. */
  readonly address: string
  readonly url: string
  /** `host:port` of the control port (control.ts). */
  readonly control: string
  /** Resolves when the process has ended, with its exit code or the name of the signal. */
  readonly exited: Promise<number | string>
  state (): Promise<RunnerState>
  /** @throws DemoError when records were lost, as what is left proves nothing. */
  calls (after?: number): Promise<CallRecord[]>
  clearCalls (): Promise<void>
  setFault (fault: Fault | undefined): Promise<void>
  /** Sends a signal: SIGKILL for a crash, SIGSTOP and SIGCONT for a node that hangs. */
  signal (name: NodeJS.Signals): void
  /** Ends it in order, its calls first; with force when that takes longer than `graceMs` (default 5,000) + 1 s. */
  stop (graceMs?: number): Promise<void>
}

/**
 * Starts a runner node and waits until it serves.
 * @throws DemoError for wrong options, a missing FDK, or when it ends before it serves.
 */
export async function startRunnerProcess (options: RunnerOptions = {}): Promise<RunnerProcess> {
  // Here, for an error with a stack instead of a line of the child.
  const { inline } = resolveOptions(options)
  if (!inline) requireFdk()
  const child = spawn(process.execPath, [
    MAIN, '--exit-with-stdin', '--options', JSON.stringify(options)
  ], {
    // A session of its own: Ctrl-C in a terminal is for the parent, which stops its nodes when it no longer needs them.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe']
  })
  return new Handle(child, await readyLine(child))
}

class Handle implements RunnerProcess {
  readonly nodeId: string
  readonly pid: number
  readonly address: string
  readonly url: string
  readonly control: string
  readonly exited: Promise<number | string>
  readonly #child: ChildProcess

  constructor (child: ChildProcess, ready: ReadyLine) {
    this.#child = child
    this.nodeId = ready.nodeId
    this.pid = ready.pid
    this.address = ready.address
    this.url = `http://${ready.address}`
    this.control = ready.control
    this.exited = exitOf(child)
  }

  async state (): Promise<RunnerState> {
    return await this.#ask('GET', '/state') as RunnerState
  }

  async calls (after = 0): Promise<CallRecord[]> {
    const answer = await this.#ask('GET', `/calls?after=${after}`) as { lost: number, calls: CallRecord[] }
    if (answer.lost > 0) {
      throw new DemoError('FNLB_DEMO_CONTROL',
        `the call log of ${this.nodeId} lost ${answer.lost} records; start it with a larger callLogSize`)
    }
    return answer.calls
  }

  async clearCalls (): Promise<void> {
    await this.#ask('DELETE', '/calls')
  }

  async setFault (fault: Fault | undefined): Promise<void> {
    if (fault === undefined) await this.#ask('DELETE', '/fault')
    else await this.#ask('PUT', '/fault', JSON.stringify(fault))
  }

  signal (name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async stop (graceMs = 5000): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // One that was stopped by SIGSTOP would not even notice SIGTERM.
      this.#child.kill('SIGCONT')
      if (graceMs > 0) this.#child.kill('SIGTERM')
      else this.#child.stdin?.end()
      const timer = setTimeout(() => { this.#child.kill('SIGKILL') }, graceMs + 1000)
      await this.exited
      clearTimeout(timer)
    }
    await this.exited
  }

  async #ask (method: string, path: string, body?: string): Promise<unknown> {
    try {
      const response = await fetch(`http://${this.control}${path}`, {
        method, ...(body === undefined ? {} : { body }), signal: AbortSignal.timeout(10_000)
      })
      const answer: unknown = await response.json()
      if (response.ok) return answer
      throw new Error(JSON.stringify(answer))
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new DemoError('FNLB_DEMO_CONTROL', `${method} ${path} of demo runner ${this.nodeId}: ${message}`, cause)
    }
  }
}

async function readyLine (child: ChildProcess): Promise<ReadyLine> {
  let output = ''
  let errors = ''
  child.stdin?.on('error', () => {})
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { errors = (errors + text).slice(-STDERR_KEPT) })
  const line = new Promise<string>(resolve => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // Only the first line matters; what comes later is read so that the pipe never fills.
      if (output.length < STDERR_KEPT) output += text
      const end = output.indexOf('\n')
      if (end !== -1) resolve(output.slice(0, end))
    })
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>(resolve => { timer = setTimeout(resolve, START_TIMEOUT_MS, '') })
  const ended = exitOf(child, true).then(() => '')
  const text = await Promise.race([line, ended, late])
  clearTimeout(timer)
  if (text !== '') return JSON.parse(text) as ReadyLine
  child.kill('SIGKILL')
  const why = errors === '' ? `it was not ready within ${START_TIMEOUT_MS} ms` : errors.trim()
  throw new DemoError('FNLB_DEMO_START', `a demo runner did not start: ${why}`)
}

/** @param isDrained wait until its output is read, too. */
async function exitOf (child: ChildProcess, isDrained = false): Promise<number | string> {
  if (child.exitCode === null && child.signalCode === null) {
    const failed = new Promise<void>(resolve => { child.once('error', () => { resolve() }) })
    await Promise.race([once(child, isDrained ? 'close' : 'exit').catch(() => {}), failed])
  }
  return child.exitCode ?? child.signalCode ?? 'never started'
}
