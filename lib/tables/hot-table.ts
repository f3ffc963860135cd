/**
 * The hot table: which functions have idle instances on which nodes, how long their calls and starts take, and which
 * starts are under way. One per pool, written by all data threads and the control thread (locking: hot-pages.ts).
 *
 * A function has one page, with twelve nodes; one that is warm on more nodes gets further pages under keys derived from
 * its own, so most pay for what they need. What is known of a node is void when it fails or sends a whole digest: one
 * word per node says from when on entries count, so nothing need be searched.
 */
import { BUCKET, HEADER_WORDS, HotPages, LOCKED, PAGE_WORDS, SEEN, VERSION } from './hot-pages.ts'
import { CELLS_PER_PAGE, MAX_PAGES } from './hot-view.ts'
import { ageOf, ticksIn } from './ticks.ts'
import type { HotTableBuffers } from './hot-pages.ts'
import type { HotView } from './hot-view.ts'

export interface HotTableOptions {
  /** How long a runner keeps an idle instance; one not seen for longer counts as gone. */
  readonly keepAliveMs?: number
  /** How long after a digest it is taken for the whole truth about its node. */
  readonly digestMs?: number
}

/** How a call ended, in memory that the caller uses again for each. */
export interface HotCall {
  /** The node at which the instance is now; -1 = the call never ran. */
  slot: number
  /** Idle instances there after the call; -1 = not said: the one that served it is one more. */
  idle: number
  /** Whether `countSent` took it for a start. */
  wasStart: boolean
  /** Execution time, of a warm call; 0 = not known. */
  execUs: number
  /** Initialisation time, of a cold one; 0 = not known. */
  initUs: number
}

/** Part of the pages that is in use when `maxFunctions` are known. */
const FILL = 0.9

// Words of a page, after those of hot-pages.ts. Times are in µs, 0 = not known.
const EXEC = 2
const DEVIATION = 3
const INIT = 4
const START_AT = 5
/** (slot + 1) << 16 | starts under way. */
const STARTS = 6
/** Further pages there may be. */
const MORE = 7
/** Two words a cell: (slot + 1) << 16 | idle; the tick at which that was seen. */
const CELLS = 8
const CELLS_END = CELLS + 2 * CELLS_PER_PAGE

// Words of the header, then four for each node.
const GLOBAL_EXEC = HEADER_WORDS
const GLOBAL_INIT = HEADER_WORDS + 1
const KEEP_ALIVE = HEADER_WORDS + 2
const DIGEST_LIFE = HEADER_WORDS + 3
const NODES = HEADER_WORDS + 4
const NODE_WORDS = 4
const FROM = 0
const HAS_FROM = 1
const DIGEST_AT = 2
const HAS_DIGEST = 3

/** What is assumed of a function before anything was called at all. */
export const FIRST_EXEC_US = 200_000
export const FIRST_INIT_US = 1_000_000
/** Weights of a new sample in the averages (policy.md §5.4). */
const [EXEC_WEIGHT, GLOBAL_EXEC_WEIGHT] = [0.1, 0.01]
const [INIT_WEIGHT, GLOBAL_INIT_WEIGHT] = [0.3, 0.05]
const MAX_US = 0x7fffffff
const MAX_IDLE = 0xffff
const MAX_STARTS = MAX_IDLE
/** A start not heard of for so long has ended unseen. */
const START_LIFE = ticksIn(60_000)

export class HotTable {
  /** For saving and for gauges. */
  readonly pages: HotPages
  /** Whether the last `countSent` found an idle instance. */
  tookIdle = false

  private constructor (buffers: HotTableBuffers) {
    this.pages = new HotPages(buffers)
  }

  /**
   * @param maxFunctions functions that fit with hardly an eviction; each takes about 151 bytes.
   * @throws RangeError on a bound that is no whole number from 1 on.
   */
  static create (maxFunctions: number, maxNodes: number, options: HotTableOptions = {}): HotTable {
    if (!(Number.isInteger(maxFunctions) && maxFunctions >= 1)) {
      throw new RangeError(`hot table for ${maxFunctions} functions: expected a whole number from 1 on`)
    }
    const pages = Math.ceil(maxFunctions / FILL / BUCKET) * BUCKET
    const table = new HotTable({
      maxNodes,
      keys: new SharedArrayBuffer(pages * 8),
      pages: new SharedArrayBuffer(pages * PAGE_WORDS * 4),
      header: new SharedArrayBuffer((NODES + maxNodes * NODE_WORDS) * 4)
    })
    Atomics.store(table.pages.header, GLOBAL_EXEC, FIRST_EXEC_US)
    Atomics.store(table.pages.header, GLOBAL_INIT, FIRST_INIT_US)
    table.configure(options)
    return table
  }

