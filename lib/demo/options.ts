/**
 * Options of a demo runner: their shape, defaults and limits. Checked once, before anything is opened, so that a typo
 * never starts half a node. Defaults follow Fn: research of its agent gave the 30 s, 128 MB and 5 s below.
 */
import { isIP } from 'node:net'
import { DemoError } from './errors.ts'

/** The functions there are. A function id is `<handler>` or `<handler>-<anything>`: same code, instances of its own. */
export const HANDLERS = [
  'hello', 'echo', 'sleep', 'cpu', 'big', 'status', 'crash', 'broken', 'mute'
] as const
export type Handler = typeof HANDLERS[number]

/** What an operator of Fn sets per function. */
export interface FunctionSettings {
  /** Longest time for one call, from its dispatch to an instance. Default 30,000. */
  readonly timeoutMs: number
  /** An instance idle for so long ends. Default 30,000. */
  readonly idleTimeoutMs: number
  /** What an instance counts for in `fn_util_mem_used`; it limits nothing. Default 128. */
  readonly memoryMb: number
  /** Time added before the process starts: stands for the image pull. Default 0. */
  readonly initMs: number
  /** Longest time from the start of the process to its socket. Default 5,000. */
  readonly initTimeoutMs: number
}

export interface ResolvedOptions {
  /** Address to bind. Default 127.0.0.1. */
  readonly host: string
  /** Port to bind, 0 = any free one. Default 0. */
  readonly port: number
  /** Name of this node in `Demo-Node` and in the state. Default `demo`. */
  readonly nodeId: string
  /** Live instances over all functions. Default 8. */
  readonly maxInstances: number
  /** Calls that may wait for room when the node is full; 0 = refuse at once (Fn's non-blocking tracker). Default 0. */
  readonly maxQueued: number
  /** Longest wait in that queue. Default 30,000. */
  readonly queueTimeoutMs: number
  /** Function ids remembered (and shown in `/metrics`); the longest unused one is forgotten. Default 10,000. */
  readonly maxFunctions: number
  /** Name and id of the one app, the first segment after `/t/`. Default `demo`. */
  readonly app: string
  /** Trigger sources beside `/<function id>`: source → function id. Default none. */
  readonly triggers: Readonly<Record<string, string>>
  /** For all functions. */
  readonly defaults: FunctionSettings
  /** Per function id, over the defaults. */
  readonly functions: Readonly<Record<string, Partial<FunctionSettings>>>
  /** Add `Demo-Node`, `Demo-Cold`, `Demo-Init-Ms`, `Demo-Instance`, `Demo-Pid` to answers of calls. Default false. */
  readonly truth: boolean
  /** Answer in this process instead of in instances' processes; starts, limits and timeouts stay. Default false. */
  readonly inline: boolean
  /** Largest body of a call (FDKs hold it whole); `/raw/` has no limit. Default 64 MiB. */
  readonly maxRequestBytes: number
  /** Records kept of calls. Default 10,000. */
  readonly callLogSize: number
  /** Idle keep-alive connections are closed after so long; 0 = never, as Fn. Default 0. */
  readonly keepAliveTimeoutMs: number
}

export interface RunnerOptions extends Partial<Omit<ResolvedOptions, 'defaults'>> {
  readonly defaults?: Partial<FunctionSettings>
}

const FUNCTION_DEFAULTS: FunctionSettings = {
  timeoutMs: 30_000, idleTimeoutMs: 30_000, memoryMb: 128, initMs: 0, initTimeoutMs: 5_000
}

const DEFAULTS: ResolvedOptions = {
  host: '127.0.0.1',
  port: 0,
  nodeId: 'demo',
  maxInstances: 8,
  maxQueued: 0,
  queueTimeoutMs: 30_000,
  maxFunctions: 10_000,
  app: 'demo',
  triggers: {},
  defaults: FUNCTION_DEFAULTS,
  functions: {},
  truth: false,
  inline: false,
  maxRequestBytes: 64 * 1024 * 1024,
  callLogSize: 10_000,
  keepAliveTimeoutMs: 0
}

