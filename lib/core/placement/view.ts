/** What the policies of one pool look at on one thread (policy.ts), made of shared tables and what the thread knows. */
import { HotTable } from '../../tables/hot-table.ts'
import { LoadTable } from '../../tables/load-table.ts'
import { ticksIn } from '../../tables/ticks.ts'
import { FunctionTable } from '../function-table.ts'
import { Flights } from './flights.ts'
import { seededRandom } from './seeded-random.ts'
import { tuningOf } from './tuning.ts'
import type { ReportExpiry } from '../../tables/load-table.ts'
import type { NodeTable } from '../../tables/node-table.ts'
import type { PlacementTuning, PoolView } from '../../tables/snapshot.ts'
import type { PlacementView } from './policy.ts'

/** What the threads of a pool share beside the node table, and where chance comes from. */
export interface PlacementShared {
  /** Absent: memory of this placement alone, for a pool that only one thread places calls in. */
  readonly loads?: LoadTable
  readonly hot?: HotTable
  /** Uniform from 0 to below 1. Absent: a fixed sequence for each thread. */
  readonly random?: () => number
}

export class View implements PlacementView {
  readonly thread: number
  readonly table: NodeTable
  readonly loads: LoadTable
  readonly hot: HotTable
  readonly functions: FunctionTable
  readonly flights: Flights
  readonly random: () => number
  pool: PoolView
  tuning: PlacementTuning
  expiry: ReportExpiry
  slots: Int32Array
  nowMs = 0
  tick = 0

  constructor (pool: PoolView, table: NodeTable, thread: number, maxFunctions: number, shared: PlacementShared) {
    this.thread = thread
    this.table = table
    this.tuning = tuningOf(pool.tuning)
    this.expiry = expiryOf(this.tuning)
    this.loads = shared.loads ?? LoadTable.create(table.maxNodes, table.threads)
    this.hot = shared.hot ?? HotTable.create(maxFunctions, table.maxNodes, { keepAliveMs: this.tuning.keepAliveMs })
    this.functions = new FunctionTable(pool.ring, maxFunctions)
    this.flights = new Flights(this.functions)
    this.random = shared.random ?? seededRandom(thread)
    this.pool = pool
    this.slots = Int32Array.from(pool.nodes, node => node.slot)
  }

  /** Goes over to the pool's next snapshot. */
  update (pool: PoolView): void {
    const previous = this.pool
    this.pool = pool
    this.tuning = tuningOf(pool.tuning)
    this.expiry = expiryOf(this.tuning)
    this.slots = Int32Array.from(pool.nodes, node => node.slot)
    // A reload that changes no member leaves the ring as it was, and with it what is known of functions.
    if (pool.ring.digest !== previous.ring.digest) this.functions.use(pool.ring)
  }
}

function expiryOf (tuning: PlacementTuning): ReportExpiry {
  return { momentaryTicks: ticksIn(tuning.momentaryMs), lastingTicks: ticksIn(tuning.lastingMs) }
}