  /** Opens the table that another thread made. */
  static from (buffers: HotTableBuffers): HotTable {
    return new HotTable(buffers)
  }

  get buffers (): HotTableBuffers { return this.pages.buffers }
  get maxNodes (): number { return this.pages.maxNodes }
  /** Average over all functions, for one that is not known yet. */
  get globalExecUs (): number { return this.pages.header[GLOBAL_EXEC]! }
  get globalInitUs (): number { return this.pages.header[GLOBAL_INIT]! }

  /** Good for all threads at once. Control thread only. */
  configure (options: HotTableOptions): void {
    Atomics.store(this.pages.header, KEEP_ALIVE, ticksIn(options.keepAliveMs ?? 600_000))
    Atomics.store(this.pages.header, DIGEST_LIFE, ticksIn(options.digestMs ?? 10_000))
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes what is known of a function into `view`; of nodes only those that can be warm now.
   * @param hint the page that the last `read` or `countSent` of this key returned, or -1.
   * @returns the page, or -1 (and an empty view) if nothing is known.
   */
  read (view: HotView, high: number, low: number, tick: number, hint = -1): number {
    view.clear()
    const page = this.pages.find(high, low, hint)
    if (page < 0) return -1
    const more = this.#readPage(view, page, high, low, tick, true)
    for (let ordinal = 1; ordinal <= more; ordinal++) {
      const moreHigh = pageKey(high, ordinal)
      const next = this.pages.find(moreHigh, low)
      if (next >= 0) this.#readPage(view, next, moreHigh, low, tick, false)
    }
    return more < 0 ? -1 : page
  }

  /** Appends a page to the view, whole or not at all. @returns how many further ones there may be, -1 = not read */
  #readPage (view: HotView, page: number, high: number, low: number, tick: number, isFirst: boolean): number {
    const { words, keys } = this.pages
    const at = page * PAGE_WORDS
    const before = view.count
    for (let attempt = 0; attempt < 3; attempt++) {
      const version = Atomics.load(words, at + VERSION)
      if ((version & LOCKED) !== 0) continue
      const isOurs = keys[page * 2] === high && keys[page * 2 + 1] === low
      const more = words[at + MORE]!
      if (isFirst) {
        view.setTimes(words[at + EXEC]!, words[at + DEVIATION]!, words[at + INIT]!)
        const startTick = words[at + START_AT]!
        const starts = ageOf(tick, startTick) <= START_LIFE ? words[at + STARTS]! : 0
        view.setStart((starts >>> 16) - 1, starts & MAX_STARTS, startTick)
      }
      // Cells are taken from the first on, and given to other nodes but never back.
      for (let cell = at + CELLS; cell < at + CELLS_END && words[cell] !== 0; cell += 2) {
        const word = words[cell]!
        const seen = words[cell + 1]!
        if (!this.#isLive((word >>> 16) - 1, seen, tick)) continue
        view.slots[view.count] = (word >>> 16) - 1
        view.idle[view.count] = word & MAX_IDLE
        view.seen[view.count++] = seen
      }
      // Adding nothing reads the version not before all of the above was read, which a plain load would not promise.
      if (Atomics.add(words, at + VERSION, 0) === version) {
        if (isOurs) return more
        break
      }
      view.count = before
    }
    view.count = before
    if (isFirst) view.clear()
    return -1
  }

  /** Whether what was seen at a node still stands: nothing has voided it, and it can not have been let go since. */
  #isLive (slot: number, seen: number, tick: number): boolean {
    const header = this.pages.header
    const node = NODES + slot * NODE_WORDS
    if (header[node + HAS_FROM] === 1 && ((seen - header[node + FROM]!) | 0) < 0) return false
    return ageOf(tick, seen) <= header[KEEP_ALIVE]! || this.hasDigest(slot, tick)
  }

  /** Whether the node tells us all it has warm, so that a function it does not name is cold there. */
  hasDigest (slot: number, tick: number): boolean {
    const header = this.pages.header
    const node = NODES + slot * NODE_WORDS
    return header[node + HAS_DIGEST] === 1 && ageOf(tick, header[node + DIGEST_AT]!) <= header[DIGEST_LIFE]!
  }

