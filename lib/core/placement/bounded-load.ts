/**
 * Consistent hashing with bounded loads: the first node along the preference list that stays at or below
 * ceil(c * m * w / W) with this call, where m counts all calls in flight with this one, w / W is the node's part of the
 * pool's capacity, and c is `loadFactor`. Nodes that may take no call have no part.
 *
 * The list is the distinct walk on the ring, so it is another one for each function, and overflow does not cascade to
 * one neighbour. If hard caps leave no node below its bound, the list is followed once more without it.
 * Source: Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing with bounded loads" (SODA 2018).
 */
import { callsAt, takesCall } from './node-load.ts'
import type { PlacementPolicy, PlacementView, ScoreTerms } from './policy.ts'

class BoundedLoadPolicy implements PlacementPolicy {
  readonly name = 'bounded-load'
  readonly usesKey = true
  rank = -1
  score = 0
  readonly #view: PlacementView
  #entry = -1
  /** Calls at each node as they were when the decision began; -1: takes none. */
  #calls = new Float64Array(0)
  #passed = new Uint8Array(0)
  /** Calls that a unit of capacity may have. */
  #bound = 0
  #isSecondRound = false
  #node = -1

  constructor (view: PlacementView) {
    this.#view = view
    this.refresh()
  }

  refresh (): void {
    const count = this.#view.pool.nodes.length
    this.#calls = new Float64Array(count)
    this.#passed = new Uint8Array(count)
    this.#isSecondRound = true
    this.rank = count
  }

  begin (entry: number): void {
    const { table, slots, tuning } = this.#view
    this.#entry = entry
    this.rank = -1
    this.#isSecondRound = false
    let all = 1
    let capacity = 0
    for (let node = 0; node < slots.length; node++) {
      const slot = slots[node]!
      const calls = callsAt(this.#view, slot)
      const takes = takesCall(this.#view, slot, calls)
      this.#calls[node] = takes ? calls : -1
      this.#passed[node] = 0
      if (!table.peekIsEligible(slot)) continue
      all += calls
      capacity += Math.max(1, table.peekCapacity(slot))
    }
    this.#bound = capacity === 0 ? 0 : tuning.loadFactor * all / capacity
  }

  #boundOf (node: number): number {
    // What a float adds to a whole number must not lift the bound by one.
    return Math.ceil(this.#bound * Math.max(1, this.#view.table.peekCapacity(this.#view.slots[node]!)) - 1e-9)
  }

  next (): number {
    const { functions } = this.#view
    for (;;) {
      const node = functions.rank(this.#entry, ++this.rank)
      if (node < 0) {
        if (this.#isSecondRound) return -1
        this.#isSecondRound = true
        this.rank = -1
        continue
      }
      const calls = this.#calls[node]!
      if (this.#isSecondRound ? this.#passed[node] === 1 : calls < 0 || calls + 1 > this.#boundOf(node)) continue
      this.#passed[node] = 1
      this.#node = node
      this.score = this.#isSecondRound ? functions.distinct + this.rank : this.rank
      return node
    }
  }

  placed (): void {}

  terms (): ScoreTerms {
    return { calls: callsAt(this.#view, this.#view.slots[this.#node]!), bound: this.#boundOf(this.#node) }
  }
}

export function boundedLoad (view: PlacementView): PlacementPolicy {
  return new BoundedLoadPolicy(view)
}
