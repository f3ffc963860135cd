/**
 * The memory of the hot table: fixed pages of 128 bytes in shared memory, found by 64-bit keys, locked one at a time.
 *
 * A key's page is in one of two buckets of eight (two-choice hashing: buckets fill evenly, so a look-up is two cache
 * lines of keys in a table nine tenths full). A new key takes the page of the one not called for longest in its two
 * buckets, so the table is bounded and never rebuilt.
 * Invariants: a page is changed only under its lock, the version word, which names the owner; a writer tries a few times
 * and then lets it be, so what is lost is a sample and never a call. Two threads that bring in one key at once may make
 * two pages of it: all find the first, and the second is never called and goes.
 *
 * Under the lock memory is written plainly: the atomic operations that take and give back the lock order it, and each
 * is a call of some 15 ns in V8.
 */
import { ageOf } from './ticks.ts'

export interface HotTableBuffers {
  readonly maxNodes: number
  readonly keys: SharedArrayBuffer
  readonly pages: SharedArrayBuffer
  readonly header: SharedArrayBuffer
}

export const BUCKET = 8
export const PAGE_WORDS = 32
/** First words of every page: version, and the tick of the last call. */
export const VERSION = 0
export const SEEN = 1

// Version word: count of changes << 9 | (owner + 1) << 1 | locked.
export const LOCKED = 1
const OWNER_BITS = 0x1ff
const CHANGE = 0x200
const TRIES = 50

// First words of the header.
const SIZE = 0
const EVICTIONS = 1
const DROPS = 2
export const HEADER_WORDS = 3

export class HotPages {
  readonly keys: Int32Array
  readonly words: Int32Array
  readonly header: Int32Array
  readonly maxNodes: number
  readonly #buckets: number

  constructor (buffers: HotTableBuffers) {
    this.maxNodes = buffers.maxNodes
    this.keys = new Int32Array(buffers.keys)
    this.words = new Int32Array(buffers.pages)
    this.header = new Int32Array(buffers.header)
    this.#buckets = this.keys.length / 2 / BUCKET
  }

  get buffers (): HotTableBuffers {
    return {
      maxNodes: this.maxNodes,
      keys: this.keys.buffer as SharedArrayBuffer,
      pages: this.words.buffer as SharedArrayBuffer,
      header: this.header.buffer as SharedArrayBuffer
    }
  }

  /** Pages there are, and pages in use. */
  get capacity (): number { return this.keys.length / 2 }
  get size (): number { return Atomics.load(this.header, SIZE) }
  /** Keys that gave their page to another. */
  get evictions (): number { return Atomics.load(this.header, EVICTIONS) }
  /** Changes lost because another thread had the page. */
  get drops (): number { return Atomics.load(this.header, DROPS) }

  /** The page of a key; -1 if there is none. `hint`: where it was last time, or -1. */
  find (high: number, low: number, hint = -1): number {
    const keys = this.keys
    if (hint >= 0 && keys[hint * 2] === high && keys[hint * 2 + 1] === low) return hint
    for (let choice = 0; choice < 2; choice++) {
      const first = this.#bucket(choice === 0 ? high : low)
      for (let page = first; page < first + BUCKET; page++) {
        if (keys[page * 2] === high && keys[page * 2 + 1] === low) return page
      }
    }
    return -1
  }

  #bucket (hash: number): number {
    return Math.floor((hash >>> 0) / 0x100000000 * this.#buckets) * BUCKET
  }

  /** The second half of a key is never 0. */
  isEmpty (page: number): boolean {
    return this.keys[page * 2 + 1] === 0
  }

  /**
   * Makes a page for a key that has none, in the place of the one not called for longest.
   * @param minAge younger ones keep their place, in ticks; 0 = any may go.
   * @returns -1 if there is no place now.
   */
  make (writer: number, high: number, low: number, tick: number, minAge = 0): number {
    let victim = -1
    let oldest = minAge - 1
    let mostFree = 0
    for (let choice = 0; choice < 2; choice++) {
      const first = this.#bucket(choice === 0 ? high : low)
      let free = 0
      let lastFree = -1
      for (let page = first; page < first + BUCKET; page++) {
        if (this.isEmpty(page)) {
          free++
          lastFree = page
          continue
        }
        const age = ageOf(tick, this.words[page * PAGE_WORDS + SEEN]!)
        if (mostFree > 0 || age <= oldest) continue
        oldest = age
        victim = page
      }
      // The emptier bucket, or one of them would overflow long before the table is full.
      if (free <= mostFree) continue
      mostFree = free
      victim = lastFree
    }
    if (victim < 0 || !this.#lock(writer, victim)) return -1
    Atomics.add(this.header, this.isEmpty(victim) ? SIZE : EVICTIONS, 1)
    this.#wipe(victim)
    this.keys[victim * 2] = high
    this.keys[victim * 2 + 1] = low
    this.words[victim * PAGE_WORDS + SEEN] = tick
    this.leave(victim)
    return victim
  }

  /** Locks a page if it (still) belongs to the key; whoever gets true must `leave`. */
  enter (writer: number, page: number, high: number, low: number): boolean {
    if (page < 0 || !this.#lock(writer, page)) return false
    if (this.keys[page * 2] === high && this.keys[page * 2 + 1] === low) return true
    this.leave(page)
    return false
  }

  leave (page: number): void {
    const at = page * PAGE_WORDS + VERSION
    Atomics.store(this.words, at, ((this.words[at]! & ~OWNER_BITS) + CHANGE) | 0)
  }

  #lock (writer: number, page: number): boolean {
    const at = page * PAGE_WORDS + VERSION
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const version = Atomics.load(this.words, at)
      if ((version & LOCKED) !== 0) continue
      const locked = version | (writer + 1) << 1 | LOCKED
      if (Atomics.compareExchange(this.words, at, version, locked) === version) return true
    }
    Atomics.add(this.header, DROPS, 1)
    return false
  }

  #wipe (page: number): void {
    const from = page * PAGE_WORDS
    for (let word = from + SEEN; word < from + PAGE_WORDS; word++) this.words[word] = 0
  }

  /**
   * Frees the pages that a dead thread had locked, empty, since what is in them may be half written. Control thread
   * only, after the thread has ended.
   */
  releaseThread (thread: number): number {
    let freed = 0
    for (let page = 0; page < this.capacity; page++) {
      if ((Atomics.load(this.words, page * PAGE_WORDS + VERSION) & OWNER_BITS) !== ((thread + 1) << 1 | LOCKED)) continue
      if (!this.isEmpty(page)) Atomics.sub(this.header, SIZE, 1)
      this.#wipe(page)
      this.keys[page * 2] = 0
      this.keys[page * 2 + 1] = 0
      this.leave(page)
      freed++
    }
    return freed
  }
}