  // ── writing: calls ──────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A call of the function goes to a node. An idle instance there, if one is known, is busy from now on (`tookIdle`);
   * if none is known, one will be started for the call.
   * @param writer the data thread's number.
   * @returns the function's page, as a hint for the next look-up; -1 if it has none now.
   */
  countSent (writer: number, high: number, low: number, slot: number, tick: number, hint = -1): number {
    const { pages } = this
    const { words } = pages
    this.tookIdle = false
    const page = this.#pageOf(writer, high, low, tick, hint, 0)
    const at = page * PAGE_WORDS
    const more = page < 0 ? 0 : words[at + MORE]!
    for (let ordinal = 1; ordinal <= more; ordinal++) {
      const moreHigh = pageKey(high, ordinal)
      const next = pages.find(moreHigh, low)
      if (!pages.enter(writer, next, moreHigh, low)) continue
      // Called as often as the first page is.
      words[next * PAGE_WORDS + SEEN] = tick
      if (!this.tookIdle) this.#take(next * PAGE_WORDS, slot, tick)
      pages.leave(next)
    }
    if (!pages.enter(writer, page, high, low)) return page
    words[at + SEEN] = tick
    if (!this.tookIdle) this.#take(at, slot, tick)
    if (!this.tookIdle) {
      const isOld = ageOf(tick, words[at + START_AT]!) > START_LIFE
      const starts = isOld ? 0 : words[at + STARTS]! & MAX_STARTS
      words[at + STARTS] = (slot + 1) << 16 | Math.min(MAX_STARTS, starts + 1)
      words[at + START_AT] = tick
    }
    pages.leave(page)
    return page
  }

  #take (at: number, slot: number, tick: number): void {
    const cell = this.#cellOf(at, slot)
    if (cell < 0) return
    const word = this.pages.words[cell]!
    if ((word & MAX_IDLE) === 0 || !this.#isLive(slot, this.pages.words[cell + 1]!, tick)) return
    this.pages.words[cell] = word - 1
    this.tookIdle = true
  }

  /** Takes in how a call ended; not if the function has given its page to another since. */
  countEnded (writer: number, high: number, low: number, ended: HotCall, tick: number, hint = -1): void {
    const { pages } = this
    const page = pages.find(high, low, hint)
    if (!pages.enter(writer, page, high, low)) return
    const { words } = pages
    const at = page * PAGE_WORDS
    if (ended.wasStart && (words[at + STARTS]! & MAX_STARTS) > 0) words[at + STARTS]!--
    this.#learnTimes(at, ended)
    const more = words[at + MORE]!
    const { slot, idle } = ended
    const isSet = slot < 0 || this.#set(at, slot, idle, tick, false) || (more === 0 && this.#fill(at, slot, idle, tick))
    pages.leave(page)
    if (!isSet) this.#setElsewhere(writer, page, high, low, slot, idle, tick, more, false)
  }

