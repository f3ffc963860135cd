/**
 * A queue of calls that found no place, by function: they wait until a response makes room or their deadline is over.
 *
 * Bounded twice, per function and in all, so that one function can fill its own part only and an overload costs bounded
 * memory. Which call is next is a rule that can be chosen, because which is best is a matter of measurement:
 *   - `round-robin`: functions take turns, within one the oldest first: nobody waits for another's burst;
 *   - `warm-first`: as that, but the function that has just had a response comes before its turn, since its instance is
 *     idle now; at most WARM_STREAK times in a row while others wait;
 *   - `deadline`: the earliest deadline of all first;
 *   - `lifo`: the latest deadline of all first: under lasting overload some are served in time instead of all too late.
 * Invariants: pure; a call is in it once, and leaves by `remove` or `expire`; every step takes constant time (`push`
 * does as long as deadlines come in order).
 */
export const QUEUE_RULES = ['round-robin', 'warm-first', 'deadline', 'lifo'] as const
export type QueueRule = typeof QUEUE_RULES[number]

export interface QueueLimits {
  /** Waiting calls of one function, and of all; at least 1 each. */
  readonly perFunction: number
  readonly total: number
  /** Longest wait in milliseconds. */
  readonly deadlineMs: number
  readonly rule: QueueRule
}

export const DEFAULT_QUEUE: QueueLimits = { perFunction: 100, total: 1000, deadlineMs: 5000, rule: 'round-robin' }

/** Calls in a row that may be served out of turn while others wait. */
export const WARM_STREAK = 4

/** A call that waits. Made by `push`; whoever holds it can take the call out again. */
export interface Waiting<T> {
  readonly call: T
  readonly key: string
  readonly deadlineMs: number
}

class Entry<T> implements Waiting<T> {
  readonly call: T
  readonly key: string
  readonly deadlineMs: number
  line: Line<T> | null
  /** Neighbours in the line of the function. */
  older: Entry<T> | null = null
  newer: Entry<T> | null = null
  /** Neighbours among all, by deadline. */
  before: Entry<T> | null = null
  behind: Entry<T> | null = null

  constructor (call: T, line: Line<T>, deadlineMs: number) {
    this.call = call
    this.key = line.key
    this.line = line
    this.deadlineMs = deadlineMs
  }
}

/** The waiting calls of one function; in a circle with those of the others. */
class Line<T> {
  readonly key: string
  oldest: Entry<T> | null = null
  newest: Entry<T> | null = null
  count = 0
  previous: Line<T> = this
  next: Line<T> = this

  constructor (key: string) {
    this.key = key
  }
}

export class FairQueue<T> {
  #limits: QueueLimits
  readonly #lines = new Map<string, Line<T>>()
  /** Whose turn it is. */
  #turn: Line<T> | null = null
  /** All calls by deadline. */
  #first: Entry<T> | null = null
  #last: Entry<T> | null = null
  /** Calls served out of turn since the last one whose turn it was. */
  #streak = 0
  #size = 0

  constructor (limits: Partial<QueueLimits> = {}) {
    this.#limits = checked({ ...DEFAULT_QUEUE, ...limits })
  }

