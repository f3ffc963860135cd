/**
 * One simulated balancer: the product's own placement over its own tables, fed with what this balancer would hear and
 * nothing else. It adds no decision of its own.
 */
import { observe, unknownHealth, DEFAULT_THRESHOLDS } from '../core/health.ts'
import { Placement } from '../core/placement/placement.ts'
import { RetryBudget } from '../core/retry-budget.ts'
import { NODE_ELIGIBLE, NODE_PRESENT, NODE_READY, NodeTable } from '../tables/node-table.ts'
import type { Health } from '../core/health.ts'
import type { PoolView } from '../tables/snapshot.ts'
import type { Call } from './call.ts'
import type { NodeModel } from './node-model.ts'

/** A simulated balancer has one data thread. */
const THREAD = 0

const MAX_FUNCTIONS = 10_000

export class BalancerModel {
  readonly index: number
  readonly #table: NodeTable
  readonly #placement: Placement
  readonly #budget: RetryBudget
  readonly #keys: readonly string[]
  readonly #health: Health[]

  /**
   * @param nodes all nodes that there will ever be; a node's slot is its index.
   * @param keys function keys by index.
   */
  constructor (index: number, pool: PoolView, nodes: readonly NodeModel[], keys: readonly string[]) {
    this.index = index
    this.#keys = keys
    this.#table = NodeTable.create(nodes.length, 1)
    this.#placement = new Placement(pool, this.#table, THREAD, MAX_FUNCTIONS)
    this.#budget = new RetryBudget(pool.retry.budgetRatio, pool.retry.budgetMin)
    this.#health = nodes.map(() => unknownHealth(0))
    for (const node of nodes) {
      this.#table.setLimits(node.index, node.spec.cores, node.maxRunning)
      this.#table.setState(node.index, node.isUp ? NODE_ELIGIBLE : NODE_PRESENT | NODE_READY)
    }
  }

  /** The pool has other members. */
  update (pool: PoolView): void {
    this.#placement.update(pool)
  }

  /** A call has come. */
  begin (): void {
    this.#budget.begin()
  }

  /** A call has ended, however. */
  end (): void {
    this.#budget.end()
  }

  /** Chooses a node; its index, or -1 with `call.lease.noPlace`. */
  place (call: Call): number {
    return this.#placement.place(call.lease, this.#keys[call.functionIndex]!) < 0 ? -1 : call.lease.slot
  }

  /** The node could not be reached. Whether another attempt may be made. */
  unreachable (call: Call): boolean {
    this.#placement.giveUp(call.lease)
    if (!this.#budget.tryBeginRetry()) return false
    this.#budget.endRetry()
    return true
  }

  /** The node answered. */
  answered (call: Call): void {
    this.#placement.release(call.lease)
  }

  /** The node died with the call. */
  lost (call: Call): void {
    this.#placement.release(call.lease)
  }

  /** The result of a probe. */
  probed (node: NodeModel, nowMs: number): void {
    const result = { ok: node.isUp, reason: node.isUp ? 'simulated: up' : 'simulated: refused' }
    const { health, flipped } = observe(this.#health[node.index]!, result, nowMs, DEFAULT_THRESHOLDS)
    this.#health[node.index] = health
    if (flipped) {
      this.#table.setState(node.index, health.state === 'up' ? NODE_ELIGIBLE : NODE_PRESENT | NODE_READY)
    }
  }

  health (node: number): Health {
    return this.#health[node]!
  }
}
