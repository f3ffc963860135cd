/**
 * From the configuration to the snapshot that the data threads serve from: gives each node its slot, builds the rings,
 * numbers the whole.
 *
 * Invariants: generations rise by one; a pool keeps its index in the shared tables for as long as the process lives, so
 * that no counter ever changes its meaning; a ring is built anew only when a member or a capacity has changed.
 */
import { poolView, routing } from '../config/engine-settings.ts'
import type { Config, NodeConfig, PoolConfig } from '../config/config.ts'
import { shares } from '../core/ring-image.ts'
import { buildRing } from '../core/ring.ts'
import type { Ring } from '../core/ring.ts'
import { MAX_POOLS } from '../tables/counters.ts'
import { HotTable } from '../tables/hot-table.ts'
import type { PoolView, Snapshot } from '../tables/snapshot.ts'
import type { NodeRegistry } from './node-registry.ts'

/** A pool as published, with what only the control thread needs of it. */
export interface PublishedPool {
  readonly config: PoolConfig
  readonly view: PoolView
  readonly ring: Ring
  /** Part of the circle by index into `view.nodes`. */
  readonly shares: Float64Array
  /** Times that the ring has changed since the pool is known. */
  readonly ringChanges: number
}

export interface Published {
  readonly snapshot: Snapshot
  readonly pools: readonly PublishedPool[]
}

export class Publisher {
  readonly #registry: NodeRegistry
  readonly #indices = new Map<string, number>()
  /** What is warm where, by pool; kept for as long as the process lives, like the indices. */
  readonly #hot = new Map<string, HotTable>()
  #generation = 0
  #pools = new Map<string, PublishedPool>()

  constructor (registry: NodeRegistry) {
    this.#registry = registry
  }

  /**
   * Makes the next snapshot. Nodes that are no longer configured take no calls from now on.
   * @throws RangeError when there are more pools or nodes than the shared tables hold.
   */
  publish (config: Config, nowMs: number): Published {
    this.#registry.assertRoom(config.pools)
    this.#reserveIndices(config.pools)
    const generation = ++this.#generation
    for (const name of this.#pools.keys()) {
      if (!config.pools.some((pool) => pool.name === name)) this.#registry.remove(name, generation)
    }
    const pools = config.pools.map((pool) => {
      this.#registry.sync(pool.name, pool.nodes, pool.probe.type !== 'off', generation, nowMs)
      return this.#publishPool(pool, config.limits.maxFunctions)
    })
    this.#pools = new Map(pools.map((pool) => [pool.config.name, pool]))
    return { snapshot: { generation, pools: pools.map(({ view }) => view), ...routing(config) }, pools }
  }

  #reserveIndices (pools: readonly PoolConfig[]): void {
    const fresh = pools.filter(({ name }) => !this.#indices.has(name))
    if (this.#indices.size + fresh.length > MAX_POOLS) {
      throw new RangeError(`more than ${MAX_POOLS} pools, those since removed included: restart fnlb to forget them`)
    }
    for (const { name } of fresh) this.#indices.set(name, this.#indices.size)
  }

  #publishPool (pool: PoolConfig, maxFunctions: number): PublishedPool {
    const before = this.#pools.get(pool.name)
    const ring = before !== undefined && hasSameMembers(before.ring, pool.nodes) ? before.ring : buildRing(pool.nodes)
    const nodes = ring.nodes.map(({ id }) => {
      const { slot, spec: { host, port } } = this.#registry.get(pool.name, id)!
      return { id, host, port, slot }
    })
    const hasChanged = before !== undefined && before.ring.image.digest !== ring.image.digest
    return {
      config: pool,
      view: poolView(pool, this.#indices.get(pool.name)!, nodes, ring.image, this.#hotTable(pool, maxFunctions).buffers),
      ring,
      shares: shares(ring.image),
      ringChanges: (before?.ringChanges ?? 0) + (hasChanged ? 1 : 0)
    }
  }

  #hotTable (pool: PoolConfig, maxFunctions: number): HotTable {
    let table = this.#hot.get(pool.name)
    if (table === undefined) {
      table = HotTable.create(maxFunctions, this.#registry.maxNodes)
      this.#hot.set(pool.name, table)
    }
    table.configure(pool.tuning)
    return table
  }

  hotTables (): Iterable<HotTable> {
    return this.#hot.values()
  }

  /** The hot table of a pool that is or was published. */
  hotTable (name: string): HotTable | undefined {
    return this.#hot.get(name)
  }
}

/** Whether the ring is one of exactly these nodes with these capacities, in any order. */
function hasSameMembers (ring: Ring, nodes: readonly NodeConfig[]): boolean {
  if (ring.nodes.length !== nodes.length) return false
  const capacities = new Map(ring.nodes.map(({ id, capacity }) => [id, capacity]))
  return nodes.every(({ id, capacity }) => capacities.get(id) === capacity)
}
