/**
 * A demo runner node as a process of its own: `node dist/lib/demo/main.js --listen 127.0.0.1:0 --max-instances 8`.
 * Prints one line of JSON when it serves (its addresses), or one line with the error and exit code 2. SIGTERM and
 * SIGINT end it in order; with `--exit-with-stdin` so does the end of its standard input, that is the death of the
 * process which started it. Its instances die with it in every case, kill -9 included.
 */
import { parseArgs } from 'node:util'
import { startControl } from './control.ts'
import { DemoError } from './errors.ts'
import type { RunnerOptions } from './options.ts'
import { startRunner } from './runner.ts'

/** What the line on standard output says. */
export interface ReadyLine {
  readonly address: string
  readonly control: string
  readonly nodeId: string
  readonly pid: number
}

const FLAGS = {
  listen: { type: 'string' },
  'control-port': { type: 'string' },
  'node-id': { type: 'string' },
  'max-instances': { type: 'string' },
  'max-queued': { type: 'string' },
  'timeout-ms': { type: 'string' },
  'idle-timeout-ms': { type: 'string' },
  'init-ms': { type: 'string' },
  truth: { type: 'boolean' },
  inline: { type: 'boolean' },
  'grace-ms': { type: 'string' },
  'exit-with-stdin': { type: 'boolean' },
  /** RunnerOptions as JSON: for what has no flag. A flag wins over it. */
  options: { type: 'string' }
} as const

type Values = ReturnType<typeof parseFlags>

function parseFlags (): {
  -readonly [name in keyof typeof FLAGS]?: typeof FLAGS[name]['type'] extends 'boolean' ? boolean : string
} {
  try {
    return { ...parseArgs({ options: FLAGS, strict: true }).values }
  } catch (cause) {
    throw new DemoError('FNLB_DEMO_OPTION',
      `${cause instanceof Error ? cause.message : String(cause)}; known: --${Object.keys(FLAGS).join(', --')}`, cause)
  }
}

function numberOf (values: Values, flag: keyof Values): number | undefined {
  const text = values[flag]
  if (text === undefined) return undefined
  if (typeof text === 'string' && /^\d{1,10}$/.test(text)) return Number(text)
  throw new DemoError('FNLB_DEMO_OPTION', `--${flag} ${String(text)}: must be a whole number`)
}

function optionsOf (values: Values): RunnerOptions {
  const options = JSON.parse(values.options ?? '{}') as RunnerOptions
  const listen = values.listen === undefined ? undefined : /^\[?(.+?)\]?:(\d+)$/.exec(values.listen)
  if (listen === null) {
    throw new DemoError('FNLB_DEMO_OPTION', `--listen ${values.listen ?? ''}: must be host:port, e.g. 127.0.0.1:0`)
  }
  return {
    ...options,
    ...defined({
      host: listen?.[1],
      port: listen === undefined ? undefined : Number(listen[2]),
      nodeId: values['node-id'],
      maxInstances: numberOf(values, 'max-instances'),
      maxQueued: numberOf(values, 'max-queued'),
      truth: values.truth,
      inline: values.inline
    }),
    defaults: {
      ...options.defaults,
      ...defined({
        timeoutMs: numberOf(values, 'timeout-ms'),
        idleTimeoutMs: numberOf(values, 'idle-timeout-ms'),
        initMs: numberOf(values, 'init-ms')
      })
    }
  }
}

/** Without the fields that were not given: an explicit `undefined` would replace a default. */
function defined<T extends object> (given: T): { [name in keyof T]?: Exclude<T[name], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as
    { [name in keyof T]?: Exclude<T[name], undefined> }
}

async function main (): Promise<void> {
  const values = parseFlags()
  const runner = await startRunner(optionsOf(values), {
    // Nothing may run any more, no handler and no flush: that is what a crash is.
    onCrash: () => { process.kill(process.pid, 'SIGKILL') }
  })
  const control = await startControl(runner, numberOf(values, 'control-port') ?? 0)
  const graceMs = numberOf(values, 'grace-ms') ?? 5000
  let isStopping = false
  const stop = (grace: number): void => {
    if (isStopping) return
    isStopping = true
    process.stdin.destroy()
    void runner.stop(grace).then(() => control.close())
  }
  process.once('SIGTERM', () => { stop(graceMs) })
  process.once('SIGINT', () => { stop(graceMs) })
  if (values['exit-with-stdin'] === true) {
    process.stdin.on('end', () => { stop(0) })
    process.stdin.on('error', () => { stop(0) })
    process.stdin.resume()
  }
  const ready: ReadyLine = {
    address: runner.address, control: `127.0.0.1:${control.port}`, nodeId: runner.nodeId, pid: process.pid
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof DemoError || error instanceof SyntaxError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
