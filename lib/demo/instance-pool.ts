/**
 * The instances of one runner node, and who gets which: Fn's agent in small (its slots.go and evictor.go).
 *
 * - An idle instance is taken last in, first out, so that surplus ones idle out.
 * - Another one starts only for calls that those already starting do not cover.
 * - When the node is full, the longest idle instance of another function makes room; nothing idle: refused, or queued.
 *
 * Invariants: an instance serves at most one call; never more than `maxInstances` live (a start waits until what was
 * evicted for it has exited); every acquired lease ends by exactly one `release` or `discard`.
 */
import type { FunctionSpec, Instance } from './instance.ts'
import { InitError } from './instance.ts'

export type SlotState =
  /** Waits for room that an ending instance still holds. */
  | 'wait'
  | 'start' | 'idle' | 'busy'

interface Slot {
  readonly id: number
  readonly owner: FunctionState
  readonly instance: Instance
  state: SlotState
  /** Clock when it last became idle. */
  idleSince: number
  initMs: number
  calls: number
  idleTimer: NodeJS.Timeout | undefined
}

interface Waiter {
  readonly resolve: (acquired: Acquired) => void
  timer: NodeJS.Timeout | undefined
}

interface FunctionState {
  readonly spec: FunctionSpec
  /** Last in, first out. */
  readonly idle: Slot[]
  readonly slots: Set<Slot>
  /** Calls that wait, oldest first. */
  readonly waiters: Waiter[]
  /** Instances that start, or wait to. */
  starting: number
  evictions: number
}

export type Acquired =
  | { readonly kind: 'lease', readonly lease: Lease }
  /** Full, and nothing to evict. The call was not executed. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'init-failed', readonly error: InitError }
  /** `cancel` was called. */
  | { readonly kind: 'gone' }

/** The right to one call on one instance. */
export interface Lease {
  readonly instance: Instance
  readonly instanceId: number
  /** The call waited for this very instance to start. */
  readonly isCold: boolean
  /** Time from the decision to start it until it took calls, in ms. */
  readonly initMs: number
  /** The instance can serve another call. */
  release (): void
  /** It cannot (it died, or may still be busy with an abandoned call): it is killed. */
  discard (): void
}

/** Lets the caller give up while it waits; `cancel` is set by `acquire` for as long as that makes sense. */
export interface Ticket { cancel: (() => void) | undefined }

export interface PoolLimits {
  readonly maxInstances: number
  readonly maxQueued: number
  readonly queueTimeoutMs: number
  readonly maxFunctions: number
}

/** What is alive, for metrics and tests. */
export interface FunctionView {
  readonly fnId: string
  readonly app: string
  readonly handler: string
  readonly evictions: number
  readonly instances: readonly InstanceView[]
}

export interface InstanceView {
  readonly id: number
  /** 0 while there is no process. */
  readonly pid: number
  readonly state: SlotState
  /** Served so far, the running one included. */
  readonly calls: number
  readonly memoryMb: number
}

export class InstancePool {
  readonly #limits: PoolLimits
  readonly #create: (spec: FunctionSpec) => Instance
  readonly #now: () => number
  /** In order of last use: the first is forgotten first. */
  readonly #functions = new Map<string, FunctionState>()
  /** Functions with more waiters than starting instances, longest short first. */
  readonly #short = new Set<FunctionState>()
  /** Slots whose start waits for an exit. */
  readonly #launchQueue: Slot[] = []
  /** Live slots. */
  #slots = 0
  /** Instances that were started and have not exited: live ones and those that are being ended. */
  #running = new Set<Instance>()
  #queued = 0
  #lastId = 0
  #isStopped = false

  /** @param now monotonic clock in ms. */
  constructor (limits: PoolLimits, create: (spec: FunctionSpec) => Instance, now: () => number) {
    this.#limits = limits
    this.#create = create
    this.#now = now
  }

  /** Calls that wait for an instance. */
  get queued (): number {
    return this.#queued
  }

  get slots (): number {
    return this.#slots
  }

