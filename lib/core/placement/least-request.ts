/**
 * Least request: the node with the fewest calls in flight for its capacity comes first. For calls that have no function
 * key, and for API calls. All nodes are looked at: counts in shared memory cost a few nanoseconds each, and the better
 * of two random nodes would be worse than the best of all.
 *
 * Ties go to the next node behind the one chosen last, so that an idle pool is used evenly also when some of it is
 * down.
 */
import type { PlacementPolicy, PlacementView } from './policy.ts'

class LeastRequestPolicy implements PlacementPolicy {
  readonly name = 'least-request'
  readonly usesKey = false
  readonly rank = -1
  score = 0
  readonly #view: PlacementView
  readonly #only: ((view: PlacementView) => readonly number[]) | undefined
  /** The candidates' indices into the pool's nodes. */
  #nodes: Uint16Array = new Uint16Array(0)
  /** Order of candidates after the first; made only when a second one is asked for. */
  #order: Uint16Array = new Uint16Array(0)
  #costs: Float64Array = new Float64Array(0)
  /** Where in `#nodes` the search begins. */
  #turn = 0
  #taken = -1
  #next = 0

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
    this.#order = new Uint16Array(this.#nodes.length)
    this.#costs = new Float64Array(count)
    if (this.#turn >= this.#nodes.length) this.#turn = 0
  }

  begin (): void {
    this.#next = 0
  }

  next (): number {
    const nodes = this.#nodes
    if (this.#next === nodes.length) return -1
    if (this.#next === 0) this.#choose()
    else if (this.#next === 1) this.#sort()
    const node = this.#order[this.#next++]!
    this.score = this.#costs[node]!
    return node
  }

  placed (node: number): void {
    const at = this.#nodes.indexOf(node)
    this.#turn = at + 1 === this.#nodes.length ? 0 : at + 1
  }

  /** Costs all candidates and puts the cheapest in front. What can take no call costs infinitely much. */
  #choose (): void {
    const { slots, table } = this.#view
    const nodes = this.#nodes
    const count = nodes.length
    let best = -1
    let lowest = Infinity
    for (let step = 0, at = this.#turn; step < count; step++) {
      const node = nodes[at]!
      const cost = table.peekLoad(slots[node]!)
      this.#costs[node] = cost
      if (cost < lowest || best < 0) {
        best = node
        lowest = cost
      }
      if (++at === count) at = 0
    }
    this.#taken = best
    this.#order[0] = best
  }

  #sort (): void {
    const nodes = this.#nodes
    const order = this.#order
    const costs = this.#costs
    let filled = 1
    for (let step = 0, at = this.#turn; step < nodes.length; step++) {
      if (nodes[at] !== this.#taken) order[filled++] = nodes[at]!
      if (++at === nodes.length) at = 0
    }
    // If not even the cheapest can take a call their order does not matter, and an overloaded pool is no time to sort.
    if (costs[this.#taken] === Infinity) return
    // Stable, so ties stay in turn. Infinity - Infinity is no number and counts as a tie.
    order.subarray(1).sort((a, b) => (costs[a]! - costs[b]!) || 0)
  }
}

export function leastRequest (view: PlacementView): PlacementPolicy {
  return new LeastRequestPolicy(view)
}

/** Least request among the nodes that take the pool's API paths. */
export function leastRequestOfApi (view: PlacementView): PlacementPolicy {
  return new LeastRequestPolicy(view, ({ pool }) => pool.api.action === 'route' ? pool.api.nodes : [])
}
