/**
 * Connections per client address over all data threads, in fixed memory whatever the clients do: a count-min sketch
 * (Cormode, Muthukrishnan 2005) with one row per thread and one writer per row (see rows.ts). An estimate is never
 * below the truth; it is above only for an address that shares its cells in both halves with others.
 *
 * The hash is seeded, or a client with many addresses could choose some that fill the cells of a victim.
 */

/** Cells of one hash, a power of two. */
const WIDTH = 8192
const MASK = WIDTH - 1
const WIDTH_BITS = 13
const ROW_CELLS = 2 * WIDTH
const MAPPED_PREFIX = '::ffff:'

export class AddressTable {
  readonly #cells: Int32Array
  readonly #threads: number
  readonly #seed: number

  /** Size of the shared memory in bytes: the threads' rows, and the seed behind them. */
  static bytes (threads: number): number {
    return (threads * ROW_CELLS + 1) * 4
  }

  /**
   * @param buffer zeroed memory of `bytes(threads)`.
   * @param seed 32 random bits, given by the thread that made the memory before any other opens it; the others read
   * it there.
   */
  constructor (buffer: SharedArrayBuffer, threads: number, seed?: number) {
    if (buffer.byteLength !== AddressTable.bytes(threads)) {
      throw new RangeError('AddressTable: the buffer has another shape')
    }
    this.#cells = new Int32Array(buffer)
    this.#threads = threads
    const seedCell = threads * ROW_CELLS
    if (seed !== undefined) Atomics.store(this.#cells, seedCell, seed | 0)
    this.#seed = Atomics.load(this.#cells, seedCell)
  }

  /**
   * Counts a connection in or out, in the row that the calling thread owns. Each −1 follows a +1 of the same thread.
   * @param address as the socket reports it.
   */
  add (thread: number, address: string, delta: 1 | -1): void {
    const hash = hashAddress(address, this.#seed)
    const row = thread * ROW_CELLS
    const first = row + (hash & MASK)
    const second = row + WIDTH + ((hash >>> WIDTH_BITS) & MASK)
    Atomics.store(this.#cells, first, this.#cells[first]! + delta)
    Atomics.store(this.#cells, second, this.#cells[second]! + delta)
  }

  /** Connections of an address over all threads; never less than there are. */
  count (address: string): number {
    const hash = hashAddress(address, this.#seed)
    let first = hash & MASK
    let second = WIDTH + ((hash >>> WIDTH_BITS) & MASK)
    let firstSum = 0
    let secondSum = 0
    for (let thread = 0; thread < this.#threads; thread++, first += ROW_CELLS, second += ROW_CELLS) {
      firstSum += Atomics.load(this.#cells, first)
      secondSum += Atomics.load(this.#cells, second)
    }
    return Math.min(firstSum, secondSum)
  }

  /** Forgets the connections of a dead thread. Control thread only, after the thread has ended. */
  clearThread (thread: number): void {
    const from = thread * ROW_CELLS
    for (let cell = from; cell < from + ROW_CELLS; cell++) Atomics.store(this.#cells, cell, 0)
  }
}

/**
 * FNV-1a over the characters, then MurmurHash3's finaliser, so that both halves of the result depend on every
 * character. An IPv4-mapped address hashes as the IPv4 address: a client is one, whichever listener it came through.
 */
function hashAddress (address: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let at = address.startsWith(MAPPED_PREFIX) ? MAPPED_PREFIX.length : 0; at < address.length; at++) {
    hash = Math.imul(hash ^ address.charCodeAt(at), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
