/**
 * The functions that one thread knows in one pool: key → entry, and for each entry its hash and the first ranks of its
 * preference list, so that a decision about a known function costs one look-up and no walk. A policy that scores whole
 * pools asks for longer lists (`order`), which are kept from then on.
 *
 * Bounded: when full, the clock (second chance) gives the place of a function not called since its last turn to the new
 * one; what is forgotten is computed again, so eviction costs time and never a wrong answer.
 * Invariant: what `rank` says is always of the ring in use. After a change of the ring entries are not rebuilt at once
 * but when next looked up, so a change does not stall the thread.
 */
import { hashKey, hashKeyLow } from './hash.ts'
import { NO_NODE, RingWalker } from './ring-image.ts'
import type { RingImage } from '../tables/snapshot.ts'

/** Ranks kept per entry: home, and more spill and retry candidates than a call normally sees. */
export const KEPT_RANKS = 8

/** Ranks kept per entry for policies that look at whole pools: 64 bytes, a part of the 400 a function may take. */
export const ORDER_RANKS = 64

/** Nodes in an order are bytes; larger pools are never looked at whole. */
const MAX_ORDER_NODES = 256

const FIRST_ENTRIES = 256

export class FunctionTable {
  readonly maxEntries: number
  readonly #entries = new Map<string, number>()
  readonly #keys: string[] = []
  readonly #walker: RingWalker
  #hashes = new Int32Array(0)
  #lows = new Int32Array(0)
  /** Where else the function is known: its page in the hot table, as last seen. */
  #pages = new Int32Array(0)
  #ranks = new Uint16Array(0)
  /** The generation of the ring that an entry's ranks are of. */
  #generations = new Uint32Array(0)
  /** 1: called since the hand last passed. */
  #called = new Uint8Array(0)
  /** Orders, and the generation of each; empty until the first is asked for. */
  #orders = new Uint8Array(0)
  #orderGenerations = new Uint32Array(0)
  readonly #scratch = new Uint16Array(ORDER_RANKS)
  #generation = 1
  #hand = 0
  #evictions = 0
  /** The walk that last went beyond KEPT_RANKS: whose it is and the next rank it will yield. */
  #tailHash = 0
  #tailRank = -1

  /** @param maxEntries bound of the table; at least 1. */
  constructor (image: RingImage, maxEntries: number) {
    if (!(Number.isInteger(maxEntries) && maxEntries >= 1)) {
      throw new RangeError(`function table of ${maxEntries} entries: expected a whole number from 1 on`)
    }
    this.maxEntries = maxEntries
    this.#walker = new RingWalker(image)
    this.#grow(Math.min(FIRST_ENTRIES, maxEntries))
  }

  get size (): number {
    return this.#entries.size
  }

  /** Entries that made room for others, since the table was made. */
  get evictions (): number {
    return this.#evictions
  }

  /** Length of every complete preference list: the nodes that have points on the ring. */
  get distinct (): number {
    return this.#walker.distinct
  }

  /** Changes to another ring. Entries handed out before must be looked up again. */
  use (image: RingImage): void {
    this.#walker.use(image)
    this.#tailRank = -1
    this.#generation++
    if (this.#generation > 0xffffffff) {
      this.#generations.fill(0)
      this.#orderGenerations.fill(0)
      this.#generation = 1
    }
  }