  get size (): number { return this.#size }
  /** Functions with waiting calls. */
  get functions (): number { return this.#lines.size }

  waiting (key: string): number {
    return this.#lines.get(key)?.count ?? 0
  }

  /** Other limits from the next call on; calls that wait keep their deadline. */
  configure (limits: Partial<QueueLimits>): void {
    this.#limits = checked({ ...this.#limits, ...limits })
  }

  /**
   * Lets a call wait.
   * @param deadlineMs when it is too late for it; absent = the limit from now on.
   * @returns null if it has no place: shed the call
   */
  push (key: string, call: T, nowMs: number, deadlineMs = nowMs + this.#limits.deadlineMs): Waiting<T> | null {
    if (this.#size >= this.#limits.total) return null
    let line = this.#lines.get(key)
    if (line !== undefined && line.count >= this.#limits.perFunction) return null
    if (line === undefined) {
      line = new Line<T>(key)
      this.#lines.set(key, line)
      this.#join(line)
    }
    const entry = new Entry(call, line, deadlineMs)
    entry.older = line.newest
    if (line.newest === null) line.oldest = entry
    else line.newest.newer = entry
    line.newest = entry
    line.count++
    this.#insert(entry)
    this.#size++
    return entry
  }

  #insert (entry: Entry<T>): void {
    let before = this.#last
    while (before !== null && before.deadlineMs > entry.deadlineMs) before = before.before
    entry.before = before
    entry.behind = before === null ? this.#first : before.behind
    if (before === null) this.#first = entry
    else before.behind = entry
    if (entry.behind === null) this.#last = entry
    else entry.behind.before = entry
  }

  /** Takes a call out, wherever it stands. @returns false if it is not in the queue any more */
  remove (waiting: Waiting<T>): boolean {
    if (!(waiting instanceof Entry)) return false
    const entry = waiting as Entry<T>
    const { line } = entry
    if (line === null) return false
    entry.line = null
    if (entry.older === null) line.oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === null) line.newest = entry.older
    else entry.newer.older = entry.older
    line.count--
    if (entry.before === null) this.#first = entry.behind
    else entry.before.behind = entry.behind
    if (entry.behind === null) this.#last = entry.before
    else entry.behind.before = entry.before
    this.#size--
    if (line.count === 0) this.#leave(line)
    return true
  }

  /** Behind the one whose turn it is last. */
  #join (line: Line<T>): void {
    const turn = this.#turn
    if (turn === null) {
      this.#turn = line
      return
    }
    line.next = turn
    line.previous = turn.previous
    turn.previous.next = line
    turn.previous = line
  }

  #leave (line: Line<T>): void {
    this.#lines.delete(line.key)
    if (line.next === line) {
      this.#turn = null
      return
    }
    line.previous.next = line.next
    line.next.previous = line.previous
    if (this.#turn === line) this.#turn = line.next
  }

  /** The oldest waiting call of a function; null if none waits. */
  nextOf (key: string): Waiting<T> | null {
    return this.#lines.get(key)?.oldest ?? null
  }

  /**
   * The call to be served next; null if none waits. It stays in the queue: `remove` it when it has a place, `skip` it
   * when there is none for its function.
   * @param warm the function that has just had a response, for `warm-first`.
   */
  next (warm = ''): Waiting<T> | null {
    const { rule } = this.#limits
    if (rule === 'deadline') return this.#first
    if (rule === 'lifo') return this.#last
    if (rule === 'warm-first' && warm !== '' && this.#streak < WARM_STREAK) {
      const own = this.#lines.get(warm)
      if (own !== undefined) return own.oldest
    }
    return this.#turn?.oldest ?? null
  }

  /** The call was served: takes it out and goes on to the next function. */
  served (waiting: Waiting<T>): boolean {
    if (this.#turn?.key === waiting.key) {
      this.#streak = 0
      this.#turn = this.#turn.next
    } else this.#streak++
    return this.remove(waiting)
  }

  /** The call whose turn it is has no place yet: the next function's turn. */
  skip (): void {
    if (this.#turn !== null) this.#turn = this.#turn.next
  }

  /** Takes out every call whose deadline is over, the earliest first. @returns how many */
  expire (nowMs: number, shed: (call: T, key: string) => void): number {
    let count = 0
    for (let entry = this.#first; entry !== null && entry.deadlineMs <= nowMs; entry = this.#first) {
      this.remove(entry)
      count++
      shed(entry.call, entry.key)
    }
    return count
  }

  /** When the next call will be too late; Infinity if none waits. */
  get nextDeadlineMs (): number {
    return this.#first === null ? Infinity : this.#first.deadlineMs
  }
}

function checked (limits: QueueLimits): QueueLimits {
  const { perFunction, total, deadlineMs, rule } = limits
  if (!(Number.isInteger(perFunction) && perFunction >= 1 && Number.isInteger(total) && total >= 1)) {
    throw new RangeError(`queue of ${perFunction} calls per function and ${total} in all: expected whole numbers from 1 on`)
  }
  if (!(deadlineMs > 0)) throw new RangeError(`queue deadline of ${deadlineMs} ms: expected more than 0`)
  if (!QUEUE_RULES.includes(rule)) {
    throw new RangeError(`there is no queue rule "${rule}": choose one of ${QUEUE_RULES.join(', ')}`)
  }
  return limits
}
