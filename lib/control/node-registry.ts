/**
 * Which nodes there are, in which slot of the shared node table each has its counts, and in what state it is.
 *
 * Invariants: a node keeps its slot for as long as its (pool, id) is known, also when its address changes, so its
 * calls in flight stay counted. The slot of a node that left is given to another only when no data thread can use it
 * any more: all have applied a snapshot without it, and its last call has ended.
 *
 * Unknown nodes (probes are on, no success yet) take calls in two cases. While no node of the pool is known to be up:
 * else nobody would serve. And, for the nodes that the pool began with, until a probe of theirs fails: else the first
 * node that answers a probe would get the calls of all others, and start all their functions cold, until they have
 * answered too. A node added later is tried by a probe before it is tried by a call.
 */
import { observe, unknownHealth } from '../core/health.ts'
import type { Health, ProbeResult, Thresholds } from '../core/health.ts'
import { NODE_PRESENT, NODE_READY, NODE_UP } from '../tables/node-table.ts'
import type { NodeTable } from '../tables/node-table.ts'

/** Most nodes of all pools together, those on their way out included. */
export const MAX_NODES = 4096

export interface NodeSpec {
  /** Stable identity within the pool. */
  readonly id: string
  readonly host: string
  readonly port: number
  /** Calls the node runs at once without slowing. */
  readonly capacity: number
  /** Hard limit of calls in flight. */
  readonly cap: number
}

export type AdminState = 'ready' | 'drain' | 'maint'

/** What is known of a node now. Fields change in place; only the registry writes them. */
export interface NodeRecord {
  readonly id: string
  readonly slot: number
  readonly spec: NodeSpec
  readonly health: Health
  readonly admin: AdminState
  /** Unix milliseconds since when the node is known. */
  readonly addedMs: number
  /** The pool began with it. */
  readonly isFounder: boolean
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

interface Members {
  /** Whether probes say anything about these nodes. */
  isProbed: boolean
  readonly nodes: Map<string, Writable<NodeRecord>>
}

/** For tables that others keep by slot. */
export interface RegistryHooks {
  /** The node in this slot went down or has left. */
  onGone? (slot: number): void
  /** The slot will be given to another node. */
  onFreed? (slot: number): void
}

export class NodeRegistry {
  readonly #table: NodeTable
  readonly #hooks: RegistryHooks
  readonly #pools = new Map<string, Members>()
  readonly #free: number[] = []
  /** Slots of nodes that left, with the first generation that does not have them. */
  #leaving: Array<{ readonly slot: number, readonly generation: number }> = []
  #fresh = 0

  constructor (table: NodeTable, hooks: RegistryHooks = {}) {
    this.#table = table
    this.#hooks = hooks
  }

