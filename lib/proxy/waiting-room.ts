/**
 * Calls of one pool and thread that found no place and wait for one (core/fair-queue.ts says who is next).
 *
 * Room is made when a call ends on this thread, which asks at once; when one ends on another thread, or a node comes back,
 * the next sweep finds out. Bounded by count and by time: what has no place here, or waits too long, is refused.
 */
import { FairQueue } from '../core/fair-queue.ts'
import type { QueueLimits, Waiting } from '../core/fair-queue.ts'

/** One call that ends makes room for one; the second makes up for room that was missed. */
export const SERVED_PER_END = 2
const SERVED_PER_SWEEP = 8

export interface WaitingCall {
  /** Asks for a place again. @returns whether it has one (or has ended), and so waits no more */
  tryAgain (): boolean
  onTooLate (): void
}

export class WaitingRoom {
  readonly #queue: FairQueue<WaitingCall>
  #isServing = false

  constructor (limits: QueueLimits) {
    this.#queue = new FairQueue(limits)
  }

  configure (limits: QueueLimits): void {
    this.#queue.configure(limits)
  }

  get size (): number {
    return this.#queue.size
  }

  /** @param deadlineMs absent = the queue's own. @returns null when the queue is full */
  enter (key: string, call: WaitingCall, nowMs: number, deadlineMs?: number): Waiting<WaitingCall> | null {
    return this.#queue.push(key, call, nowMs, deadlineMs)
  }

  leave (waiting: Waiting<WaitingCall>): void {
    this.#queue.remove(waiting)
  }

  /**
   * There may be room: the next ones go, until none of the functions has a place, `most` of them. Few, because a runner
   * may be fuller than we know, and each of its refusals costs a round trip.
   * @param key the function that made room
   */
  serve (key: string, most: number): void {
    // A call that is placed and fails at once makes room again: the loop below sees it.
    if (this.#isServing) return
    this.#isServing = true
    let served = 0
    for (let misses = 0; misses <= this.#queue.functions && served < most;) {
      const waiting = misses === 0 ? this.#queue.next(key) : this.#queue.next()
      if (waiting === null) break
      if (waiting.call.tryAgain()) {
        this.#queue.served(waiting)
        misses = 0
        served++
      } else {
        this.#queue.skip()
        misses++
      }
    }
    this.#isServing = false
  }

  /** Refuses those who have waited too long, and asks for the others. */
  sweep (nowMs: number): void {
    this.#queue.expire(nowMs, (call) => { call.onTooLate() })
    this.serve('', SERVED_PER_SWEEP)
  }
}
