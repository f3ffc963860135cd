/**
 * Hot-aware placement: each candidate has one score, what the call is expected to cost there in seconds: its execution
 * time stretched by the node's load, plus the chance of a cold start times its cost. The lowest takes the call; rank
 * along the preference list only breaks ties, but it is what makes all balancers warm the same node first.
 *
 * Load changes a node's weight in every decision at once and ring points never (docs/placement.md; research:
 * policy.md §5.3). Up to ALL_NODES nodes all are scored; in larger pools those known to be warm, and the preference
 * list up to six that are not full.
 * Invariant: no allocation in a decision; what is read may be a moment old, what is reserved is not (placement.ts).
 */
import { HotView } from '../../tables/hot-view.ts'
import { ageOf, ticksToMs } from '../../tables/ticks.ts'
import { untilStarted } from './flights.ts'
import type { PlacementTuning } from '../../tables/snapshot.ts'
import type { PlacementPolicy, PlacementView, ScoreTerms } from './policy.ts'

/** Pools up to this size are scored whole. */
export const ALL_NODES = 128
/** In larger ones: known warm nodes looked at, and nodes with room along the preference list. */
const WARM_NODES = 8
const ROOMY_NODES = 6
/** Ranks followed for those at most: in an overloaded pool there are none to be found. */
const FOLLOWED = 64
/** Answers between two looks at all learned speeds. */
const SPEED_INTERVAL = 32
/** What can be learned of a node at most: that its calls take five times or a fifth of the usual time. */
const SLOWEST = 5
const FASTEST = 0.2
const US = 1e-6
// What a decision multiplies each node's numbers with, in seconds but for the first. A typed array, since numbers in
// fields of an object are boxed.
const MIX = 0
const RUN = 1
const CROWD = 2
const HEAD = 3
const RANK = 4
const COLD = 5
/** What has not come when it was waited for so many times as long as expected is not waited for any more. */
const PATIENCE = 1.5

class HotPolicy implements PlacementPolicy {
  readonly name = 'hot'
  readonly usesKey = true
  rank = -1
  score = 0
  readonly #view: PlacementView
  readonly #known = new HotView()
  #tuning: PlacementTuning
  // The decision under way.
  #entry = -1
  #ahead = 0
  #execS = 0
  #initS = 0
  readonly #units = new Float64Array(6)
  /** Candidates not returned yet: nodes, their ranks and scores. */
  #nodes = new Uint16Array(0)
  #ranks = new Uint16Array(0)
  #scores = new Float64Array(0)
  #count = 0
  #best = -1
  /** The candidate last returned. */
  #node = -1
  /** How far the preference list has been followed for the candidates, and behind them. */
  #tail = 0
  /** By node: number of the decision in which it became a candidate. */
  #considered = new Uint32Array(0)
  #decision = 0
  /** By node: 1 = it is on the ring. */
  #hasPoints = new Uint8Array(0)
  /** By slot: number of the decision in which it was known to be warm, and its cell in `#known`. */
  #warmIn: Uint32Array
  #cells: Uint8Array
  #nodeOf: Int32Array
  /** By node: how much longer a call takes than on the pool's average, learned; 1 if not. */
  #slowness = new Float64Array(0)
  #answers = 0

  constructor (view: PlacementView) {
    this.#view = view
    this.#tuning = view.tuning
    this.#warmIn = new Uint32Array(view.table.maxNodes)
    this.#cells = new Uint8Array(view.table.maxNodes)
    this.#nodeOf = new Int32Array(view.table.maxNodes)
    this.refresh()
  }

  refresh (): void {
    const { pool, slots, tuning } = this.#view
    this.#tuning = tuning
    const count = pool.nodes.length
    this.#nodes = new Uint16Array(count)
    this.#ranks = new Uint16Array(count)
    this.#scores = new Float64Array(count)
    this.#considered = new Uint32Array(count)
    this.#hasPoints = new Uint8Array(count)
    for (const owner of pool.ring.owners) this.#hasPoints[owner] = 1
    this.#decision = 0
    this.#warmIn.fill(0)
    this.#nodeOf.fill(-1)
    for (let node = 0; node < count; node++) this.#nodeOf[slots[node]!] = node
    this.#slowness = new Float64Array(count).fill(1)
    this.#learnSpeeds()
  }