  /** The entry of a function, made if it is new. Valid until the next `lookup` or `use`. */
  lookup (key: string): number {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      this.#called[known] = 1
      if (this.#generations[known] !== this.#generation) this.#rank(known)
      return known
    }
    const entry = this.#place()
    const own = ownCopy(key)
    this.#entries.set(own, entry)
    this.#keys[entry] = own
    this.#hashes[entry] = hashKey(own)
    this.#lows[entry] = hashKeyLow(own)
    this.#pages[entry] = -1
    // Not yet "called": a stream of functions that are called once must not push out those called again and again.
    this.#called[entry] = 0
    this.#rank(entry)
    if (entry < this.#orderGenerations.length) this.#orderGenerations[entry] = 0
    return entry
  }

  /** The 32-bit hash of the entry's key, unsigned. */
  hash (entry: number): number {
    return this.#hashes[entry]! >>> 0
  }

  /** Both halves of the key's 64-bit hash, signed as shared tables hold them. */
  high (entry: number): number {
    return this.#hashes[entry]!
  }

  low (entry: number): number {
    return this.#lows[entry]!
  }

  /** The page of the hot table at which the function was found last; -1 = not known. */
  page (entry: number): number {
    return this.#pages[entry]!
  }

  setPage (entry: number, page: number): void {
    this.#pages[entry] = page
  }

  /** The node at a rank of the preference list (0 = home), as an index into the pool's nodes; -1 beyond its end. */
  rank (entry: number, rank: number): number {
    if (rank >= KEPT_RANKS) return this.#tail(this.#hashes[entry]!, rank)
    const node = this.#ranks[entry * KEPT_RANKS + rank]!
    return node === NO_NODE ? -1 : node
  }

  /** The orders of all entries; see `order`. */
  get orders (): Uint8Array {
    return this.#orders
  }

  /** Nodes in every order. */
  get orderLength (): number {
    return Math.min(ORDER_RANKS, this.distinct)
  }

  /**
   * The first ranks of an entry's preference list in one piece: where in `orders` they begin; home first.
   * @throws RangeError in a pool too large for it.
   */
  order (entry: number): number {
    const from = entry * ORDER_RANKS
    if (entry < this.#orderGenerations.length && this.#orderGenerations[entry] === this.#generation) return from
    if (entry >= this.#orderGenerations.length) this.#growOrders()
    const walker = this.#walker
    if (walker.nodeCount > MAX_ORDER_NODES) throw new RangeError(`orders in a pool of ${walker.nodeCount} nodes`)
    const ranks = walker.walk(this.#hashes[entry]!, this.#scratch)
    for (let rank = 0; rank < ranks; rank++) this.#orders[from + rank] = this.#scratch[rank]!
    this.#tailRank = -1
    this.#orderGenerations[entry] = this.#generation
    return from
  }

  /** Deep ranks are walked on demand; asked for in order, each costs one step. */
  #tail (hash: number, rank: number): number {
    if (rank >= this.#walker.distinct) return -1
    if (this.#tailHash !== hash || this.#tailRank < 0 || this.#tailRank > rank) {
      this.#walker.start(hash)
      this.#tailHash = hash
      this.#tailRank = 0
    }
    while (this.#tailRank < rank) {
      this.#walker.next()
      this.#tailRank++
    }
    this.#tailRank++
    return this.#walker.next()
  }

  #rank (entry: number): void {
    const walker = this.#walker
    const from = entry * KEPT_RANKS
    walker.start(this.#hashes[entry]!)
    this.#tailRank = -1
    for (let rank = 0; rank < KEPT_RANKS; rank++) {
      const node = walker.next()
      this.#ranks[from + rank] = node < 0 ? NO_NODE : node
    }
    this.#generations[entry] = this.#generation
  }

  /** A free entry: the next unused one, or the one that the hand finds. */
  #place (): number {
    const size = this.#entries.size
    if (size < this.maxEntries) {
      if (size === this.#called.length) this.#grow(Math.min(size * 2, this.maxEntries))
      return size
    }
    // Ends within two rounds, since each step clears a mark.
    while (this.#called[this.#hand] === 1) {
      this.#called[this.#hand] = 0
      this.#hand = this.#hand + 1 === size ? 0 : this.#hand + 1
    }
    const entry = this.#hand
    this.#hand = entry + 1 === size ? 0 : entry + 1
    this.#entries.delete(this.#keys[entry]!)
    this.#evictions++
    return entry
  }

  #grow (entries: number): void {
    this.#hashes = grown(this.#hashes, new Int32Array(entries))
    this.#lows = grown(this.#lows, new Int32Array(entries))
    this.#pages = grown(this.#pages, new Int32Array(entries))
    this.#ranks = grown(this.#ranks, new Uint16Array(entries * KEPT_RANKS))
    this.#generations = grown(this.#generations, new Uint32Array(entries))
    this.#called = grown(this.#called, new Uint8Array(entries))
    if (this.#orders.length > 0) this.#growOrders()
  }

  #growOrders (): void {
    const entries = this.#called.length
    this.#orders = grown(this.#orders, new Uint8Array(entries * ORDER_RANKS))
    this.#orderGenerations = grown(this.#orderGenerations, new Uint32Array(entries))
  }
}

function grown<T extends Int32Array | Uint16Array | Uint32Array | Uint8Array> (from: T, to: T): T {
  to.set(from)
  return to
}

/**
 * A key is usually a slice of a request head, and V8 keeps the whole head alive for a slice. A kept key must have its
 * own characters: 20 bytes instead of 16 KiB.
 */
function ownCopy (key: string): string {
  return Buffer.from(key, 'utf16le').toString('utf16le')
}
