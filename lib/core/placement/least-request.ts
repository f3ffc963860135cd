/**
 * Least request: the node with the fewest calls in flight for its capacity comes first. For calls that have no function
 * key, and for API calls. All nodes are looked at: counts in shared memory cost a few nanoseconds each, and the better
 * of two random nodes would be worse than the best of all.
 *
 * Ties go to the next node behind the one chosen last, so that an idle pool is used evenly also when some of it is
 * down.
 */
import { CostOrder } from './cost-order.ts'
import { relativeLoad } from './node-load.ts'
import type { PlacementPolicy, PlacementView } from './policy.ts'

class LeastRequestPolicy implements PlacementPolicy {
  readonly name = 'least-request'
  readonly usesKey = false
  readonly rank = -1
  score = 0
  readonly #view: PlacementView
  readonly #only: ((view: PlacementView) => readonly number[]) | undefined
  readonly #order = new CostOrder()
  /** The candidates' indices into the pool's nodes. */
  #nodes: Uint16Array = new Uint16Array(0)
  /** Where in `#nodes` the search begins. */
  #turn = 0

  constructor (view: PlacementView, only?: (view: PlacementView) => readonly number[]) {
    this.#view = view
    this.#only = only
    this.refresh()
    // Threads begin at different nodes, or their first calls would all go to one.
    this.#turn = this.#nodes.length === 0 ? 0 : view.thread % this.#nodes.length
  }

  refresh (): void {
    const count = this.#view.pool.nodes.length
    this.#nodes = Uint16Array.from(this.#only?.(this.#view) ?? Array.from({ length: count }, (_, node) => node))
    this.#order.resize(this.#nodes.length)
    if (this.#turn >= this.#nodes.length) this.#turn = 0
  }

  begin (): void {
    const nodes = this.#nodes
    const { costs } = this.#order
    const { slots } = this.#view
    for (let at = 0; at < nodes.length; at++) costs[at] = relativeLoad(this.#view, slots[nodes[at]!]!)
    this.#order.start(this.#turn)
  }

  next (): number {
    const at = this.#order.next()
    if (at < 0) return -1
    this.score = this.#order.costs[at]!
    return this.#nodes[at]!
  }

  placed (node: number): void {
    const at = this.#nodes.indexOf(node)
    this.#turn = at + 1 === this.#nodes.length ? 0 : at + 1
  }
}

export function leastRequest (view: PlacementView): PlacementPolicy {
  return new LeastRequestPolicy(view)
}

/** Least request among the nodes that take the pool's API paths. */
export function leastRequestOfApi (view: PlacementView): PlacementPolicy {
  return new LeastRequestPolicy(view, ({ pool }) => pool.api.action === 'route' ? pool.api.nodes : [])
}
