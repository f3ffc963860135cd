/**
 * Pull: a node that has finished a call of the function and holds an idle instance asks, so to speak, for the next one.
 * Of those the one with the fewest calls comes first; if none is known, the node with the fewest calls of all, ties at
 * random. Calls are counted as Hiku's scheduler counts connections: its own, and without regard to capacity.
 *
 * Idle instances are those of the hot table; Hiku's notice of an eviction is what a report or a digest corrects in it.
 * Source: Akbari, Hauswirth, "Hiku: pull-based scheduling for serverless computing" (CCGrid 2025).
 */
import { HotView } from '../../tables/hot-view.ts'
import { CostOrder } from './cost-order.ts'
import type { PlacementPolicy, PlacementView, ScoreTerms } from './policy.ts'

/** More calls than a node can have: what having no idle instance costs. */
const NOT_IDLE = 2 ** 31

class PullPolicy implements PlacementPolicy {
  readonly name = 'pull'
  readonly usesKey = true
  readonly rank = -1
  score = 0
  readonly #view: PlacementView
  readonly #known = new HotView()
  readonly #order = new CostOrder()
  #nodeOf: Int32Array
  #turn = 0
  #node = -1

  constructor (view: PlacementView) {
    this.#view = view
    this.#nodeOf = new Int32Array(view.table.maxNodes)
    this.refresh()
  }

  refresh (): void {
    const { slots } = this.#view
    this.#order.resize(slots.length)
    this.#nodeOf.fill(-1)
    for (let node = 0; node < slots.length; node++) this.#nodeOf[slots[node]!] = node
    this.#draw()
  }

  #draw (): void {
    this.#turn = Math.floor(this.#view.random() * this.#view.slots.length)
  }

  begin (entry: number): void {
    const { table, slots, hot, functions, tick } = this.#view
    const { costs } = this.#order
    const known = this.#known
    functions.setPage(entry, hot.read(known, functions.high(entry), functions.low(entry), tick, functions.page(entry)))
    for (let node = 0; node < slots.length; node++) {
      const slot = slots[node]!
      const calls = table.peekInFlight(slot)
      costs[node] = table.peekIsEligible(slot) && calls < table.peekCap(slot) ? NOT_IDLE + calls : Infinity
    }
    for (let cell = 0; cell < known.count; cell++) {
      const node = this.#nodeOf[known.slots[cell]!]!
      if (node >= 0 && known.idle[cell]! > 0 && costs[node]! >= NOT_IDLE) costs[node]! -= NOT_IDLE
    }
    this.#order.start(this.#turn)
  }

  next (): number {
    const node = this.#order.next()
    if (node >= 0) this.score = this.#order.costs[node]!
    this.#node = node
    return node
  }

  placed (): void {
    this.#draw()
  }

  terms (): ScoreTerms {
    const isIdle = this.score < NOT_IDLE
    return { idleInstanceKnown: isIdle ? 1 : 0, calls: this.#view.table.peekInFlight(this.#view.slots[this.#node]!) }
  }
}

export function pull (view: PlacementView): PlacementPolicy {
  return new PullPolicy(view)
}