  acquire (spec: FunctionSpec, ticket: Ticket): Acquired | Promise<Acquired> {
    if (this.#isStopped) return { kind: 'busy' }
    const fn = this.#functionState(spec)
    const warm = fn.idle.pop()
    if (warm !== undefined) return { kind: 'lease', lease: this.#lease(warm, false) }
    if (fn.waiters.length >= fn.starting && !this.#launch(fn) && this.#uncovered() >= this.#limits.maxQueued) {
      return { kind: 'busy' }
    }
    return this.#wait(fn, ticket)
  }

  view (): FunctionView[] {
    return [...this.#functions.values()].map(({ spec, evictions, slots }) => ({
      fnId: spec.fnId,
      app: spec.app,
      handler: spec.handler,
      evictions,
      instances: [...slots].map(({ id, instance, state, calls }) => (
        { id, pid: instance.pid, state, calls, memoryMb: spec.settings.memoryMb }
      ))
    }))
  }

  /** Refuses who waits, ends every instance, and resolves when all have exited. */
  async stop (): Promise<void> {
    this.#isStopped = true
    for (const fn of this.#functions.values()) {
      for (const waiter of [...fn.waiters]) this.#settle(fn, waiter, { kind: 'busy' })
      for (const slot of [...fn.slots]) this.#drop(slot)
    }
    await Promise.all([...this.#running].map(instance => instance.exited))
  }

  #functionState (spec: FunctionSpec): FunctionState {
    const known = this.#functions.get(spec.fnId)
    if (known !== undefined) {
      this.#functions.delete(spec.fnId)
      this.#functions.set(spec.fnId, known)
      return known
    }
    if (this.#functions.size >= this.#limits.maxFunctions) this.#forgetOne()
    const fresh: FunctionState = { spec, idle: [], slots: new Set(), waiters: [], starting: 0, evictions: 0 }
    this.#functions.set(spec.fnId, fresh)
    return fresh
  }

  /** Those with instances or waiters stay, so the table may exceed its limit by as many as there are of them. */
  #forgetOne (): void {
    for (const [fnId, fn] of this.#functions) {
      if (fn.slots.size === 0 && fn.waiters.length === 0) {
        this.#functions.delete(fnId)
        return
      }
    }
  }

  /** Starts an instance for `fn`, evicting if need be. False when there is no room. */
  #launch (fn: FunctionState): boolean {
    if (this.#slots >= this.#limits.maxInstances && !this.#evictFor(fn)) return false
    const slot: Slot = {
      id: ++this.#lastId,
      owner: fn,
      instance: this.#create(fn.spec),
      state: 'wait',
      idleSince: 0,
      initMs: 0,
      calls: 0,
      idleTimer: undefined
    }
    fn.slots.add(slot)
    fn.starting++
    this.#slots++
    this.#launchQueue.push(slot)
    this.#startWaiting()
    return true
  }

  #evictFor (fn: FunctionState): boolean {
    let victim: Slot | undefined
    for (const other of this.#functions.values()) {
      const oldest = other === fn ? undefined : other.idle[0]
      if (oldest !== undefined && (victim === undefined || oldest.idleSince < victim.idleSince)) victim = oldest
    }
    if (victim === undefined) return false
    victim.owner.evictions++
    this.#drop(victim)
    return true
  }

  #startWaiting (): void {
    while (this.#running.size < this.#limits.maxInstances) {
      const slot = this.#launchQueue.shift()
      if (slot === undefined) return
      slot.state = 'start'
      this.#running.add(slot.instance)
      void slot.instance.exited.then(() => { this.#exited(slot) })
      const begin = this.#now()
      slot.instance.start().then(
        () => { this.#started(slot, this.#now() - begin) },
        (error: unknown) => { this.#startFailed(slot, error) }
      )
    }
  }

  #started (slot: Slot, initMs: number): void {
    const fn = slot.owner
    if (!fn.slots.has(slot)) return
    fn.starting--
    slot.initMs = initMs
    this.#offer(slot, true)
  }

  #startFailed (slot: Slot, error: unknown): void {
    const fn = slot.owner
    this.#drop(slot)
    this.#startWaiting()
    const initError = error instanceof InitError ? error : new InitError(String(error), false)
    const waiter = fn.waiters[0]
    if (waiter !== undefined) this.#settle(fn, waiter, { kind: 'init-failed', error: initError })
    this.#relieve()
  }

  #exited (slot: Slot): void {
    this.#running.delete(slot.instance)
    // A start that failed is dropped together with its waiter, or another start would be made for that one.
    if (slot.state !== 'start') this.#drop(slot)
    this.#startWaiting()
    this.#relieve()
  }

