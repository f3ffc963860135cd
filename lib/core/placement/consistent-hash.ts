/**
 * Consistent hashing with spill: candidates are the key's preference list, home first. A home that is down, drained or
 * at its cap is passed over for the next in the list, which is the same next one on every balancer.
 */
import type { PlacementPolicy, PlacementView } from './policy.ts'

class ConsistentHashPolicy implements PlacementPolicy {
  readonly name = 'consistent-hash'
  readonly usesKey = true
  rank = -1
  readonly #view: PlacementView
  #entry = 0

  constructor (view: PlacementView) {
    this.#view = view
  }

  get score (): number {
    return this.rank
  }

  refresh (): void {
    this.rank = -1
  }

  begin (entry: number): void {
    this.#entry = entry
    this.rank = -1
  }

  next (): number {
    return this.#view.functions.rank(this.#entry, ++this.rank)
  }

  placed (): void {}
}

export function consistentHash (view: PlacementView): PlacementPolicy {
  return new ConsistentHashPolicy(view)
}
