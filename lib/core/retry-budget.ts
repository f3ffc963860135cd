/**
 * Retry budget: how many attempts after the first may be under way at once, as a part of the calls that are live. When
 * everything fails, unlimited retries would multiply the load just then; a budget adds a fifth at most.
 *
 * Counts of one thread and pool. The minimum lets a pool with few calls retry at all.
 * Source: Google SRE book, "Handling overload"; Envoy's retry budget has the same two numbers.
 */
export class RetryBudget {
  #live = 0
  #retries = 0
  #ratio: number
  #minimum: number

  /**
   * @param ratio retries under way per live call, 0 or more; 0.2 is one fifth.
   * @param minimum retries that may always be under way.
   */
  constructor (ratio: number, minimum: number) {
    this.#ratio = ratio
    this.#minimum = minimum
  }

  get live (): number {
    return this.#live
  }

  get retries (): number {
    return this.#retries
  }

  /** Other numbers from the next retry on; what is under way goes on. */
  configure (ratio: number, minimum: number): void {
    this.#ratio = ratio
    this.#minimum = minimum
  }

  /** A call has begun. */
  begin (): void {
    this.#live++
  }

  /** A call has ended, however. */
  end (): void {
    if (this.#live === 0) throw new Error('retry budget: a call ended that had not begun')
    this.#live--
  }

  /** Whether a retry may begin now; if so it is counted and must be ended with `endRetry`. */
  tryBeginRetry (): boolean {
    if (this.#retries >= Math.max(this.#minimum, Math.floor(this.#live * this.#ratio))) return false
    this.#retries++
    return true
  }

  /** An attempt begun with `tryBeginRetry` has ended. */
  endRetry (): void {
    if (this.#retries === 0) throw new Error('retry budget: a retry ended that had not begun')
    this.#retries--
  }
}
