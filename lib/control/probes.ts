/**
 * Active probes: when which node is checked, and what its result changes. The check itself is probe-check.ts, the
 * schedule and the thresholds are in core.
 *
 * Invariants: at most one check of a node at a time; at most MAX_CONCURRENT checks in all, the others wait their turn
 * in the order they came due; a node that has left gets no further check, and the result of one under way is dropped.
 * Only changes of state are logged.
 */
import type { Health, Thresholds } from '../core/health.ts'
import { firstProbeDelayMs, nextProbeDelayMs } from '../core/probe-schedule.ts'
import type { ProbeSchedule } from '../core/probe-schedule.ts'
import { PROBE_RESULTS } from '../metrics/source.ts'
import type { ProbeFacts, ProbeResult } from '../metrics/source.ts'
import type { Log } from './log-port.ts'
import type { NodeRegistry } from './node-registry.ts'
import { check as realCheck } from './probe-check.ts'
import type { Check, CheckResult, ProbeKind } from './probe-check.ts'

export interface ProbeSettings {
  readonly kind: ProbeKind
  readonly timeoutMs: number
  readonly thresholds: Thresholds
  readonly schedule: ProbeSchedule
}

export interface ProbesOptions {
  readonly registry: NodeRegistry
  readonly log: Log
  readonly check?: Check
  readonly random?: () => number
  /** Called after a node's state has changed. */
  onFlip? (pool: string, id: string): void
}

/** Checks under way at once, over all pools. */
const MAX_CONCURRENT = 64
/** The first checks of a pool are spread over so much of an interval, at most: readiness waits for them. */
const FIRST_WINDOW_MS = 250

/** Upper bounds in seconds of the duration histogram. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]

interface Pool {
  settings: ProbeSettings
  readonly nodes: Map<string, NodeProbe>
  readonly results: Record<ProbeResult, number>
  readonly buckets: number[]
  sumSeconds: number
  /** Each node has had a result. */
  isKnown: boolean
}

interface NodeProbe {
  readonly id: string
  timer?: NodeJS.Timeout
  results: number
  isGone: boolean
}

export class Probes {
  readonly #registry: NodeRegistry
  readonly #log: Log
  readonly #check: Check
  readonly #random: () => number
  readonly #onFlip: (pool: string, id: string) => void
  readonly #pools = new Map<string, Pool>()
  #running = 0
  readonly #due: Array<() => void> = []
  #isStopped = false

  constructor (options: ProbesOptions) {
    this.#registry = options.registry
    this.#log = options.log
    this.#check = options.check ?? realCheck
    this.#random = options.random ?? Math.random
    this.#onFlip = options.onFlip ?? (() => {})
  }

  /** Probes the registered nodes of a pool from now on, or no longer those that have left. */
  sync (name: string, settings: ProbeSettings): void {
    const pool: Pool = this.#pools.get(name) ?? {
      settings,
      nodes: new Map(),
      results: Object.fromEntries(PROBE_RESULTS.map((result) => [result, 0])) as Record<ProbeResult, number>,
      buckets: new Array<number>(BOUNDS.length + 1).fill(0),
      sumSeconds: 0,
      isKnown: false
    }
    pool.settings = settings
    this.#pools.set(name, pool)
    for (const [id, node] of pool.nodes) {
      if (this.#registry.get(name, id) === undefined) this.#forget(pool, node)
    }
    for (const { id } of this.#registry.nodes(name)) {
      if (pool.nodes.has(id)) continue
      const node: NodeProbe = { id, results: 0, isGone: false }
      pool.nodes.set(id, node)
      const window = Math.min(FIRST_WINDOW_MS, settings.schedule.intervalMs)
      this.#schedule(name, pool, node, firstProbeDelayMs(this.#random(), window))
    }
  }

  /** Stops probing a pool. */
  remove (name: string): void {
    const pool = this.#pools.get(name)
    for (const node of pool?.nodes.values() ?? []) this.#forget(pool!, node)
    this.#pools.delete(name)
  }

  stop (): void {
    this.#isStopped = true
    for (const name of [...this.#pools.keys()]) this.remove(name)
    this.#due.length = 0
  }

  /** Whether each node of the pool has had at least one result. True for a pool that is not probed. */
  hasFirstResults (name: string): boolean {
    return [...this.#pools.get(name)?.nodes.values() ?? []].every(({ results }) => results > 0)
  }

  facts (name: string): ProbeFacts | undefined {
    const pool = this.#pools.get(name)
    if (pool === undefined) return undefined
    const count = pool.buckets.reduce((sum, bucket) => sum + bucket, 0)
    return { results: pool.results, duration: { bounds: BOUNDS, buckets: pool.buckets, sum: pool.sumSeconds, count } }
  }

  #forget (pool: Pool, node: NodeProbe): void {
    node.isGone = true
    clearTimeout(node.timer)
    pool.nodes.delete(node.id)
  }

  #schedule (name: string, pool: Pool, node: NodeProbe, delayMs: number): void {
    node.timer = setTimeout(() => {
      if (this.#running < MAX_CONCURRENT) void this.#run(name, pool, node)
      else this.#due.push(() => { void this.#run(name, pool, node) })
    }, delayMs)
  }

  async #run (name: string, pool: Pool, node: NodeProbe): Promise<void> {
    const record = node.isGone ? undefined : this.#registry.get(name, node.id)
    if (record !== undefined) {
      const { kind, timeoutMs } = pool.settings
      this.#running++
      const result = await this.#check(record.spec, kind, timeoutMs)
      this.#running--
      if (!node.isGone) this.#take(name, pool, node, result)
    }
    if (!this.#isStopped) this.#due.shift()?.()
  }

  #take (name: string, pool: Pool, node: NodeProbe, result: CheckResult): void {
    const { thresholds, schedule } = pool.settings
    node.results++
    pool.results[result.outcome]++
    const seconds = result.durationMs / 1000
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
    pool.buckets[bucket < 0 ? BOUNDS.length : bucket]!++
    pool.sumSeconds += seconds

    const nowMs = Date.now()
    const observed = { ok: result.outcome === 'ok', reason: result.reason }
    const before = this.#registry.observe(name, node.id, observed, thresholds, nowMs)
    const health = this.#registry.get(name, node.id)!.health
    this.#schedule(name, pool, node, nextProbeDelayMs(health, nowMs, this.#random(), schedule))
    if (before !== undefined) {
      this.#logFlip(name, node.id, before, health)
      this.#onFlip(name, node.id)
    }
    if (!pool.isKnown && this.hasFirstResults(name)) {
      pool.isKnown = true
      const states = [...this.#registry.nodes(name)].map((record) => record.health.state)
      const count = (state: string): number => states.filter((one) => one === state).length
      this.#log.info({ pool: name, up: count('up'), not_yet: count('unknown') }, 'all nodes probed once')
    }
  }

  #logFlip (pool: string, node: string, before: Health, now: Health): void {
    const seconds = (now.sinceMs - before.sinceMs) / 1000
    const fields = { pool, node, from: before.state, to: now.state, reason: now.reason, after_seconds: seconds }
    if (now.state === 'down') this.#log.warn(fields, 'node down')
    // At a start that would be one line per node, all saying that nothing is wrong.
    else if (before.state === 'unknown') this.#log.debug(fields, 'node up')
    else this.#log.info(fields, 'node up')
  }
}
