/**
 * Faults that a test switches on at a runner node: which request is hit, and how. One fault at a time. The damage is
 * real bytes, silence or death on real sockets; nothing here pretends.
 */
import type { ServerResponse } from 'node:http'
import { DemoError } from './errors.ts'

export const FAULT_KINDS = [
  /** Executes after `delayMs`. */
  'slow',
  /** Never answers, never closes. */
  'hang',
  /** RST before the first byte of an answer. */
  'reset',
  /** FIN before the first byte of an answer. */
  'close',
  /** Bytes that are no HTTP, then FIN. */
  'garbage',
  /** A response head that breaks off, then FIN. */
  'half-head',
  /** A whole head, fewer body bytes than it says, then FIN. */
  'half-body',
  /** The refusal of a full node, though it is not. */
  'busy',
  /** A right answer, then after `delayMs` stray bytes on the idle connection. */
  'idle-bytes',
  /** A right answer that promises keep-alive, then after `delayMs` RST. */
  'idle-reset',
  /** The node dies: its process by SIGKILL; one inside another process drops all connections and stops listening. */
  'crash'
] as const
export type FaultKind = typeof FAULT_KINDS[number]

export interface Fault {
  readonly kind: FaultKind
  /** Default 1,000 for `slow`; 20 for the idle ones, so that the answer is read first. */
  readonly delayMs?: number
  /** Requests let through first. Default 0. */
  readonly skip?: number
  /** Requests hit; then the fault is off. Default: all. */
  readonly count?: number
  /** `calls`: invocations; `all`: also `/version`, `/metrics` and `/raw/`, so that probes fail. Default `calls`. */
  readonly scope?: 'calls' | 'all'
  /** Only calls of this function id. */
  readonly fnId?: string
  /** Only requests that are not the first on their connection: the race on reused connections. Default false. */
  readonly reusedOnly?: boolean
  /** For faults that take the answer: let the function run first. Default false: it never starts. */
  readonly execute?: boolean
}

const NUMBERS = ['delayMs', 'skip', 'count']
const FLAGS = ['reusedOnly', 'execute']
const WORDS = ['kind', 'scope', 'fnId']

/**
 * Checks what came over the control port.
 * @throws DemoError `FNLB_DEMO_OPTION`
 */
export function parseFault (value: unknown): Fault {
  if (typeof value !== 'object' || value === null) fail(`must be an object with kind: ${FAULT_KINDS.join(', ')}`)
  for (const [name, part] of Object.entries(value)) {
    if (NUMBERS.includes(name)) {
      if (!(Number.isInteger(part) && part >= 0 && part < 2 ** 31)) {
        fail(`${name}: must be a whole number from 0 to ${2 ** 31 - 1}`)
      }
    } else if (FLAGS.includes(name)) {
      if (typeof part !== 'boolean') fail(`${name}: must be true or false`)
    } else if (!WORDS.includes(name)) {
      fail(`${name}: no such field; known: ${[...WORDS, ...NUMBERS, ...FLAGS].join(', ')}`)
    } else if (typeof part !== 'string') fail(`${name}: must be a text`)
  }
  const fault = value as Fault
  if (!FAULT_KINDS.includes(fault.kind)) fail(`kind: must be one of ${FAULT_KINDS.join(', ')}`)
  if (fault.scope !== undefined && fault.scope !== 'calls' && fault.scope !== 'all') fail('scope: must be calls or all')
  return fault
}

function fail (message: string): never {
  throw new DemoError('FNLB_DEMO_OPTION', `fault: ${message}`)
}

export class FaultSwitch {
  #fault: Fault | undefined
  #seen = 0
  #hits = 0

  set (fault: Fault | undefined): void {
    this.#fault = fault
    this.#seen = 0
    this.#hits = 0
  }

  get current (): Fault | undefined {
    return this.#fault
  }

  /** Requests hit since the last `set`. */
  get hits (): number {
    return this.#hits
  }

  /**
   * The fault that hits this request, if any; counts it.
   * @param fnId `undefined` for what is no call of a function.
   */
  take (fnId: string | undefined, isReused: boolean): Fault | undefined {
    const fault = this.#fault
    if (fault === undefined) return undefined
    if (fnId === undefined && fault.scope !== 'all') return undefined
    if (fault.fnId !== undefined && fault.fnId !== fnId) return undefined
    if (fault.reusedOnly === true && !isReused) return undefined
    if (this.#seen++ < (fault.skip ?? 0)) return undefined
    if (this.#hits >= (fault.count ?? Infinity)) return undefined
    this.#hits++
    return fault
  }
}

/** Faults after which there is no right answer. */
export type AnswerFault = Exclude<FaultKind, 'slow' | 'busy' | 'idle-bytes' | 'idle-reset'>

export function takesAnswer (kind: FaultKind): kind is AnswerFault {
  return kind !== 'slow' && kind !== 'busy' && kind !== 'idle-bytes' && kind !== 'idle-reset'
}

/**
 * Lets a request meet its fault, before anything was done for it. False when that was its end.
 * @param refuse answers as a full node.
 * @param crash ends the node.
 */
export async function suffer (
  fault: Fault, response: ServerResponse, refuse: () => void, crash: () => void
): Promise<boolean> {
  switch (fault.kind) {
    case 'slow':
      await delayed(response, fault.delayMs ?? 1000)
      return !response.destroyed
    case 'busy':
      refuse()
      return false
    case 'idle-bytes':
    case 'idle-reset':
      damageIdle(fault.kind, fault.delayMs ?? 20, response)
      return true
    case 'crash':
      crash()
      return false
    case 'hang':
    case 'reset':
    case 'close':
    case 'garbage':
    case 'half-head':
    case 'half-body':
      damage(fault.kind, response)
      return false
  }
}

function delayed (response: ServerResponse, ms: number): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      response.off('close', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    response.on('close', done)
  })
}

/** Does to the connection of `response` what a fault that takes the answer does. */
export function damage (kind: Exclude<AnswerFault, 'crash'>, response: ServerResponse): void {
  const socket = response.socket
  if (socket === null) return
  // Unread bytes would turn the FIN into a RST, which may overtake what was written before it.
  response.req.resume()
  switch (kind) {
    case 'hang':
      return
    case 'reset':
      socket.resetAndDestroy()
      return
    case 'close':
      socket.end()
      return
    case 'garbage':
      socket.end(Buffer.from('160301000501000000ff00ff', 'hex'))
      return
    case 'half-head':
      socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Le')
      return
    case 'half-body':
      socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nonly this')
  }
}

/** Does what a fault on the idle connection does, once the right answer is out. */
function damageIdle (kind: 'idle-bytes' | 'idle-reset', delayMs: number, response: ServerResponse): void {
  const socket = response.socket
  response.once('finish', () => {
    setTimeout(() => {
      if (socket === null || socket.destroyed) return
      if (kind === 'idle-bytes') socket.write('stray')
      else socket.resetAndDestroy()
    }, delayMs)
  })
}
