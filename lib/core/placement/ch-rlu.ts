/**
 * CH-RLU, consistent hashing with random load updates: a popular function is forwarded along the first few nodes of its
 * preference list, to the first whose load and a random term together stay below a bound; if none does, and for every
 * function that is not popular, the home takes the call. The random term keeps balancers with the same old picture of
 * the load from all forwarding at once; its mean is the function's rate per unit of capacity, times `loadRate`: as
 * published (1) a function called more often than `loadBound` times a second and core never leaves home.
 *
 * Popular are those `popularRatio` of functions whose calls follow each other fastest, by a threshold that is estimated
 * from one random function per call (a stochastic quantile), since sorting all of them would stall the thread.
 * Source: Fuerst, Sharma, "Locality-aware load-balancing for serverless clusters" (HPDC 2022) and the constants of the
 * authors' Iluvatar as told in policy.md §1.2. Home and cap are ours: a node at its cap is passed over.
 */
import { callsAt } from './node-load.ts'
import type { PlacementPolicy, PlacementView, ScoreTerms } from './policy.ts'

/** Weight of a new gap in the mean gap between a function's calls. */
const GAP_WEIGHT = 0.1
/** How far one sample moves the logarithm of the threshold. */
const THRESHOLD_STEP = 0.05
const FIRST_THRESHOLD_MS = 1000

class ChRluPolicy implements PlacementPolicy {
  readonly name = 'ch-rlu'
  readonly usesKey = true
  rank = -1
  score = 0
  readonly #view: PlacementView
  // By entry of the function table: the function it is of, when it was called last, mean gap between its calls.
  #lows = new Int32Array(0)
  #lastMs = new Float64Array(0)
  #gapMs = new Float64Array(0)
  #thresholdMs = FIRST_THRESHOLD_MS
  #entry = -1
  /** The rank chosen by the rule, asked first; then the whole list in order. */
  #chosen = 0
  #place = 0
  /** Random terms of the next decision, by rank. */
  #noise = new Float64Array(0)
  #rate = 0

  constructor (view: PlacementView) {
    this.#view = view
    this.refresh()
  }

  refresh (): void {
    this.#noise = new Float64Array(Math.max(1, Math.min(this.#view.tuning.chainLength, this.#view.slots.length)))
    this.#draw()
  }

  /** Normal numbers by Box and Muller. Drawn for the decision to come, so that being asked for it changes nothing. */
  #draw (): void {
    const { random, tuning } = this.#view
    for (let rank = 0; rank < this.#noise.length; rank++) {
      const radius = Math.sqrt(-2 * Math.log(1 - random()))
      this.#noise[rank] = radius * Math.cos(2 * Math.PI * random()) * tuning.loadNoise
    }
  }

  begin (entry: number): void {
    const { functions, tuning } = this.#view
    this.#entry = entry
    this.rank = -1
    this.#place = -1
    this.#chosen = 0
    const gapMs = this.#gap(entry)
    this.#rate = gapMs > 0 ? 1000 / gapMs : 0
    if (gapMs > this.#thresholdMs) return
    for (let rank = 0; rank < this.#noise.length; rank++) {
      const node = functions.rank(entry, rank)
      if (node < 0) return
      if (this.#load(node, rank) > tuning.loadBound) continue
      this.#chosen = rank
      return
    }
  }

  #load (node: number, rank: number): number {
    const { slots, table, tuning } = this.#view
    const slot = slots[node]!
    const capacity = Math.max(1, table.peekCapacity(slot))
    return callsAt(this.#view, slot) / capacity + tuning.loadRate * this.#rate / capacity + this.#noise[rank]!
  }

  /** Milliseconds between calls of the function; Infinity for one that was not called twice yet. */
  #gap (entry: number): number {
    if (entry >= this.#lows.length || this.#lows[entry] !== this.#view.functions.low(entry)) return Infinity
    return this.#gapMs[entry]!
  }

  next (): number {
    const { functions } = this.#view
    if (++this.#place === 0) this.rank = this.#chosen
    else this.rank = this.#place <= this.#chosen ? this.#place - 1 : this.#place
    this.score = this.#place
    return functions.rank(this.#entry, this.rank)
  }

  placed (): void {
    this.#countCall(this.#entry)
    this.#estimate()
    this.#draw()
  }

  #countCall (entry: number): void {
    const { functions, nowMs } = this.#view
    if (entry >= this.#lows.length) this.#grow(Math.max(256, entry + 1, this.#lows.length * 2))
    const low = functions.low(entry)
    if (this.#lows[entry] !== low) {
      this.#lows[entry] = low
      this.#gapMs[entry] = Infinity
    } else {
      const gapMs = Math.max(0.001, nowMs - this.#lastMs[entry]!)
      const known = this.#gapMs[entry]!
      this.#gapMs[entry] = known === Infinity ? gapMs : known + GAP_WEIGHT * (gapMs - known)
    }
    this.#lastMs[entry] = nowMs
  }

  #estimate (): void {
    const { functions, random, tuning } = this.#view
    const sample = this.#gap(Math.floor(random() * functions.size))
    const isPopular = sample < this.#thresholdMs
    this.#thresholdMs *= Math.exp(THRESHOLD_STEP * (isPopular ? tuning.popularRatio - 1 : tuning.popularRatio))
  }

  #grow (entries: number): void {
    const lows = new Int32Array(entries)
    const lastMs = new Float64Array(entries)
    const gapMs = new Float64Array(entries)
    lows.set(this.#lows)
    lastMs.set(this.#lastMs)
    gapMs.set(this.#gapMs)
    this.#lows = lows
    this.#lastMs = lastMs
    this.#gapMs = gapMs
  }

  terms (): ScoreTerms {
    const node = this.#view.functions.rank(this.#entry, this.rank)
    return {
      isPopular: this.#gap(this.#entry) <= this.#thresholdMs ? 1 : 0,
      loadWithNoise: this.rank < this.#noise.length ? this.#load(node, this.rank) : NaN,
      bound: this.#view.tuning.loadBound
    }
  }
}

export function chRlu (view: PlacementView): PlacementPolicy {
  return new ChRluPolicy(view)
}
