/**
 * Keeps the data threads: starts them, replaces one that ends, hands out snapshots, drains them.
 *
 * Invariants: what a dead thread held (leases, gauges, per-address counts) is given back only after its worker has
 * really ended, else a late write of it would stay for ever; a replacement starts with the newest snapshot; the others
 * are not told anything. A thread that dies again and again is replaced ever more slowly (full jitter, bounded), so
 * that a crash at start-up can not eat the machine.
 */
import type { ResourceLimits } from 'node:worker_threads'
import { backoffMs } from '../core/backoff.ts'
import type { Backoff } from '../core/backoff.ts'
import type { EngineSettings, FromThread, ListenAddress } from '../proxy/protocol.ts'
import type { Counters } from '../tables/counters.ts'
import type { LoadTable } from '../tables/load-table.ts'
import type { NodeTable } from '../tables/node-table.ts'
import type { Snapshot } from '../tables/snapshot.ts'
import { assertFree } from './bind.ts'
import { DataThread } from './data-thread.ts'
import { SharedListeners } from './listen-fd.ts'
import type { Log } from './log-port.ts'
import { hasReusePort } from './reuse-port.ts'
import { Watchdog } from './watchdog.ts'

export interface SupervisorOptions {
  /** Name of this daemon, unique among the balancers of a pool; a token. */
  readonly instance: string
  /** Compiled module that each worker runs; it reads a ThreadInit from `workerData`. */
  readonly entry: URL
  readonly threads: number
  readonly listen: readonly ListenAddress[]
  readonly settings: EngineSettings
  readonly snapshot: Snapshot
  readonly nodeTable: NodeTable
  readonly loads: LoadTable
  readonly counters: Counters
  readonly addresses: SharedArrayBuffer
  /** Forgets the per-address connection counts of an ended thread. */
  clearThread (thread: number): void
  readonly log: Log
  /** Access-log lines of a thread. */
  onLog (lines: string, dropped: number): void
  /** A thread has applied a snapshot, or has ended and uses none any more. */
  onApplied? (): void
  readonly resourceLimits?: ResourceLimits
  /** Overrides what the platform can do; for tests. */
  readonly reusePort?: boolean
  readonly random?: () => number
  readonly startTimeoutMs?: number
  readonly backoff?: Backoff
  /** A thread whose heartbeat stands still for so long is replaced; 0 = never. */
  readonly hangTimeoutMs?: number
}

export type ThreadState = 'starting' | 'listening' | 'waiting' | 'ended'

export interface ThreadStatus {
  readonly thread: number
  readonly state: ThreadState
  /** Unix milliseconds of the last change of `state`. */
  readonly sinceMs: number
  /** Times it was replaced. */
  readonly restarts: number
  /** Generation of the snapshot it uses. */
  readonly applied: number
  /** Why its predecessor ended. */
  readonly lastEnd?: string
}

interface Slot {
  readonly thread: number
  state: ThreadState
  sinceMs: number
  restarts: number
  applied: number
  lastEnd?: string
  current?: DataThread
  /** Deaths in a row, each before the thread had been stable. */
  quickDeaths: number
  isDeathLogged: boolean
  timer?: NodeJS.Timeout
}