  #learnTimes (at: number, { execUs, initUs }: HotCall): void {
    const { words, header } = this.pages
    if (execUs > 0) {
      const sample = Math.min(MAX_US, execUs)
      const known = words[at + EXEC]!
      const away = Math.abs(sample - known)
      words[at + EXEC] = known === 0 ? Math.ceil(sample) : average(known, sample, EXEC_WEIGHT)
      if (known > 0) words[at + DEVIATION] = average(words[at + DEVIATION]!, away, EXEC_WEIGHT)
      header[GLOBAL_EXEC] = average(header[GLOBAL_EXEC]!, sample, GLOBAL_EXEC_WEIGHT)
    }
    if (initUs > 0) {
      const sample = Math.min(MAX_US, initUs)
      const known = words[at + INIT]!
      words[at + INIT] = known === 0 ? Math.ceil(sample) : average(known, sample, INIT_WEIGHT)
      header[GLOBAL_INIT] = average(header[GLOBAL_INIT]!, sample, GLOBAL_INIT_WEIGHT)
    }
  }

  // ── writing: nodes ──────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * One function of a node's digest. Functions that we know keep their place before those that only nodes know.
   * @param tick when the probe was sent: what a response said after that is newer and stays.
   */
  setIdle (writer: number, high: number, low: number, slot: number, idle: number, tick: number): void {
    const { pages } = this
    if (idle === 0 && pages.find(high, low) < 0) return
    const page = this.#pageOf(writer, high, low, tick, -1, 2 * pages.header[KEEP_ALIVE]!)
    if (!pages.enter(writer, page, high, low)) return
    const at = page * PAGE_WORDS
    const more = pages.words[at + MORE]!
    const isSet = this.#set(at, slot, idle, tick, true) || (more === 0 && this.#fill(at, slot, idle, tick))
    pages.leave(page)
    if (!isSet) this.#setElsewhere(writer, page, high, low, slot, idle, tick, more, true)
  }

  /**
   * The node's digest is taken in.
   * @param tick when the probe was sent.
   * @param isFull it named every function with an idle instance, so that all else known of the node is void.
   */
  completeDigest (slot: number, tick: number, isFull: boolean): void {
    const node = NODES + slot * NODE_WORDS
    const { header } = this.pages
    if (isFull) this.forgetNode(slot, tick)
    Atomics.store(header, node + DIGEST_AT, tick)
    Atomics.store(header, node + HAS_DIGEST, 1)
  }

  /** Nothing seen at the node before `tick` counts any more: it failed, or it is another one. */
  forgetNode (slot: number, tick: number): void {
    const node = NODES + slot * NODE_WORDS
    Atomics.store(this.pages.header, node + FROM, tick)
    Atomics.store(this.pages.header, node + HAS_FROM, 1)
    Atomics.store(this.pages.header, node + HAS_DIGEST, 0)
  }

  /** Frees what a dead thread had locked. Control thread only. */
  releaseThread (thread: number): void {
    this.pages.releaseThread(thread)
  }

  // ── cells ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #pageOf (writer: number, high: number, low: number, tick: number, hint: number, minAge: number): number {
    const page = this.pages.find(high, low, hint)
    return page >= 0 ? page : this.pages.make(writer, high, low, tick, minAge)
  }

  #cellOf (at: number, slot: number): number {
    const { words } = this.pages
    for (let cell = at + CELLS; cell < at + CELLS_END; cell += 2) {
      if (words[cell]! >>> 16 === slot + 1) return cell
    }
    return -1
  }

  /** Changes the node's cell, if it has one in this page. `idle` -1: one more than known. */
  #set (at: number, slot: number, idle: number, tick: number, keepsNewer: boolean): boolean {
    const cell = this.#cellOf(at, slot)
    if (cell < 0) return false
    const { words } = this.pages
    if (keepsNewer && ((words[cell + 1]! - tick) | 0) > 0) return true
    const known = this.#isLive(slot, words[cell + 1]!, tick) ? words[cell]! & MAX_IDLE : 0
    words[cell] = (slot + 1) << 16 | Math.min(MAX_IDLE, idle < 0 ? known + 1 : idle)
    words[cell + 1] = tick
    return true
  }

  /** Gives the node a cell in this page, if one is free or of a node that can not be warm any more. */
  #fill (at: number, slot: number, idle: number, tick: number): boolean {
    const { words } = this.pages
    for (let cell = at + CELLS; cell < at + CELLS_END; cell += 2) {
      const word = words[cell]!
      if (word !== 0 && this.#isLive((word >>> 16) - 1, words[cell + 1]!, tick)) continue
      words[cell] = (slot + 1) << 16 | Math.min(MAX_IDLE, Math.abs(idle))
      words[cell + 1] = tick
      return true
    }
    return false
  }

  /** The rare case: the node has no cell in the function's first page, and that is full or not the only one. */
  #setElsewhere (
    writer: number, first: number, high: number, low: number, slot: number, idle: number, tick: number, more: number,
    keepsNewer: boolean
  ): void {
    const { pages } = this
    for (let ordinal = 1; ordinal <= more; ordinal++) {
      const moreHigh = pageKey(high, ordinal)
      const page = pages.find(moreHigh, low)
      if (!pages.enter(writer, page, moreHigh, low)) continue
      const isSet = this.#set(page * PAGE_WORDS, slot, idle, tick, keepsNewer)
      pages.leave(page)
      if (isSet) return
    }
    const last = Math.min(more + 1, MAX_PAGES - 1)
    for (let ordinal = 0; ordinal <= last; ordinal++) {
      const moreHigh = ordinal === 0 ? high : pageKey(high, ordinal)
      const page = ordinal === 0 ? first : this.#pageOf(writer, moreHigh, low, tick, -1, 0)
      if (!pages.enter(writer, page, moreHigh, low)) continue
      const isSet = this.#fill(page * PAGE_WORDS, slot, idle, tick)
      pages.leave(page)
      if (!isSet) continue
      if (ordinal > more && pages.enter(writer, first, high, low)) {
        pages.words[first * PAGE_WORDS + MORE] = ordinal
        pages.leave(first)
      }
      return
    }
  }
}

function average (known: number, sample: number, weight: number): number {
  // Never 0, which means that nothing is known.
  return Math.max(1, Math.round(known + weight * (sample - known)))
}

/** First half of the key of a function's further page. */
function pageKey (high: number, ordinal: number): number {
  const mixed = Math.imul(high ^ Math.imul(ordinal, 0x9e3779b1), 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
