/**
 * One call of a function on this node: instance, dispatch, relay, and the truth about each way it can end. Statuses
 * and conditions are Fn's (its agent.go, `dispatch` and `writeResp`): the FDK answers only 200, 502 or 504; an
 * instance that was cut off in the middle of a call is never used again.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { CallLog, CallRecord } from './call-log.ts'
import { damage, suffer, takesAnswer, type AnswerFault, type Fault } from './faults.ts'
import {
  FUNCTION_FAILED, INIT_FAILED, INIT_TIMED_OUT, INVALID_FUNCTION_RESPONSE, NO_FUNCTION_RESPONSE, REQUEST_TOO_LARGE,
  RESPONSE_HEADER_TOO_LARGE, SERVER_BUSY, TIMED_OUT, sendFnError, type FnError
} from './fn-error.ts'
import {
  invokeRequestHeaders, invokeResponseHead, triggerRequestHeaders, triggerResponseHead, type ClientHead
} from './fn-headers.ts'
import type { FunctionAnswer, FunctionSpec } from './instance.ts'
import type { InstancePool, Lease, Ticket } from './instance-pool.ts'
import type { NodeCounters } from './metrics-text.ts'

/** Answers up to this size get a Content-Length, as all of Fn's do; larger ones are streamed. */
const HELD_BYTES = 64 * 1024

export interface InvokeContext {
  readonly pool: InstancePool
  readonly log: CallLog
  readonly counters: NodeCounters
  readonly nodeId: string
  readonly truth: boolean
  readonly maxRequestBytes: number
  /** Ends the node at once, as a crash would. */
  readonly crash: () => void
}

export interface Invocation {
  readonly spec: FunctionSpec
  readonly isTrigger: boolean
  /** The client waits for 100 (Continue) before it sends the body. */
  readonly expectsContinue: boolean
  readonly fault: Fault | undefined
}

export async function invoke (
  context: InvokeContext, request: IncomingMessage, response: ServerResponse, invocation: Invocation
): Promise<void> {
  const call = new Call(context, request, response, invocation)
  context.counters.calls++
  await call.run()
}

class Call {
  readonly #context: InvokeContext
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #invocation: Invocation
  readonly #callId = randomUUID()
  readonly #record: CallRecord
  readonly #ticket: Ticket = { cancel: undefined }
  #lease: Lease | undefined
  #isTimedOut = false
  #isTooLarge = false

  constructor (context: InvokeContext, request: IncomingMessage, response: ServerResponse, invocation: Invocation) {
    this.#context = context
    this.#request = request
    this.#response = response
    this.#invocation = invocation
    const given = request.headers['x-call-id']
    this.#record = context.log.begin(typeof given === 'string' ? given : this.#callId, invocation.spec.fnId)
  }

  async run (): Promise<void> {
    const response = this.#response
    response.once('close', () => {
      if (response.writableFinished) return
      if (this.#record.outcome === 'open') {
        this.#record.outcome = 'gone'
        this.#context.counters.canceled++
      }
      this.#ticket.cancel?.()
      this.#lease?.discard()
    })
    const { fault } = this.#invocation
    if (fault !== undefined && !await this.#suffer(fault)) return
    if (Number(this.#request.headers['content-length'] ?? 0) > this.#context.maxRequestBytes) {
      this.#refuse(REQUEST_TOO_LARGE, 'refused')
      return
    }
    const acquired = await this.#context.pool.acquire(this.#invocation.spec, this.#ticket)
    switch (acquired.kind) {
      case 'gone':
        return
      case 'busy':
        this.#context.counters.serverBusy++
        this.#refuse(SERVER_BUSY, 'busy')
        return
      case 'init-failed':
        this.#context.counters.errors++
        this.#refuse(acquired.error.isTimeout ? INIT_TIMED_OUT : INIT_FAILED, 'failed')
        return
      case 'lease':
        await this.#execute(acquired.lease)
    }
  }

  /** Before the function starts. False when the call ends here. */
  async #suffer (fault: Fault): Promise<boolean> {
    if (fault.execute === true && takesAnswer(fault.kind)) return true
    const refuse = (): void => { this.#refuse(SERVER_BUSY, 'busy') }
    const goesOn = await suffer(fault, this.#response, refuse, this.#context.crash)
    if (!goesOn && this.#record.outcome === 'open') this.#record.outcome = 'fault'
    return goesOn
  }

  #strike (kind: AnswerFault): void {
    this.#record.outcome = 'fault'
    if (kind === 'crash') this.#context.crash()
    else damage(kind, this.#response)
  }

  async #execute (lease: Lease): Promise<void> {
    if (this.#response.destroyed) {
      lease.release()
      return
    }
    const { counters } = this.#context
    const { timeoutMs } = this.#invocation.spec.settings
    this.#lease = lease
    this.#record.executed = true
    counters.running++
    const timer = setTimeout(() => {
      this.#isTimedOut = true
      lease.discard()
    }, timeoutMs)
    try {
      await this.#exchange(lease, new Date(Date.now() + timeoutMs))
    } catch (error) {
      lease.discard()
      this.#fail(error)
    } finally {
      clearTimeout(timer)
      counters.running--
    }
  }

  async #exchange (lease: Lease, deadline: Date): Promise<void> {
    const request = this.#request
    const isBodyless = request.headers['content-length'] === '0' ||
      (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined)
    if (this.#invocation.expectsContinue) this.#response.writeContinue()
    if (!isBodyless) this.#limitBody(lease)
    const answer = await lease.instance.dispatch({
      headers: this.#requestHeaders(deadline), target: request.url ?? '/', body: request, isBodyless
    })
    switch (answer.status) {
      case 200:
        await this.#relay(lease, answer)
        return
      case 502:
        await drained(answer.body)
        lease.release()
        this.#answerError(FUNCTION_FAILED)
        return
      case 504:
        await drained(answer.body)
        lease.release()
        this.#answerError(TIMED_OUT)
        return
      default:
        lease.discard()
        await drained(answer.body).catch(() => {})
        this.#answerError(INVALID_FUNCTION_RESPONSE)
    }
  }

  #limitBody (lease: Lease): void {
    let received = 0
    this.#request.on('data', (piece: Buffer) => {
      received += piece.length
      if (received <= this.#context.maxRequestBytes || this.#isTooLarge) return
      this.#isTooLarge = true
      lease.discard()
    })
  }

  /** Up to HELD_BYTES the answer is held, so that a function that dies still gives a whole 502. */
  async #relay (lease: Lease, answer: FunctionAnswer): Promise<void> {
    const response = this.#response
    const { fault, isTrigger } = this.#invocation
    const strike = fault?.execute === true && takesAnswer(fault.kind) ? fault.kind : undefined
    const head = isTrigger ? triggerResponseHead(answer.headers) : invokeResponseHead(answer.headers)
    const held: Buffer[] = []
    let size = 0
    const pieces = Buffer.isBuffer(answer.body) ? [answer.body] : answer.body as AsyncIterable<Buffer>
    for await (const piece of pieces) {
      size += piece.length
      if (strike !== undefined || this.#isDetached()) continue
      if (size <= HELD_BYTES) {
        held.push(piece)
        continue
      }
      if (!response.headersSent) this.#writeHead(head, undefined)
      for (const earlier of held.splice(0)) response.write(earlier)
      if (!response.write(piece)) await writable(response)
    }
    lease.release()
    this.#context.counters.completed++
    if (strike !== undefined) {
      this.#strike(strike)
      return
    }
    if (response.destroyed) return
    if (!response.headersSent) {
      this.#writeHead(this.#isDetached() ? { status: 202, headers: [] } : head, held)
    }
    this.#record.outcome = 'done'
    response.end(held.length === 1 ? held[0] : Buffer.concat(held))
  }

  /** A trigger's Fn-Invoke-Type is a header of its client, which Fn does not read. */
  #isDetached (): boolean {
    return !this.#invocation.isTrigger && this.#request.headers['fn-invoke-type'] === 'detached'
  }

