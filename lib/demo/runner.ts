/**
 * A demo runner node: one HTTP server that speaks Fn's paths (invoke, triggers, `/version`, `/metrics`) and has its
 * functions run in instances of its own. It stands in for fnserver wherever fnlb is started, tested or measured.
 *
 * Nothing of it outlives `stop()`: no process, socket, directory or timer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CallLog, type CallRecord } from './call-log.ts'
import { DemoError } from './errors.ts'
import { FaultSwitch, suffer, type Fault } from './faults.ts'
import { requireFdk } from './fdk.ts'
import { SERVER_BUSY, sendFnError } from './fn-error.ts'
import { InlineInstance } from './inline-instance.ts'
import { InstancePool, type FunctionView } from './instance-pool.ts'
import { invoke, type InvokeContext } from './invoke.ts'
import { metricsText, newCounters, type NodeCounters } from './metrics-text.ts'
import { resolveOptions, type ResolvedOptions, type RunnerOptions } from './options.ts'
import { ProcessInstance, instanceAgent } from './process-instance.ts'
import { serveRaw } from './raw-endpoints.ts'
import { pathOf, routeOf, type Route } from './routes.ts'
import { echoWebSocket } from './websocket.ts'

export interface RunnerState {
  readonly nodeId: string
  readonly pid: number
  readonly counters: NodeCounters
  readonly queued: number
  readonly functions: readonly FunctionView[]
  readonly connections: number
  readonly faultHits: number
}

/** A node in this process. */
export interface Runner {
  readonly nodeId: string
  readonly host: string
  readonly port: number
  /** `host:port`, brackets around IPv6. */
  readonly address: string
  readonly url: string
  state (): RunnerState
  /** What was done with each request so far, as far as the log reaches. */
  calls (after?: number): CallRecord[]
  readonly lostCalls: number
  clearCalls (): void
  /** Switches a fault on; `undefined`: off. */
  setFault (fault: Fault | undefined): void
  /** Stops accepting, lets calls end for `graceMs` (default 0), then ends everything. */
  stop (graceMs?: number): Promise<void>
  /** Dies in an instant as a process would: RST on all connections, instances killed. Resolves when they are gone. */
  crash (): Promise<void>
}

export interface RunnerHooks {
  /** Instead of `crash()` for the fault `crash`: a runner with a process of its own kills that. */
  readonly onCrash?: () => void
}

/**
 * Starts a node.
 * @throws DemoError for a wrong option, a missing FDK, or an address that cannot be bound.
 */
export async function startRunner (options: RunnerOptions = {}, hooks: RunnerHooks = {}): Promise<Runner> {
  const resolved = resolveOptions(options)
  if (!resolved.inline) requireFdk()
  const node = new Node(resolved, hooks)
  await node.listen()
  return node
}

class Node implements Runner {
  readonly #options: ResolvedOptions
  readonly #server: Server
  readonly #pool: InstancePool
  readonly #log: CallLog
  readonly #faults = new FaultSwitch()
  readonly #counters = newCounters()
  readonly #context: InvokeContext
  readonly #agent = instanceAgent()
  /** Open connections, and how many requests each has carried. */
  readonly #connections = new Map<Duplex, number>()
  readonly #onCrash: () => void
  #isStopping = false
  #port = 0

  constructor (options: ResolvedOptions, hooks: RunnerHooks) {
    this.#options = options
    this.#onCrash = hooks.onCrash ?? (() => { void this.crash() })
    this.#log = new CallLog(options.callLogSize)
    this.#pool = new InstancePool(
      options,
      spec => options.inline ? new InlineInstance(spec) : new ProcessInstance(spec, this.#agent),
      () => performance.now()
    )
    this.#context = {
      pool: this.#pool,
      log: this.#log,
      counters: this.#counters,
      nodeId: options.nodeId,
      truth: options.truth,
      maxRequestBytes: options.maxRequestBytes,
      crash: () => { this.#onCrash() }
    }
    this.#server = this.#createServer()
  }

  get nodeId (): string { return this.#options.nodeId }
  get host (): string { return this.#options.host }
  get port (): number { return this.#port }
  get address (): string { return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.#port}` }
  get url (): string { return `http://${this.address}` }
  get lostCalls (): number { return this.#log.lost }

  async listen (): Promise<void> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        reject(new DemoError('FNLB_DEMO_LISTEN',
          `demo runner: cannot listen on ${host}:${port} (${cause.code ?? cause.message}); ` +
          'use another port, or 0 for any free one', cause))
      })
      this.#server.listen({ host, port }, resolve)
    })
    this.#port = (this.#server.address() as AddressInfo).port
  }

