/**
 * Round robin: nodes in turn, whatever their load or capacity. Each thread has a turn of its own, and they begin at
 * different nodes.
 */
import type { PlacementPolicy, PlacementView } from './policy.ts'

class RoundRobinPolicy implements PlacementPolicy {
  readonly name = 'round-robin'
  readonly usesKey = false
  readonly rank = -1
  score = -1
  readonly #view: PlacementView
  #turn = 0

  constructor (view: PlacementView) {
    this.#view = view
    this.#turn = view.thread
    this.refresh()
  }

  refresh (): void {
    const count = this.#view.pool.nodes.length
    this.#turn = count === 0 ? 0 : this.#turn % count
  }

  begin (): void {
    this.score = -1
  }

  next (): number {
    const count = this.#view.pool.nodes.length
    return ++this.score >= count ? -1 : (this.#turn + this.score) % count
  }

  placed (node: number): void {
    this.#turn = (node + 1) % this.#view.pool.nodes.length
  }
}

export function roundRobin (view: PlacementView): PlacementPolicy {
  return new RoundRobinPolicy(view)
}