  #writeHead (head: ClientHead, body: readonly Buffer[] | undefined): void {
    const headers = [...head.headers, 'Fn-Call-Id', this.#callId, ...this.#truth()]
    const isWithoutLength = head.status === 204 || head.status === 304
    if (body !== undefined && !isWithoutLength) {
      headers.push('Content-Length', String(body.reduce((sum, piece) => sum + piece.length, 0)))
    }
    this.#record.status = head.status
    this.#response.writeHead(head.status, headers)
  }

  #fail (error: unknown): void {
    if (this.#record.outcome === 'gone' || this.#response.destroyed) return
    if (this.#response.headersSent) {
      // Too late for a status: the client must see that the body is not whole.
      this.#record.outcome = this.#isTimedOut ? 'timed-out' : 'failed'
      this.#response.destroy()
      return
    }
    if (this.#isTooLarge) this.#refuse(REQUEST_TOO_LARGE, 'failed')
    else if (this.#isTimedOut) this.#answerError(TIMED_OUT)
    else this.#answerError(isHeaderOverflow(error) ? RESPONSE_HEADER_TOO_LARGE : NO_FUNCTION_RESPONSE)
  }

  #answerError (error: FnError): void {
    const { counters } = this.#context
    if (error === TIMED_OUT) counters.timeouts++
    else counters.errors++
    this.#refuse(error, error === TIMED_OUT ? 'timed-out' : 'failed')
  }

  #refuse (error: FnError, outcome: CallRecord['outcome']): void {
    if (this.#response.destroyed) return
    this.#record.outcome = outcome
    this.#record.status = error.status
    // What is left of the body would stop the connection for the next request.
    this.#request.unpipe()
    this.#request.resume()
    sendFnError(this.#response, error, ['Fn-Call-Id', this.#callId, ...this.#truth()])
  }

  #requestHeaders (deadline: Date): string[] {
    const request = this.#request
    if (!this.#invocation.isTrigger) return invokeRequestHeaders(request.rawHeaders, this.#callId, deadline)
    const url = `http://${request.headers.host ?? 'localhost'}${request.url ?? '/'}`
    return triggerRequestHeaders(request.rawHeaders, this.#callId, deadline, request.method ?? 'GET', url)
  }

  #truth (): string[] {
    if (!this.#context.truth) return []
    const lease = this.#lease
    const truth = ['Demo-Node', this.#context.nodeId]
    if (lease === undefined) return truth
    return [
      ...truth,
      'Demo-Cold', lease.isCold ? '1' : '0',
      'Demo-Init-Ms', lease.isCold ? lease.initMs.toFixed(1) : '0',
      'Demo-Instance', String(lease.instanceId),
      'Demo-Pid', String(lease.instance.pid)
    ]
  }
}

function isHeaderOverflow (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'HPE_HEADER_OVERFLOW'
}

async function drained (body: Readable | Buffer): Promise<void> {
  if (Buffer.isBuffer(body)) return
  body.resume()
  if (body.readableEnded) return
  await new Promise<void>((resolve, reject) => {
    body.once('end', resolve)
    body.once('error', reject)
  })
}

function writable (response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