/** A timer of Node cannot be longer. */
const MAX_MS = 2 ** 31 - 1

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  port: [0, 65_535],
  maxInstances: [1, 100_000],
  maxQueued: [0, 1_000_000],
  queueTimeoutMs: [1, MAX_MS],
  maxFunctions: [1, 1_000_000],
  maxRequestBytes: [0, 2 ** 30],
  callLogSize: [1, 10_000_000],
  keepAliveTimeoutMs: [0, MAX_MS],
  timeoutMs: [1, MAX_MS],
  idleTimeoutMs: [1, MAX_MS],
  memoryMb: [1, 1_048_576],
  initMs: [0, MAX_MS],
  initTimeoutMs: [1, MAX_MS]
}

const FUNCTION_ID = /^[A-Za-z0-9][\w.-]{0,254}$/

/** The code that runs for a function id, `undefined` when there is none. */
export function handlerOf (fnId: string): Handler | undefined {
  if (!FUNCTION_ID.test(fnId)) return undefined
  const dash = fnId.indexOf('-')
  const name = dash === -1 ? fnId : fnId.slice(0, dash)
  return HANDLERS.find(handler => handler === name)
}

/**
 * Fills in the defaults.
 * @throws DemoError `FNLB_DEMO_OPTION`, naming the option and its range.
 */
export function resolveOptions (given: RunnerOptions): ResolvedOptions {
  checkNames(given, DEFAULTS, '')
  checkNames(given.defaults ?? {}, FUNCTION_DEFAULTS, 'defaults.')
  for (const [fnId, settings] of Object.entries(given.functions ?? {})) {
    checkFunction(fnId, `functions.${fnId}`)
    checkNames(settings, FUNCTION_DEFAULTS, `functions.${fnId}.`)
  }
  for (const [source, fnId] of Object.entries(given.triggers ?? {})) {
    if (!source.startsWith('/')) fail(`triggers: the source "${source}" must start with /`)
    checkFunction(fnId, `triggers["${source}"]`)
  }
  const options = { ...DEFAULTS, ...given, defaults: { ...FUNCTION_DEFAULTS, ...given.defaults } }
  if (!FUNCTION_ID.test(options.app)) fail(`app: "${options.app}" is not a name (letters, digits, _ . -)`)
  if (!FUNCTION_ID.test(options.nodeId)) fail(`nodeId: "${options.nodeId}" is not a name (letters, digits, _ . -)`)
  if (isIP(options.host) === 0 && options.host !== 'localhost') {
    fail(`host: "${options.host}" is not an IP address; use 127.0.0.1 for this machine only`)
  }
  return options
}

/** What counts for one function. */
export function settingsOf (options: ResolvedOptions, fnId: string): FunctionSettings {
  const own = Object.hasOwn(options.functions, fnId) ? options.functions[fnId] : undefined
  return own === undefined ? options.defaults : { ...options.defaults, ...own }
}

function checkNames (given: object, known: object, where: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) {
      fail(`${where}${name}: no such option; known here: ${Object.keys(known).join(', ')}`)
    }
    const expected: unknown = (known as Record<string, unknown>)[name]
    if (typeof value !== typeof expected || value === null) {
      fail(`${where}${name}: must be a ${typeof expected}, not ${String(value)}`)
    }
    const range = RANGES[name]
    if (range !== undefined && !(Number.isInteger(value) && value >= range[0] && value <= range[1])) {
      fail(`${where}${name}: must be a whole number from ${range[0]} to ${range[1]}, not ${String(value)}`)
    }
  }
}

function checkFunction (fnId: unknown, where: string): void {
  if (typeof fnId !== 'string' || handlerOf(fnId) === undefined) {
    fail(`${where}: "${String(fnId)}" names no function; use ${HANDLERS.join(', ')}, or one of them with -<anything>`)
  }
}

function fail (message: string): never {
  throw new DemoError('FNLB_DEMO_OPTION', `demo runner: ${message}`)
}
