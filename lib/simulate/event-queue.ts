/**
 * The future of a simulation: a binary heap of events, earliest first. Events of one moment come in the order in which
 * they were pushed, so a run depends on nothing but its input.
 *
 * An event is three numbers (what, whom it concerns, and a stamp by which its owner knows one that has been overtaken):
 * no objects, no garbage, and nothing to delete from the middle of the heap.
 */
export class EventQueue {
  /** Fields of the event last popped. */
  timeS = 0
  kind = 0
  subject = 0
  stamp = 0
  #size = 0
  #pushed = 0
  #times = new Float64Array(1024)
  #orders = new Float64Array(1024)
  #kinds = new Uint8Array(1024)
  #subjects = new Int32Array(1024)
  #stamps = new Int32Array(1024)

  get size (): number {
    return this.#size
  }

  /** @throws RangeError on a time that is no number: such an event would break the order of all others. */
  push (timeS: number, kind: number, subject = 0, stamp = 0): void {
    if (Number.isNaN(timeS)) throw new RangeError(`event ${kind} of ${subject} at no time`)
    if (this.#size === this.#times.length) this.#grow()
    const order = this.#pushed++
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      // The new one was pushed last, so it only goes before what is later.
      if (this.#times[parent]! <= timeS) break
      this.#move(parent, at)
      at = parent
    }
    this.#times[at] = timeS
    this.#orders[at] = order
    this.#kinds[at] = kind
    this.#subjects[at] = subject
    this.#stamps[at] = stamp
  }

  /** Takes the earliest event out and puts it into the fields; false when there is none. */
  pop (): boolean {
    if (this.#size === 0) return false
    this.timeS = this.#times[0]!
    this.kind = this.#kinds[0]!
    this.subject = this.#subjects[0]!
    this.stamp = this.#stamps[0]!
    const last = --this.#size
    if (last > 0) this.#sink(last)
    return true
  }

  /** Puts the element at `from`, now beyond the end, where it belongs below the empty root. */
  #sink (from: number): void {
    const times = this.#times
    const orders = this.#orders
    const time = times[from]!
    const order = orders[from]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && (times[child + 1]! < times[child]! ||
        (times[child + 1] === times[child] && orders[child + 1]! < orders[child]!))) child++
      if (time < times[child]! || (time === times[child] && order < orders[child]!)) break
      this.#move(child, at)
      at = child
    }
    if (at !== from) this.#move(from, at)
  }

  #move (from: number, to: number): void {
    this.#times[to] = this.#times[from]!
    this.#orders[to] = this.#orders[from]!
    this.#kinds[to] = this.#kinds[from]!
    this.#subjects[to] = this.#subjects[from]!
    this.#stamps[to] = this.#stamps[from]!
  }

  #grow (): void {
    const size = this.#times.length * 2
    this.#times = copied(this.#times, new Float64Array(size))
    this.#orders = copied(this.#orders, new Float64Array(size))
    this.#kinds = copied(this.#kinds, new Uint8Array(size))
    this.#subjects = copied(this.#subjects, new Int32Array(size))
    this.#stamps = copied(this.#stamps, new Int32Array(size))
  }
}

function copied<T extends Float64Array | Uint8Array | Int32Array> (from: T, to: T): T {
  to.set(from)
  return to
}
