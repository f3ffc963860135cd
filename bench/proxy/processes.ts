/**
 * Every process the bench starts: pinned to its cores, with enough file descriptors, and ended by pid whatever
 * happens. `close()` is called at the end, on an exception and on Ctrl-C; `killAllNow()` is the last net, on exit.
 * A tree is remembered before its root is stopped, so that workers whose master died are found and ended too.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { processTree, type ProcessStat } from '../lib/process-cpu.ts'

export interface StartOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** A `taskset` CPU list; null = not pinned. */
  readonly cpus: string | null
  /** Its stdout is a log: read it (an unread pipe fills and blocks the process) and look for complaints there too. */
  readonly logsToStdout?: boolean
  /** Grace between SIGTERM and SIGKILL. */
  readonly stopMs?: number
}

export interface RunningProcess {
  readonly name: string
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  /** Resolves with a sentence when the process has ended, for whatever reason. */
  readonly ended: Promise<string>
  hasEnded (): boolean
  /** The line of its last output that says what is wrong, as far as one can tell. */
  complaint (): string
  stop (): Promise<void>
}

export interface Processes {
  start (options: StartOptions): Promise<RunningProcess>
  close (): Promise<void>
  killAllNow (): void
}

const keptBytes = 4000
const goneMs = 2000
const complaintLength = 300

/** One line: the first that speaks of an error (stack traces and banners surround it), else the last. */
export function complaintIn (output: string): string {
  const lines = output.split('\n').map(line => line.trim()).filter(line => line !== '')
  const telling = lines.find(line =>
    /\b(error|alert|emerg|fatal|fnlb:)|Error\b/i.test(line) && !/^(throw |at )/.test(line))
  return (telling ?? lines.at(-1) ?? '').slice(0, complaintLength)
}

function signalProcess (pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Those of `before` that still run: the same pid and the same start, for a pid may have been given away again. */
function survivors (before: readonly ProcessStat[]): ProcessStat[] {
  return before.filter(stat => {
    const now = processTree(stat.pid)[0]
    return now !== undefined && now.startTicks === stat.startTicks && !now.isZombie
  })
}

function killTree (tree: readonly ProcessStat[]): void {
  for (const stat of survivors(tree)) signalProcess(stat.pid, 'SIGKILL')
}

/** A killed process holds its ports until the kernel has taken it down, which is soon but not at once. */
async function untilGone (tree: readonly ProcessStat[]): Promise<void> {
  const deadline = performance.now() + goneMs
  while (survivors(tree).length > 0 && performance.now() < deadline) await sleep(2)
}

/**
 * @param descriptors `ulimit -n` that each process gets, where the present soft limit is lower; null = leave it
 */
export function createProcesses (descriptors: number | null): Processes {
  const running = new Set<RunningProcess>()

  function commandLine (options: StartOptions): [string, string[]] {
    let line = [options.command, ...options.args]
    if (options.cpus !== null) line = ['taskset', '-c', options.cpus, ...line]
    if (descriptors !== null) line = ['sh', '-c', `ulimit -S -n ${descriptors} && exec "$@"`, 'sh', ...line]
    return [line[0] as string, line.slice(1)]
  }

  function watch (options: StartOptions, child: ChildProcessByStdio<Writable, Readable, Readable>): RunningProcess {
    let said = ''
    let ended = false
    const keep = (text: string): void => { said = (said + text).slice(-keptBytes) }
    child.stderr.setEncoding('utf8').on('data', keep)
    if (options.logsToStdout === true) child.stdout.setEncoding('utf8').on('data', keep)
    // Whoever is stopped closes its end of the pipe: that is no error of the bench.
    child.stdin.on('error', () => {})
    const endPromise = new Promise<string>(resolve => {
      child.once('exit', (code, signal) => {
        ended = true
        running.delete(self)
        resolve(`${options.name} ended with ${signal ?? `exit code ${code}`}`)
      })
    })
    const self: RunningProcess = {
      name: options.name,
      pid: child.pid as number,
      stdin: child.stdin,
      stdout: child.stdout,
      ended: endPromise,
      hasEnded: () => ended,
      complaint: () => complaintIn(said),
      async stop () {
        const tree = processTree(self.pid)
        if (!ended) signalProcess(self.pid, 'SIGTERM')
        let timer: NodeJS.Timeout | undefined
        const grace = new Promise<void>(resolve => { timer = setTimeout(resolve, options.stopMs ?? 2000) })
        await Promise.race([endPromise, grace])
        clearTimeout(timer)
        killTree(tree)
        await endPromise
        await untilGone(tree)
      }
    }
    running.add(self)
    return self
  }

  return {
    async start (options) {
      const [command, args] = commandLine(options)
      const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', error => { reject(new Error(`cannot start ${options.name}: ${error.message}`)) })
      })
      return watch(options, child)
    },
    async close () {
      await Promise.all([...running].map(async one => { await one.stop() }))
    },
    killAllNow () {
      for (const one of running) killTree(processTree(one.pid))
    }
  }
}

/**
 * Runs a process to its end and gives what it wrote to stdout.
 *
 * @throws Error when it fails or outlives `timeoutMs`
 */
export async function runToEnd (processes: Processes, options: StartOptions, timeoutMs: number): Promise<string> {
  const one = await processes.start(options)
  let output = ''
  one.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  const drained = new Promise<void>(resolve => { one.stdout.once('close', resolve) })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>(resolve => { timer = setTimeout(() => { resolve('late') }, timeoutMs) })
  const how = await Promise.race([one.ended, late])
  clearTimeout(timer)
  if (how === 'late') {
    await one.stop()
    throw new Error(`${options.name} was still running after ${timeoutMs} ms`)
  }
  await drained
  if (!how.endsWith('exit code 0')) throw new Error(`${how}: ${one.complaint() || 'it said nothing on stderr'}`)
  return output
}
