/**
 * One instance of a function: what Fn calls a hot container. It starts once, serves one call at a time, and ends once.
 * Two kinds: a process with the function and its FDK (process-instance.ts), or answers from within this process
 * (inline-instance.ts).
 */
import type { Readable } from 'node:stream'
import type { FunctionSettings, Handler } from './options.ts'

export interface FunctionSpec {
  readonly fnId: string
  readonly app: string
  readonly handler: Handler
  readonly settings: FunctionSettings
}

/** One call, as it goes into an instance. */
export interface FunctionCall {
  /** Header names and values in turn, hop-by-hop fields and Host taken out, Fn's fields put in. */
  readonly headers: readonly string[]
  /** Target of the client's request: only inline instances look at it. */
  readonly target: string
  readonly body: Readable
  /** The request says that it has no body. */
  readonly isBodyless: boolean
}

/** What came out of an instance; a stream must be read to its end or destroyed. */
export interface FunctionAnswer {
  /** By Fn's contract: 200, 502 (the function failed), 504 (it timed out). */
  readonly status: number
  /** Header names and values in turn, as the instance wrote them. */
  readonly headers: readonly string[]
  /** Whole, where the instance had it whole. */
  readonly body: Readable | Buffer
}

/** Why an instance did not come up. */
export class InitError extends Error {
  readonly isTimeout: boolean

  constructor (message: string, isTimeout: boolean) {
    super(message)
    this.name = 'InitError'
    this.isTimeout = isTimeout
  }
}

export interface Instance {
  readonly pid: number
  /** Starts it. Resolves when it takes calls; rejects with InitError, after which it also exits. Called once. */
  start (): Promise<void>
  /** One call. Rejects when the instance dies or answers something that is no HTTP. */
  dispatch (call: FunctionCall): Promise<FunctionAnswer>
  /** Ends it at once, with the call that it serves. May be called at any time, more than once. */
  kill (): void
  /** Resolves when nothing of it is left: process, socket, directory. Never rejects. */
  readonly exited: Promise<void>
}