  get maxNodes (): number { return this.#table.maxNodes }

  /** Nodes of a pool, in no particular order. */
  nodes (pool: string): Iterable<NodeRecord> {
    return this.#pools.get(pool)?.nodes.values() ?? []
  }

  get (pool: string, id: string): NodeRecord | undefined {
    return this.#pools.get(pool)?.nodes.get(id)
  }

  /**
   * Makes sure that `sync` can take all of these pools, so that a change is made whole or not at all.
   * @throws RangeError when there are not enough slots.
   */
  assertRoom (pools: ReadonlyArray<{ readonly name: string, readonly nodes: readonly NodeSpec[] }>): void {
    let left = this.#free.length + this.#table.maxNodes - this.#fresh
    for (const { name, nodes } of pools) left -= nodes.filter(({ id }) => this.get(name, id) === undefined).length
    if (left >= 0) return
    throw new RangeError(`${-left} nodes too many: at most ${this.#table.maxNodes} fit in all pools together, ` +
      'those included that have just left: split the pools over several daemons')
  }

  /**
   * Makes a pool's members those of `specs`. Nodes that are no longer among them take no calls from now on.
   * @param specs ids are unique; `assertRoom` has passed.
   * @param generation number of the snapshot that will show the change.
   */
  sync (pool: string, specs: readonly NodeSpec[], isProbed: boolean, generation: number, nowMs: number): void {
    const ids = new Set(specs.map(({ id }) => id))
    const isFounder = !this.#pools.has(pool)
    const members = this.#pools.get(pool) ?? { isProbed, nodes: new Map<string, Writable<NodeRecord>>() }
    for (const [id, node] of members.nodes) {
      if (ids.has(id)) continue
      members.nodes.delete(id)
      this.#retire(node, generation)
    }
    members.isProbed = isProbed
    this.#pools.set(pool, members)
    for (const spec of specs) {
      const known = members.nodes.get(spec.id)
      if (known !== undefined) known.spec = spec
      else {
        members.nodes.set(spec.id, {
          id: spec.id,
          slot: this.#free.pop() ?? this.#fresh++,
          spec,
          health: unknownHealth(nowMs),
          admin: 'ready',
          addedMs: nowMs,
          isFounder
        })
      }
      this.#table.setLimits(members.nodes.get(spec.id)!.slot, spec.capacity, spec.cap)
    }
    this.#writeStates(members)
  }

  /** Forgets a pool and all its nodes. */
  remove (pool: string, generation: number): void {
    for (const node of this.#pools.get(pool)?.nodes.values() ?? []) this.#retire(node, generation)
    this.#pools.delete(pool)
  }

  /**
   * Takes one probe result in. Nothing happens for a node that has left meanwhile.
   * @returns the state before, when it is another one now.
   */
  observe (pool: string, id: string, result: ProbeResult, thresholds: Thresholds, nowMs: number): Health | undefined {
    const members = this.#pools.get(pool)
    const node = members?.nodes.get(id)
    if (members === undefined || node === undefined) return undefined
    const before = node.health
    const { health, flipped } = observe(before, result, nowMs, thresholds)
    node.health = health
    if (flipped || health.state === 'unknown') this.#writeStates(members)
    if (flipped && health.state === 'down') this.#hooks.onGone?.(node.slot)
    return flipped ? before : undefined
  }

  /** The operator's word; it beats what probes say, and no probe changes it. */
  setAdmin (pool: string, id: string, admin: AdminState): void {
    const members = this.#pools.get(pool)
    const node = members?.nodes.get(id)
    if (members === undefined || node === undefined) return
    node.admin = admin
    this.#writeStates(members)
  }

  /**
   * Frees the slots that nobody uses any more.
   * @param appliedGeneration the oldest generation that a data thread may still use.
   */
  reclaim (appliedGeneration: number): void {
    if (this.#leaving.length === 0) return
    this.#leaving = this.#leaving.filter(({ slot, generation }) => {
      if (generation > appliedGeneration || this.#table.inFlight(slot) > 0) return true
      this.#table.resetSlot(slot)
      this.#hooks.onGone?.(slot)
      this.#hooks.onFreed?.(slot)
      this.#free.push(slot)
      return false
    })
  }

  #retire ({ slot }: NodeRecord, generation: number): void {
    this.#table.setState(slot, 0)
    this.#leaving.push({ slot, generation })
  }

  #writeStates ({ isProbed, nodes }: Members): void {
    const isAnyUp = [...nodes.values()].some(({ health }) => health.state === 'up')
    for (const node of nodes.values()) {
      const { slot, admin } = node
      const isUp = !isProbed || countsAsUp(node, isAnyUp)
      this.#table.setState(slot, NODE_PRESENT | (isUp ? NODE_UP : 0) | (admin === 'ready' ? NODE_READY : 0))
    }
  }
}

function countsAsUp ({ health: { state, against }, isFounder }: NodeRecord, isAnyUp: boolean): boolean {
  if (state !== 'unknown') return state === 'up'
  return !isAnyUp || (isFounder && against === 0)
}
