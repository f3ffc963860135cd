/**
 * Random: any node with equal chance, whatever its load or capacity. The yardstick that every other policy must beat.
 *
 * The order behind the first node goes round the pool in equal steps of random length, so that each comes once without
 * an order being kept.
 */
import { Rotation } from './rotation.ts'
import type { PlacementPolicy, PlacementView } from './policy.ts'

class RandomPolicy implements PlacementPolicy {
  readonly name = 'random'
  readonly usesKey = false
  readonly rank = -1
  score = -1
  readonly #view: PlacementView
  readonly #rotation = new Rotation()

  constructor (view: PlacementView) {
    this.#view = view
    this.refresh()
  }

  refresh (): void {
    this.#rotation.draw(this.#view.pool.nodes.length, this.#view.random(), this.#view.random())
  }

  begin (): void {
    this.score = -1
  }

  next (): number {
    return this.#rotation.at(++this.score)
  }

  placed (): void {
    this.refresh()
  }
}

export function random (view: PlacementView): PlacementPolicy {
  return new RandomPolicy(view)
}
