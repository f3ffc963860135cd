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
import type { PlacementTuning } from '../../tables/snapshot.ts'
import type { PlacementPolicy, PlacementView, ScoreTerms } from './policy.ts'

/** Pools up to this size are scored whole. */
export const ALL_NODES = 128
/** In larger ones: known warm nodes looked at, and nodes with room along the preference list. */
const WARM_NODES = 8
const ROOMY_NODES = 6
/** Answers between two looks at all learned speeds. */
const SPEED_INTERVAL = 32
const SLOWEST = 0.2
const FASTEST = 5
const US = 1e-6

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
  #mix = 0
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
  /** By slot: number of the decision in which it was known to be warm, and its cell in `#known`. */
  #warmIn: Uint32Array
  #cells: Uint8Array
  #nodeOf: Int32Array
  /** By node: learned speed, 1 = the pool's average. */
  #speeds = new Float64Array(0)
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
    this.#decision = 0
    this.#warmIn.fill(0)
    this.#nodeOf.fill(-1)
    for (let node = 0; node < count; node++) this.#nodeOf[slots[node]!] = node
    this.#speeds = new Float64Array(count).fill(1)
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
    this.#mix = horizonS / (horizonS + this.#execS)
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
    for (let rank = 0; ; rank++) {
      const node = functions.rank(this.#entry, rank)
      if (node < 0) break
      this.#consider(node, rank)
    }
    this.#tail = functions.distinct
  }

  #considerSome (): void {
    const { functions } = this.#view
    let roomy = 0
    let rank = 0
    for (; roomy < ROOMY_NODES; rank++) {
      const node = functions.rank(this.#entry, rank)
      if (node < 0) break
      if (this.#consider(node, rank)) roomy++
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

  /** Makes a node a candidate. @returns whether it could run the call at once */
  #consider (node: number, rank: number): boolean {
    const score = this.#score(node, rank)
    const at = this.#count++
    this.#considered[node] = this.#decision
    this.#nodes[at] = node
    this.#ranks[at] = rank
    this.#scores[at] = score
    if (this.#best < 0 || score < this.#scores[this.#best]!) this.#best = at
    return score !== Infinity && this.#view.loads.momentary + 1 <= this.#capacity(this.#view.slots[node]!)
  }

  #capacity (slot: number): number {
    const told = this.#view.loads.capacity(slot)
    return told > 0 ? told : Math.max(1, this.#view.table.peekCapacity(slot))
  }

  /** policy.md §5.3, in seconds. Leaves the node's load in `loads`. */
  #score (node: number, rank: number): number {
    const { table, loads, slots, tick } = this.#view
    const tuning = this.#tuning
    const slot = slots[node]!
    const own = table.peekInFlight(slot)
    const cap = table.peekCap(slot)
    if (own >= cap || !table.peekIsEligible(slot)) return Infinity
    loads.peek(slot, own, tick, this.#view.expiry)
    if (loads.momentary + 1 > cap) return Infinity
    const load = loads.lasting + (loads.momentary - loads.lasting) * this.#mix
    const use = (load + 1) / this.#capacity(slot)
    const over = use > 1 ? use - 1 : 0
    const stretch = 1 + (1 + tuning.crowding) * over + tuning.headroom * use
    return this.#execS * stretch / this.#speeds[node]! + tuning.rankMs * 0.001 * rank +
      tuning.coldWeight * this.#coldChance(slot, rank) * this.#initS * (1 + over)
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
    const untilStarted = Math.max(0, this.#initS - ticksToMs(ageOf(tick, known.startTick)) / 1000)
    return Math.min(chance, (untilStarted + this.#execS * known.starts) / this.#initS)
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
    const { waitWeight } = this.#tuning
    const waitS = flights.expectedMs(this.#entry, this.#ahead, this.#execS * 1000, this.#initS * 1000, nowMs) / 1000
    const worth = this.score - this.#execS
    return waitS * waitWeight < worth ? worth / waitWeight * 1000 : 0
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
      this.#speeds[node] = Math.min(FASTEST, Math.max(SLOWEST, Math.exp(mean - loads.slowness(slots[node]!))))
    }
  }

  terms (): ScoreTerms {
    const { table, loads, slots, tick } = this.#view
    const tuning = this.#tuning
    const slot = slots[this.#node]!
    loads.peek(slot, table.inFlight(slot), tick, this.#view.expiry)
    const capacity = this.#capacity(slot)
    const load = loads.lasting + (loads.momentary - loads.lasting) * this.#mix
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
      speed: this.#speeds[this.#node]!,
      execSeconds: this.#execS,
      initSeconds: this.#initS,
      coldChance,
      runSeconds: this.#execS * stretch / this.#speeds[this.#node]!,
      coldSeconds: tuning.coldWeight * coldChance * this.#initS * (1 + over),
      rankSeconds: tuning.rankMs * 0.001 * this.rank
    }
  }
}

export function hot (view: PlacementView): PlacementPolicy {
  return new HotPolicy(view)
}
