/**
 * What a runner node did with each request that reached it: the proof in tests that nothing was lost and nothing ran
 * twice. Bounded: the oldest records go first, and their number is told, so that a test on a log that overflowed fails
 * instead of passing on half of the truth.
 */

export type CallOutcome =
  /** Not over yet. */
  | 'open'
  /** Answered to its end. */
  | 'done'
  /** The function failed, or its instance died or did not start. */
  | 'failed'
  | 'timed-out'
  /** Refused because the node is full: not executed. */
  | 'busy'
  /** Refused for another reason (no such function, too large): not executed. */
  | 'refused'
  /** The client went away first. */
  | 'gone'
  /** A switched-on fault took the answer. */
  | 'fault'

export interface CallRecord {
  /** Counts up from 1 over all requests of this node. */
  readonly seq: number
  /** The request's `x-call-id`, else the `Fn-Call-Id` that this node made. */
  readonly id: string
  /** Function id, or the path of a `/raw/` endpoint. */
  readonly target: string
  /** It was handed to an instance (or to a raw endpoint). */
  executed: boolean
  outcome: CallOutcome
  /** Status sent, 0 = none (yet). */
  status: number
}

export class CallLog {
  readonly #records: CallRecord[] = []
  readonly #size: number
  #count = 0
  #cleared = 0

  constructor (size: number) {
    this.#size = size
  }

  begin (id: string, target: string): CallRecord {
    const record: CallRecord = { seq: ++this.#count, id, target, executed: false, outcome: 'open', status: 0 }
    // A ring: sequence number n is in cell (n - 1) mod size.
    this.#records[(record.seq - 1) % this.#size] = record
    return record
  }

  /** Records still kept, oldest first, from after sequence number `after`. */
  list (after = 0): CallRecord[] {
    const records: CallRecord[] = []
    for (let seq = Math.max(after, this.#cleared, this.#count - this.#size) + 1; seq <= this.#count; seq++) {
      const record = this.#records[(seq - 1) % this.#size]
      if (record !== undefined) records.push(record)
    }
    return records
  }

  /** Records that were pushed out since the last `clear`. */
  get lost (): number {
    return Math.max(0, this.#count - this.#size - this.#cleared)
  }

  /** Forgets; sequence numbers go on. */
  clear (): void {
    this.#cleared = this.#count
    this.#records.length = 0
  }
}
