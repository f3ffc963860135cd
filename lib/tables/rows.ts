/**
 * Rows of shared memory with one writer each.
 *
 * Every number that more than one thread needs is kept as one row per data thread. A row is written by its own thread
 * only (and zeroed by the control thread after that thread has died), so no update needs a lock or a read-modify-write
 * across threads, a killed thread can not leave a half-made sum behind, and giving back what a dead thread held is one
 * `fill(0)`. The value of interest is the sum over the rows.
 */

/** A shared Int32 matrix: `threads` rows of `columns` cells. */
export class SharedRows {
  readonly buffer: SharedArrayBuffer
  readonly columns: number
  readonly threads: number
  readonly #cells: Int32Array

  /** @param buffer memory from another thread's `buffer`, or nothing to make new, zeroed memory. */
  constructor (threads: number, columns: number, buffer?: SharedArrayBuffer) {
    this.threads = threads
    this.columns = columns
    this.buffer = buffer ?? new SharedArrayBuffer(threads * columns * 4)
    if (this.buffer.byteLength !== threads * columns * 4) throw new RangeError('SharedRows: the buffer has another shape')
    this.#cells = new Int32Array(this.buffer)
  }

  /** The sum over all threads. Sequentially consistent, so that a reservation (write own cell, read the sum) is exact. */
  sum (column: number): number {
    let total = 0
    for (let cell = column; cell < this.#cells.length; cell += this.columns) total += Atomics.load(this.#cells, cell)
    return total
  }

  /**
   * The sum by plain reads, six times cheaper: what it was a moment ago, in no order with other reads. For comparing
   * many columns; what is then reserved must be reserved by `add` and `sum`.
   */
  peek (column: number): number {
    const cells = this.#cells
    let total = 0
    for (let cell = column; cell < cells.length; cell += this.columns) total += cells[cell]!
    return total
  }

  get (thread: number, column: number): number {
    return Atomics.load(this.#cells, thread * this.columns + column)
  }

  /** Adds to the cell of a row that the calling thread owns. */
  add (thread: number, column: number, delta: number): void {
    const cell = thread * this.columns + column
    Atomics.store(this.#cells, cell, this.#cells[cell]! + delta)
  }

  /** As `add` by a plain write: for counts that nothing is reserved by. */
  bump (thread: number, column: number, delta: number): void {
    this.#cells[thread * this.columns + column]! += delta
  }

  /** Gives back everything a dead thread held. Control thread only, after the thread has ended. */
  clearRow (thread: number): void {
    const from = thread * this.columns
    for (let cell = from; cell < from + this.columns; cell++) Atomics.store(this.#cells, cell, 0)
  }

  /** Clears one column in all rows: for a slot that is given to another node. Only when nobody uses it any more. */
  clearColumn (column: number): void {
    for (let cell = column; cell < this.#cells.length; cell += this.columns) Atomics.store(this.#cells, cell, 0)
  }
}