  /** A free instance: for the oldest waiter of its function, or idle. */
  #offer (slot: Slot, isCold: boolean): void {
    const fn = slot.owner
    const waiter = fn.waiters[0]
    if (waiter !== undefined) {
      this.#settle(fn, waiter, { kind: 'lease', lease: this.#lease(slot, isCold) })
      return
    }
    slot.state = 'idle'
    slot.idleSince = this.#now()
    fn.idle.push(slot)
    slot.idleTimer = setTimeout(() => { this.#drop(slot) }, fn.spec.settings.idleTimeoutMs)
    this.#relieve()
  }

  #lease (slot: Slot, isCold: boolean): Lease {
    clearTimeout(slot.idleTimer)
    slot.state = 'busy'
    slot.calls++
    let isOver = false
    return {
      instance: slot.instance,
      instanceId: slot.id,
      isCold,
      initMs: slot.initMs,
      release: () => {
        if (isOver) return
        isOver = true
        // It may have died in the meantime.
        if (slot.owner.slots.has(slot)) this.#offer(slot, false)
      },
      discard: () => {
        if (isOver) return
        isOver = true
        this.#drop(slot)
        this.#relieve()
      }
    }
  }

  /** Takes a slot out, whatever it does, and ends its instance. */
  #drop (slot: Slot): void {
    const fn = slot.owner
    if (!fn.slots.delete(slot)) return
    this.#slots--
    clearTimeout(slot.idleTimer)
    if (slot.state === 'wait') this.#launchQueue.splice(this.#launchQueue.indexOf(slot), 1)
    if (slot.state === 'wait' || slot.state === 'start') {
      fn.starting--
      if (fn.waiters.length > fn.starting) this.#short.add(fn)
    }
    if (slot.state === 'idle') fn.idle.splice(fn.idle.indexOf(slot), 1)
    slot.instance.kill()
  }

  #wait (fn: FunctionState, ticket: Ticket): Promise<Acquired> {
    return new Promise(resolve => {
      const waiter: Waiter = { resolve, timer: undefined }
      fn.waiters.push(waiter)
      this.#queued++
      if (fn.waiters.length > fn.starting) {
        this.#short.add(fn)
        // Only who waits for room has a limit here: a start has its own.
        const refuse = (): void => { this.#settle(fn, waiter, { kind: 'busy' }) }
        waiter.timer = setTimeout(refuse, this.#limits.queueTimeoutMs)
      }
      ticket.cancel = () => { this.#settle(fn, waiter, { kind: 'gone' }) }
    })
  }

  #settle (fn: FunctionState, waiter: Waiter, acquired: Acquired): void {
    const index = fn.waiters.indexOf(waiter)
    if (index === -1) return
    fn.waiters.splice(index, 1)
    this.#queued--
    clearTimeout(waiter.timer)
    if (fn.waiters.length <= fn.starting) this.#short.delete(fn)
    waiter.resolve(acquired)
  }

  /** Waiting calls that no starting instance is for. */
  #uncovered (): number {
    let calls = 0
    for (const fn of this.#short) calls += fn.waiters.length - fn.starting
    return calls
  }

  /** Something became free: start what is short of instances. */
  #relieve (): void {
    if (this.#isStopped) return
    for (const fn of [...this.#short]) {
      while (fn.waiters.length > fn.starting) {
        if (!this.#launch(fn)) break
      }
      if (fn.waiters.length <= fn.starting) this.#short.delete(fn)
    }
  }
}