  begin (entry: number, waitsAhead: number): void {
    const { functions, hot, tick } = this.#view
    if (this.#decision === 0xffffffff) {
      this.#warmIn.fill(0)
      this.#considered.fill(0)
      this.#decision = 0
    }
    this.#decision++
    this.#entry = entry
    this.#ahead = waitsAhead
    const known = this.#known
    const page = hot.read(known, functions.high(entry), functions.low(entry), tick, functions.page(entry))
    functions.setPage(entry, page)
    this.#execS = (known.execUs === 0 ? hot.globalExecUs : known.execUs) * US
    this.#initS = (known.initUs === 0 ? hot.globalInitUs : known.initUs) * US
    const horizonS = this.#tuning.horizonMs / 1000
    const units = this.#units
    units[MIX] = horizonS / (horizonS + this.#execS)
    units[RUN] = this.#execS
    units[CROWD] = this.#execS * (1 + this.#tuning.crowding)
    units[HEAD] = this.#execS * this.#tuning.headroom
    units[RANK] = this.#tuning.rankMs * 0.001
    units[COLD] = this.#tuning.coldWeight * this.#initS
    for (let cell = 0; cell < known.count; cell++) {
      const slot = known.slots[cell]!
      if (this.#nodeOf[slot]! < 0) continue
      // One node has two cells only if two threads made them at once: the newer one is right.
      if (this.#warmIn[slot] === this.#decision && ((known.seen[this.#cells[slot]!]! - known.seen[cell]!) | 0) > 0) continue
      this.#warmIn[slot] = this.#decision
      this.#cells[slot] = cell
    }
    this.#count = 0
    this.#best = -1
    this.#node = -1
    this.rank = -1
    this.score = -Infinity
    if (functions.distinct <= ALL_NODES) this.#considerAll()
    else this.#considerSome()
  }

  #considerAll (): void {
    const { functions } = this.#view
    const from = functions.order(this.#entry)
    const { orders, orderLength } = functions
    for (let rank = 0; rank < orderLength; rank++) this.#consider(orders[from + rank]!, rank)
    this.#tail = functions.distinct
    if (orderLength === functions.distinct) return
    // Behind so many ranks their order is no matter, as long as it is the same on every balancer.
    for (let node = 0; node < this.#hasPoints.length; node++) {
      if (this.#hasPoints[node] === 1 && this.#considered[node] !== this.#decision) this.#consider(node, orderLength)
    }
  }

  #considerSome (): void {
    const { functions } = this.#view
    let roomy = 0
    let rank = 0
    for (; roomy < ROOMY_NODES; rank++) {
      // Nothing found so far and nothing to be found: the whole pool is full.
      if (rank >= FOLLOWED && (this.#scores[this.#best]! < Infinity || !this.#hasOpenNode())) break
      const node = functions.rank(this.#entry, rank)
      if (node < 0) break
      this.#consider(node, rank)
      if (this.#isRoomy(node)) roomy++
    }
    const known = this.#known
    for (let taken = 0; taken < WARM_NODES; taken++) {
      const cell = this.#newestWarm()
      if (cell < 0) break
      const node = this.#nodeOf[known.slots[cell]!]!
      // Its rank is not known; it lies behind those followed.
      this.#consider(node, rank)
    }
    this.#tail = 0
  }

  #hasOpenNode (): boolean {
    const { table, loads, slots, tick, expiry } = this.#view
    for (let node = 0; node < slots.length; node++) {
      const slot = slots[node]!
      const own = table.peekOpen(slot)
      if (own >= 0 && loads.peekMixed(slot, own, table.peekCap(slot), 1, tick, expiry) !== Infinity) return true
    }
    return false
  }

  /** The cell of the idle instance seen last, of a node of this pool that is no candidate yet. */
  #newestWarm (): number {
    const known = this.#known
    let newest = -1
    for (let cell = 0; cell < known.count; cell++) {
      const node = this.#nodeOf[known.slots[cell]!]!
      if (node < 0 || known.idle[cell] === 0 || this.#considered[node] === this.#decision) continue
      if (newest < 0 || ((known.seen[cell]! - known.seen[newest]!) | 0) > 0) newest = cell
    }
    return newest
  }

  /** Makes a node a candidate. */
  #consider (node: number, rank: number): void {
    const score = this.#score(node, rank)
    const at = this.#count++
    this.#considered[node] = this.#decision
    this.#nodes[at] = node
    this.#ranks[at] = rank
    this.#scores[at] = score
    if (this.#best < 0 || score < this.#scores[this.#best]!) this.#best = at
  }

  /** Whether the node could run the call at once. */
  #isRoomy (node: number): boolean {
    const { table, loads, slots, tick, expiry } = this.#view
    const slot = slots[node]!
    const own = table.peekOpen(slot)
    return own >= 0 && loads.peekMixed(slot, own, this.#capacity(slot), 1, tick, expiry) !== Infinity
  }

  #capacity (slot: number): number {
    const told = this.#view.loads.capacity(slot)
    return told > 0 ? told : Math.max(1, this.#view.table.peekCapacity(slot))
  }

  /** policy.md §5.3, in seconds, with what does not depend on the node worked out in `begin`. */
  #score (node: number, rank: number): number {
    const { table, loads, slots, tick, expiry } = this.#view
    const units = this.#units
    const slot = slots[node]!
    const own = table.peekOpen(slot)
    if (own < 0) return Infinity
    const load = loads.peekMixed(slot, own, table.peekCap(slot), units[MIX]!, tick, expiry)
    if (load === Infinity) return Infinity
    const use = (load + 1) / this.#capacity(slot)
    const over = use > 1 ? use - 1 : 0
    return (units[RUN]! + units[CROWD]! * over + units[HEAD]! * use) * this.#slowness[node]! + units[RANK]! * rank +
      units[COLD]! * this.#coldChance(slot, rank) * (1 + over)
  }

  /** How likely the call has to wait for a start there, or for what part of one. */
  #coldChance (slot: number, rank: number): number {
    const known = this.#known
    const { hot, tick } = this.#view
    if (this.#warmIn[slot] === this.#decision && known.idle[this.#cells[slot]!]! > 0) return 0
    const chance = hot.hasDigest(slot, tick)
      ? 1
      : rank === 0 ? this.#tuning.coldChanceHome : this.#tuning.coldChanceElsewhere
    if (slot !== known.startSlot) return chance
    // Where one is being started, the call need not wait longer than for those before it.
    const leftS = untilStarted(this.#initS, ticksToMs(ageOf(tick, known.startTick)) / 1000)
    return Math.min(chance, (leftS + this.#execS * known.starts) / this.#initS)
  }

  next (): number {
    if (this.#count === 0) return this.#nextBehind()
    if (this.#best < 0) this.#findBest()
    const at = this.#best
    const node = this.#nodes[at]!
    this.rank = this.#ranks[at]!
    this.score = this.#scores[at]!
    this.#node = node
    const last = --this.#count
    this.#nodes[at] = this.#nodes[last]!
    this.#ranks[at] = this.#ranks[last]!
    this.#scores[at] = this.#scores[last]!
    // When not even the best can take a call their order does not matter, and an overloaded pool is no time to search.
    this.#best = this.score === Infinity && last > 0 ? last - 1 : -1
    return node
  }

  #findBest (): void {
    let best = 0
    for (let at = 1; at < this.#count; at++) {
      const difference = this.#scores[at]! - this.#scores[best]!
      if (difference < 0 || (difference === 0 && this.#ranks[at]! < this.#ranks[best]!)) best = at
    }
    this.#best = best
  }

  /** In large pools, behind the candidates: the rest of the preference list. */
  #nextBehind (): number {
    const { functions } = this.#view
    for (;;) {
      const node = functions.rank(this.#entry, this.#tail)
      if (node < 0) return -1
      const rank = this.#tail++
      if (this.#considered[node] === this.#decision) continue
      this.rank = rank
      this.score = Math.max(this.score, this.#score(node, rank))
      this.#node = node
      return node
    }
  }

  wait (): number {
    const { flights, nowMs, slots } = this.#view
    const slot = slots[this.#node]!
    if (this.score === Infinity || this.#coldChance(slot, this.rank) === 0) return 0
    const worthMs = (this.score - this.#execS) * 1000 / this.#tuning.waitWeight
    const expectedMs = flights.expectedMs(this.#entry, this.#ahead, this.#execS * 1000, this.#initS * 1000, nowMs)
    return expectedMs < worthMs ? Math.min(worthMs, PATIENCE * expectedMs) : 0
  }

  get maxLoad (): number {
    const { loads, table, slots, tick } = this.#view
    const slot = slots[this.#node]!
    loads.peek(slot, table.peekInFlight(slot), tick, this.#view.expiry)
    return Math.max(Math.ceil(loads.momentary), this.#capacity(slot) - 1)
  }

  placed (): void {}

  answered (): void {
    if (this.#tuning.learnsSpeed && ++this.#answers % SPEED_INTERVAL === 0) this.#learnSpeeds()
  }

  #learnSpeeds (): void {
    const { loads, slots } = this.#view
    if (!this.#tuning.learnsSpeed || slots.length === 0) return
    let sum = 0
    for (let node = 0; node < slots.length; node++) sum += loads.slowness(slots[node]!)
    const mean = sum / slots.length
    for (let node = 0; node < slots.length; node++) {
      this.#slowness[node] = Math.min(SLOWEST, Math.max(FASTEST, Math.exp(loads.slowness(slots[node]!) - mean)))
    }
  }

  terms (): ScoreTerms {
    const { table, loads, slots, tick } = this.#view
    const tuning = this.#tuning
    const slot = slots[this.#node]!
    loads.peek(slot, table.inFlight(slot), tick, this.#view.expiry)
    const capacity = this.#capacity(slot)
    const load = loads.lasting + (loads.momentary - loads.lasting) * this.#units[MIX]!
    const use = (load + 1) / capacity
    const over = Math.max(0, use - 1)
    const stretch = 1 + (1 + tuning.crowding) * over + tuning.headroom * use
    const coldChance = this.#coldChance(slot, this.rank)
    return {
      momentary: loads.momentary,
      lasting: loads.lasting,
      load,
      capacity,
      utilisation: use,
      stretch,
      slowness: this.#slowness[this.#node]!,
      execSeconds: this.#execS,
      initSeconds: this.#initS,
      coldChance,
      runSeconds: this.#execS * stretch * this.#slowness[this.#node]!,
      coldSeconds: tuning.coldWeight * coldChance * this.#initS * (1 + over),
      rankSeconds: tuning.rankMs * 0.001 * this.rank
    }
  }
}

export function hot (view: PlacementView): PlacementPolicy {
  return new HotPolicy(view)
}
