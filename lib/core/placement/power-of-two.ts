/**
 * Power of two choices: of two random nodes the one with less load for its capacity; if neither can take the call, the
 * others in random order.
 *
 * Source: Mitzenmacher, "The power of two choices in randomized load balancing" (1996).
 */
import { relativeLoad } from './node-load.ts'
import { Rotation } from './rotation.ts'
import type { PlacementPolicy, PlacementView, ScoreTerms } from './policy.ts'

class PowerOfTwoPolicy implements PlacementPolicy {
  readonly name = 'power-of-two'
  readonly usesKey = false
  readonly rank = -1
  /** Place in the order: the loads behind the second are not looked at. */
  score = -1
  readonly #view: PlacementView
  /** Its first two are the two choices. */
  readonly #rotation = new Rotation()
  #isSwapped = false
  #node = -1

  constructor (view: PlacementView) {
    this.#view = view
    this.refresh()
  }

  refresh (): void {
    this.#rotation.draw(this.#view.pool.nodes.length, this.#view.random(), this.#view.random())
  }

  begin (): void {
    const { slots } = this.#view
    this.score = -1
    this.#isSwapped = false
    if (slots.length < 2) return
    const first = relativeLoad(this.#view, slots[this.#rotation.at(0)]!)
    const second = relativeLoad(this.#view, slots[this.#rotation.at(1)]!)
    this.#isSwapped = second < first
  }

  next (): number {
    const place = ++this.score
    this.#node = this.#rotation.at(this.#isSwapped && place < 2 ? 1 - place : place)
    return this.#node
  }

  placed (): void {
    this.refresh()
  }

  terms (): ScoreTerms {
    return { relativeLoad: relativeLoad(this.#view, this.#view.slots[this.#node]!) }
  }
}

export function powerOfTwo (view: PlacementView): PlacementPolicy {
  return new PowerOfTwoPolicy(view)
}
