/**
 * Connections to runner nodes: one bounded keep-alive pool per node and thread.
 *
 * Idle connections are used last-in first-out, so that surplus ones age out; one closes before the runner would close
 * it (RFC 9112 §9.3, peers' keep-alive race), and at once when the runner sends anything on it: bytes nobody asked for
 * would be taken for the next call's answer.
 */
import type { LookupFunction } from 'node:net'
import type { ThreadCounters } from '../tables/counters.ts'
import type { NodeView, PoolView } from '../tables/snapshot.ts'
import type { Deadlines, Timed } from './deadlines.ts'
import type { Names } from './names.ts'
import { openSocket } from './transport.ts'
import type { Receiver, WiredSocket } from './transport.ts'

/** What a connection tells the call that it serves. */
export interface UpstreamUser {
  /** The connection stands and takes the request. */
  onUpstreamReady (connection: UpstreamConnection): void
  onUpstreamBytes (bytes: Buffer, start: number, end: number): void
  /** The runner sent its FIN. */
  onUpstreamEnd (): void
  /** The connection is gone, or its deadline passed (`timeout`: it is still there and the call decides). */
  onUpstreamLost (error: NodeJS.ErrnoException | null): void
  onUpstreamTimeout (): void
  onUpstreamDrain (): void
}

/** What all upstream pools of a thread share. */
export interface UpstreamContext {
  readonly deadlines: Deadlines
  readonly counters: ThreadCounters
  /** Resolves the names of nodes. */
  readonly names: Names
  /** Milliseconds, as of the last sweep: good enough for deadlines, free to read. */
  readonly clock: number
}

export class UpstreamConnection implements Receiver, Timed {
  deadline = Infinity
  sweepIndex = -1
  user: UpstreamUser | null
  readonly socket: WiredSocket
  readonly pool: UpstreamPool
  isConnected = false
  /** Calls answered on it before the present one. */
  served = 0
  #isOpen = true
  #isIdle = false

  constructor (pool: UpstreamPool, user: UpstreamUser) {
    this.pool = pool
    this.user = user
    this.socket = openSocket(pool.node.host, pool.node.port, pool.lookup, this)
  }

  get isIdle (): boolean {
    return this.#isIdle
  }

  onConnected (): void {
    this.isConnected = true
    this.deadline = Infinity
    if (this.user === null) this.close()
    else this.user.onUpstreamReady(this)
  }

  onBytes (bytes: Buffer, start: number, end: number): void {
    if (this.user !== null) this.user.onUpstreamBytes(bytes, start, end)
    else this.close()
  }

  onEnd (): void {
    if (this.user !== null) this.user.onUpstreamEnd()
    else this.close()
  }

  onClosed (error: NodeJS.ErrnoException | null): void {
    const { user } = this
    this.user = null
    this.#forget()
    user?.onUpstreamLost(error)
  }

  onDrain (): void {
    this.user?.onUpstreamDrain()
  }

  onDeadline (): void {
    this.deadline = Infinity
    if (this.user !== null) this.user.onUpstreamTimeout()
    else this.close()
  }

  /** Goes to rest, to be used again. */
  rest (expiresAt: number): void {
    this.user = null
    this.#isIdle = true
    this.deadline = expiresAt
    this.served++
  }

  wake (user: UpstreamUser): void {
    this.user = user
    this.#isIdle = false
    this.deadline = Infinity
  }

  /** Ends the connection at once; the user hears nothing more. */
  close (): void {
    this.user = null
    this.#forget()
    this.socket.receiver = null
    this.socket.destroy()
  }

  #forget (): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.pool.forget(this)
    this.#isIdle = false
  }
}

export class UpstreamPool {
  readonly node: NodeView
  readonly #context: UpstreamContext
  #limits: PoolView['upstream']
  #connectTimeoutMs: number
  readonly #idle: UpstreamConnection[] = []
  #open = 0
  #isRetired = false

  constructor (node: NodeView, view: PoolView, context: UpstreamContext) {
    this.node = node
    this.#context = context
    this.#limits = view.upstream
    this.#connectTimeoutMs = view.timeouts.connectMs
  }

  /** Takes over limits of a newer snapshot. */
  update (view: PoolView): void {
    this.#limits = view.upstream
    this.#connectTimeoutMs = view.timeouts.connectMs
  }

  get lookup (): LookupFunction {
    return this.#context.names.lookup
  }

  get open (): number {
    return this.#open
  }

  /** An idle connection, woken for `user`, or null. */
  take (user: UpstreamUser): UpstreamConnection | null {
    const connection = this.#idle.pop()
    if (connection === undefined) return null
    this.#context.counters.add('upstreamConnectionsIdle', -1)
    connection.wake(user)
    return connection
  }

  /** Opens a connection for `user`, who hears of it; null when the bound is reached. */
  connect (user: UpstreamUser): UpstreamConnection | null {
    if (this.#open >= this.#limits.maxConnectionsPerNode) return null
    this.#open++
    this.#context.counters.add('upstreamConnectionsOpen')
    const connection = new UpstreamConnection(this, user)
    connection.deadline = this.#context.clock + this.#connectTimeoutMs
    this.#context.deadlines.add(connection)
    return connection
  }

  /**
   * Takes a connection back after a complete exchange.
   *
   * @param keepAliveSeconds what the runner said in Keep-Alive, -1 = nothing
   */
  giveBack (connection: UpstreamConnection, keepAliveSeconds: number): void {
    const told = keepAliveSeconds < 0 ? Infinity : keepAliveSeconds * 1000 - 1000
    const idleMs = Math.min(this.#limits.idleMs, told)
    if (this.#isRetired || idleMs <= 0 || this.#idle.length >= this.#limits.maxIdlePerNode) {
      connection.close()
      return
    }
    connection.rest(this.#context.clock + idleMs)
    this.#idle.push(connection)
    this.#context.counters.add('upstreamConnectionsIdle')
  }

  /** Called by a connection that is gone. */
  forget (connection: UpstreamConnection): void {
    this.#open--
    this.#context.counters.add('upstreamConnectionsOpen', -1)
    this.#context.deadlines.remove(connection)
    if (!connection.isIdle) return
    const index = this.#idle.indexOf(connection)
    if (index < 0) return
    this.#idle.splice(index, 1)
    this.#context.counters.add('upstreamConnectionsIdle', -1)
  }

  /** The node has left: idle connections end now, busy ones after their call. */
  retire (): void {
    this.#isRetired = true
    for (const connection of this.#idle.slice()) connection.close()
  }
}
