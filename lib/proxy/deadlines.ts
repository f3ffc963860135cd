/**
 * Coarse deadlines for many things at once.
 *
 * A timer per request and phase would cost more than the request. Instead each connection carries one number, and one
 * sweep of all of them runs ten times a second: setting a deadline is a store, and a time-out is at most one sweep late.
 */

export interface Timed {
  /** Milliseconds on the engine's clock; Infinity = none. */
  deadline: number
  /** Place in the sweep's list; owned by `Deadlines`. */
  sweepIndex: number
  onDeadline (now: number): void
}

export const SWEEP_INTERVAL_MS = 100

export class Deadlines {
  readonly #items: Timed[] = []

  get size (): number {
    return this.#items.length
  }

  add (item: Timed): void {
    item.sweepIndex = this.#items.length
    this.#items.push(item)
  }

  /** Removes an item; a second time is harmless. */
  remove (item: Timed): void {
    const index = item.sweepIndex
    if (index < 0) return
    item.sweepIndex = -1
    const last = this.#items.pop()!
    if (last === item) return
    this.#items[index] = last
    last.sweepIndex = index
  }

  /** Calls `onDeadline` of everything that is due. Backwards, because a due item may remove itself. */
  sweep (now: number): void {
    for (let i = this.#items.length - 1; i >= 0; i--) {
      const item = this.#items[i]
      if (item !== undefined && now >= item.deadline) item.onDeadline(now)
    }
  }

  /** Every item, for draining. The list may shrink while it is walked. */
  each (visit: (item: Timed) => void): void {
    for (let i = this.#items.length - 1; i >= 0; i--) {
      const item = this.#items[i]
      if (item !== undefined) visit(item)
    }
  }
}