const BACKOFF = { baseMs: 100, maxMs: 10_000 }
/** A thread that has listened for so long counts as sound: its end is no part of a series. */
const STABLE_MS = 60_000
/** Beyond the grace period of a drain: time for a thread to cut what is left and to end. */
const DRAIN_SLACK_MS = 2_000

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #slots: Slot[]
  #snapshot: Snapshot
  #listen: readonly ListenAddress[]
  #reusePort = false
  #shared: SharedListeners | undefined
  #watchdog: Watchdog | undefined
  #isStarted = false
  #isClosing = false
  #isStopping = false

  private constructor (options: SupervisorOptions) {
    this.#options = options
    this.#snapshot = options.snapshot
    this.#listen = options.listen
    this.#slots = Array.from({ length: options.threads }, (_, thread) => ({
      thread, state: 'starting', sinceMs: Date.now(), restarts: 0, applied: 0, quickDeaths: 0, isDeathLogged: false
    }))
  }

  /**
   * Starts all threads and waits until each listens.
   * @throws ListenError for an address that can not be opened, Error when a thread ends before it listens; whatever had
   * started has been ended then.
   */
  static async start (options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options)
    try {
      await supervisor.#start()
    } catch (error) {
      await supervisor.stop()
      throw error
    }
    return supervisor
  }

  /** Listening addresses with their real ports. */
  get addresses (): readonly ListenAddress[] { return this.#listen }

  /** True where each thread listens for itself, false where they share sockets. */
  get reusePort (): boolean { return this.#reusePort }

  get isListening (): boolean { return this.#slots.some(({ state }) => state === 'listening') }

  /** The oldest generation that a living thread may still use. */
  get appliedGeneration (): number {
    let oldest = this.#snapshot.generation
    for (const { current, applied } of this.#slots) {
      if (current !== undefined && !current.hasEnded) oldest = Math.min(oldest, applied)
    }
    return oldest
  }

  status (): ThreadStatus[] {
    return this.#slots.map(({ thread, state, sinceMs, restarts, applied, lastEnd }) => ({
      thread, state, sinceMs, restarts, applied, ...(lastEnd !== undefined && { lastEnd })
    }))
  }

  /** Hands a newer snapshot to all threads, and to each replacement from now on. */
  publish (snapshot: Snapshot): void {
    this.#snapshot = snapshot
    for (const { current } of this.#slots) current?.post({ type: 'snapshot', snapshot })
  }

  /** From now on answers carry `Connection: close`, so that clients go elsewhere by themselves. */
  closing (): void {
    this.#isClosing = true
    for (const { current } of this.#slots) current?.post({ type: 'closing' })
  }

  /**
   * Stops accepting, waits for what is in flight and ends all threads.
   * @param graceMs what is still in flight after this time is cut.
   * @returns the number of requests that were cut.
   */
  async drain (graceMs: number): Promise<number> {
    this.#beginStop()
    const running = this.#slots.flatMap(({ current }) => current ?? [])
    for (const thread of running) {
      if (thread.isListening) thread.post({ type: 'drain', graceMs })
      else await thread.terminate('stopped before it listened')
    }
    const timer = setTimeout(() => {
      for (const thread of running) void thread.terminate('did not drain in time')
    }, graceMs + DRAIN_SLACK_MS)
    await Promise.all(running.map(({ ended }) => ended))
    clearTimeout(timer)
    return running.reduce((sum, { cut }) => sum + cut, 0)
  }

  /** Ends all threads now. */
  async stop (): Promise<void> {
    this.#beginStop()
    await Promise.all(this.#slots.map(async ({ current }) => await current?.terminate('stopped')))
  }

  #beginStop (): void {
    this.#isStopping = true
    this.#watchdog?.stop()
    for (const slot of this.#slots) clearTimeout(slot.timer)
    this.#shared?.close()
  }

  async #start (): Promise<void> {
    const { listen, hangTimeoutMs = 15_000 } = this.#options
    this.#reusePort = this.#options.reusePort ?? await hasReusePort()
    const sharing = listen.filter((address) => this.#isShared(address))
    if (sharing.length > 0) {
      this.#shared = await SharedListeners.bind(sharing)
      const bound = this.#shared.addresses.values()
      this.#listen = listen.map((address) => this.#isShared(address) ? bound.next().value! : address)
    }
    if (this.#reusePort) for (const address of this.#listen) await assertFree(address)

    const fds = await this.#duplicate(this.#slots)
    let rest = this.#slots
    if (this.#listen.some(({ port, path }) => port === 0 && path === undefined)) {
      // Port 0 would mean another free port for each thread: the first one finds it, the others take the same.
      const ports = await this.#spawn(rest[0]!, fds[0]).listening
      this.#listen = this.#listen.map((address, index) => ({ ...address, port: ports[index]! }))
      rest = rest.slice(1)
    }
    await Promise.all(rest.map((slot) => this.#spawn(slot, fds[slot.thread]).listening))
    const dead = this.#slots.find(({ state }) => state === 'ended')
    if (dead !== undefined) throw new Error(`data thread ${dead.thread} ended during the start: ${dead.lastEnd}`)
    this.#isStarted = true
    if (hangTimeoutMs > 0) {
      this.#watchdog = new Watchdog(this.#options.counters, hangTimeoutMs, (thread) => this.#onHang(thread))
    }
  }

  #isShared (address: ListenAddress): boolean {
    return !this.#reusePort || address.path !== undefined
  }

  async #duplicate (slots: readonly Slot[]): Promise<readonly (readonly number[])[]> {
    return await this.#shared?.duplicate(slots) ?? []
  }

  /** Starts a worker for `slot`; its end is followed from here on. */
  #spawn (slot: Slot, fds: readonly number[] = []): DataThread {
    const { instance, entry, threads, settings, nodeTable, loads, counters, addresses, resourceLimits } = this.#options
    const own = fds.values()
    const snapshot = this.#snapshot
    setState(slot, 'starting')
    const thread = new DataThread({
      entry,
      init: {
        instance,
        thread: slot.thread,
        threads,
        listen: this.#listen.map((address) => (
          this.#isShared(address) ? { ...address, fd: own.next().value! } : address
        )),
        reusePort: this.#reusePort,
        settings,
        snapshot,
        nodeTable: nodeTable.buffers,
        counters: counters.buffer,
        loads: loads.buffers,
        addresses
      },
      startTimeoutMs: this.#options.startTimeoutMs ?? 30_000,
      onListening: () => setState(slot, 'listening'),
      onMessage: (message) => this.#onMessage(slot, message),
      ...(resourceLimits !== undefined && { resourceLimits })
    })
    slot.applied = snapshot.generation
    slot.current = thread
    void thread.ended.then((reason) => this.#onEnd(slot, reason))
    if (this.#isClosing) thread.post({ type: 'closing' })
    return thread
  }

  #onMessage (slot: Slot, message: FromThread): void {
    if (message.type === 'log') this.#options.onLog(message.lines, message.dropped)
    if (message.type !== 'applied') return
    slot.applied = message.generation
    this.#options.onApplied?.()
  }

  #onEnd (slot: Slot, reason: string): void {
    const { nodeTable, counters, clearThread, onApplied } = this.#options
    const wasStable = slot.state === 'listening' && Date.now() - slot.sinceMs >= STABLE_MS
    nodeTable.releaseThread(slot.thread)
    counters.clearGauges(slot.thread)
    clearThread(slot.thread)
    this.#shared?.release(slot)
    delete slot.current
    setState(slot, 'ended')
    onApplied?.()
    if (!this.#isStarted || this.#isStopping) slot.lastEnd = reason
    else this.#replaceLater(slot, reason, wasStable)
  }

  /** Logs once per change: the same end again and again is summed up when the thread is back. */
  #replaceLater (slot: Slot, reason: string, wasStable: boolean): void {
    const { log, random = Math.random, backoff = BACKOFF } = this.#options
    slot.quickDeaths = wasStable ? 1 : slot.quickDeaths + 1
    if (!slot.isDeathLogged || slot.lastEnd !== reason) {
      log.error({ thread: slot.thread, reason, deaths: slot.quickDeaths }, 'data thread ended, it will be replaced')
    }
    slot.isDeathLogged = true
    slot.lastEnd = reason
    setState(slot, 'waiting')
    slot.timer = setTimeout(() => { void this.#replace(slot) }, backoffMs(slot.quickDeaths, random(), backoff))
  }

  async #replace (slot: Slot): Promise<void> {
    let thread: DataThread
    try {
      const [fds] = await this.#duplicate([slot])
      if (this.#isStopping) {
        this.#shared?.release(slot)
        return
      }
      slot.restarts++
      thread = this.#spawn(slot, fds)
    } catch (error) {
      // No worker came to be, so no end of one will be seen.
      this.#shared?.release(slot)
      if (!this.#isStopping) this.#replaceLater(slot, (error as Error).message, false)
      return
    }
    try {
      await thread.listening
    } catch {
      // Its end leads to #onEnd, and from there here again.
      return await thread.terminate('it could not listen')
    }
    slot.isDeathLogged = false
    this.#options.log.info({
      thread: slot.thread, restarts: slot.restarts, attempts: slot.quickDeaths
    }, 'data thread replaced')
  }

  #onHang (thread: number): void {
    const { current, state } = this.#slots[thread]!
    if (state === 'listening') void current?.terminate('its event loop stood still')
  }
}

function setState (slot: Slot, state: ThreadState): void {
  slot.state = state
  slot.sinceMs = Date.now()
}
