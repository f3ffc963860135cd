/**
 * Candidates in the order of a cost that the policy has worked out for each: the cheapest first, ties in turn. The
 * cheapest is found in one pass; the others are sorted only when a second one is asked for.
 */
export class CostOrder {
  /** Cost of each candidate, by its place in the list of candidates. Infinity: can take no call. */
  costs = new Float64Array(0)
  #order = new Uint16Array(0)
  #turn = 0
  #next = 0
  #cheapest = 0

  resize (count: number): void {
    this.costs = new Float64Array(count)
    this.#order = new Uint16Array(count)
    this.#next = count
  }

  /** Begins an order over `costs` as they are; of equal costs the one at `turn`, or next behind it, comes first. */
  start (turn: number): void {
    this.#turn = turn
    this.#next = 0
  }

  /** The next candidate's place; -1 after the last. */
  next (): number {
    if (this.#next === this.costs.length) return -1
    if (this.#next === 0) this.#choose()
    else if (this.#next === 1) this.#sort()
    return this.#order[this.#next++]!
  }

  #choose (): void {
    const { costs } = this
    const count = costs.length
    let best = this.#turn
    for (let step = 1, at = this.#turn + 1; step < count; step++, at++) {
      if (at >= count) at = 0
      if (costs[at]! < costs[best]!) best = at
    }
    this.#cheapest = best
    this.#order[0] = best
  }

  #sort (): void {
    const { costs } = this
    const order = this.#order
    const count = costs.length
    for (let step = 0, at = this.#turn, filled = 1; step < count; step++, at++) {
      if (at >= count) at = 0
      if (at !== this.#cheapest) order[filled++] = at
    }
    // If not even the cheapest can take a call their order does not matter, and an overloaded pool is no time to sort.
    if (costs[this.#cheapest] === Infinity) return
    // Stable, so ties stay in turn. Infinity - Infinity is no number and counts as a tie.
    order.subarray(1).sort((a, b) => (costs[a]! - costs[b]!) || 0)
  }
}