  state (): RunnerState {
    return {
      nodeId: this.nodeId,
      pid: process.pid,
      counters: { ...this.#counters },
      queued: this.#pool.queued,
      functions: this.#pool.view(),
      connections: this.#connections.size,
      faultHits: this.#faults.hits
    }
  }

  calls (after = 0): CallRecord[] {
    return this.#log.list(after).map(record => ({ ...record }))
  }

  clearCalls (): void {
    this.#log.clear()
  }

  setFault (fault: Fault | undefined): void {
    this.#faults.set(fault)
  }

  async stop (graceMs = 0): Promise<void> {
    this.#isStopping = true
    const closed = new Promise<void>(resolve => { this.#server.close(() => { resolve() }) })
    this.#server.closeIdleConnections()
    if (graceMs > 0 && this.#connections.size > 0) {
      let timer: NodeJS.Timeout | undefined
      await Promise.race([closed, new Promise(resolve => { timer = setTimeout(resolve, graceMs) })])
      clearTimeout(timer)
    }
    for (const socket of this.#connections.keys()) socket.destroy()
    await this.#pool.stop()
    this.#agent.destroy()
    await closed
  }

  async crash (): Promise<void> {
    this.#isStopping = true
    const closed = new Promise<void>(resolve => { this.#server.close(() => { resolve() }) })
    for (const socket of this.#connections.keys()) (socket as Socket).resetAndDestroy()
    await this.#pool.stop()
    this.#agent.destroy()
    await closed
  }

  #createServer (): Server {
    const options = {
      keepAliveTimeout: this.#options.keepAliveTimeoutMs,
      // A 2 GiB upload over a slow line is no mistake here.
      requestTimeout: 0,
      // Before Node 24.9 this is not known, and each Upgrade reaches 'upgrade' whatever its path.
      shouldUpgradeCallback: (request: IncomingMessage) => pathOf(request.url) === '/raw/ws'
    }
    const server = createServer(options, (request, response) => { this.#serve(request, response, false) })
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response, true)
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head)
    })
    server.on('connection', socket => {
      this.#connections.set(socket, 0)
      socket.on('close', () => { this.#connections.delete(socket) })
    })
    return server
  }

  #serve (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const carried = this.#connections.get(request.socket) ?? 0
    this.#connections.set(request.socket, carried + 1)
    response.once('close', () => {
      // A server that closes waits for connections that were not idle when it began to.
      if (this.#isStopping) request.socket.end()
    })
    const route = routeOf(this.#options, request.method ?? '', request.url ?? '/')
    const fault = this.#faults.take(route.kind === 'call' ? route.spec.fnId : undefined, carried > 0)
    if (route.kind === 'call') {
      void invoke(this.#context, request, response, {
        spec: route.spec, isTrigger: route.isTrigger, expectsContinue, fault
      })
      return
    }
    void this.#serveOther(route, request, response, expectsContinue, fault)
  }

  async #serveOther (
    route: Exclude<Route, { kind: 'call' }>,
    request: IncomingMessage, response: ServerResponse, expectsContinue: boolean, fault: Fault | undefined
  ): Promise<void> {
    const refuse = (): void => { sendFnError(response, SERVER_BUSY) }
    if (fault !== undefined && !await suffer(fault, response, refuse, this.#onCrash)) return
    switch (route.kind) {
      case 'refused':
        Object.assign(this.#log.begin(callIdOf(request), pathOf(request.url)), {
          outcome: 'refused', status: route.error.status
        } satisfies Partial<CallRecord>)
        sendFnError(response, route.error)
        return
      case 'raw': {
        const record = this.#log.begin(callIdOf(request), route.path)
        await serveRaw(route.path, { request, response, query: route.query, expectsContinue }, record)
        return
      }
      case 'metrics': {
        const memoryBytes = this.#options.maxInstances * this.#options.defaults.memoryMb * 1024 * 1024
        const text = metricsText({
          counters: this.#counters, queued: this.#pool.queued, functions: this.#pool.view(), memoryBytes
        })
        response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
        return
      }
      case 'fixed':
        response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' }).end(route.body)
    }
  }

  #upgrade (request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = pathOf(request.url)
    const record = this.#log.begin(callIdOf(request), path)
    if (path !== '/raw/ws') {
      record.outcome = 'refused'
      record.status = 400
      socket.on('error', () => {})
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    record.executed = true
    record.status = 101
    echoWebSocket(request, socket, head, () => { record.outcome = 'done' })
  }
}

function callIdOf (request: IncomingMessage): string {
  const id = request.headers['x-call-id']
  return typeof id === 'string' ? id : ''
}
