/**
 * A pool as one data thread sees it: the published view with what the thread keeps beside it. It outlives snapshots, so
 * that known functions and retries under way survive a reload.
 */
import { compileKeyRules, isApiPath } from '../core/key-rules.ts'
import type { KeyExtractor } from '../core/key-rules.ts'
import { Placement } from '../core/placement/placement.ts'
import type { PlacementKind, PlacementShared } from '../core/placement/placement.ts'
import { RetryBudget } from '../core/retry-budget.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { Refusal } from '../tables/counters.ts'
import type { NodeTable } from '../tables/node-table.ts'
import type { PoolTimeouts, PoolView } from '../tables/snapshot.ts'
import { WaitingRoom } from './waiting-room.ts'

/** Where a request is to go, before a node is chosen. */
export interface RouteTarget {
  readonly pool: PoolRuntime
  /** Function key, '' = none. */
  readonly key: string
  readonly kind: PlacementKind
}

export class PoolRuntime {
  readonly placement: Placement
  readonly budget: RetryBudget
  /** Calls that wait for a place. */
  readonly room: WaitingRoom
  #view: PoolView
  #keys: KeyExtractor

  constructor (view: PoolView, table: NodeTable, thread: number, maxFunctions: number, shared: PlacementShared) {
    this.#view = view
    this.placement = new Placement(view, table, thread, maxFunctions, shared)
    this.room = new WaitingRoom(limitsOf(view))
    this.budget = new RetryBudget(view.retry.budgetRatio, view.retry.budgetMin)
    this.#keys = compileKeyRules(view.keyRules)
  }

  update (view: PoolView): void {
    this.#view = view
    this.placement.update(view)
    this.room.configure(limitsOf(view))
    this.budget.configure(view.retry.budgetRatio, view.retry.budgetMin)
    this.#keys = compileKeyRules(view.keyRules)
  }

  get view (): PoolView { return this.#view }
  get index (): number { return this.#view.index }
  get name (): string { return this.#view.name }
  get timeouts (): PoolTimeouts { return this.#view.timeouts }
  /** The first attempt and those after it. */
  get maxAttempts (): number { return this.#view.retry.attempts + 1 }

  /** The function key of a request, or why it has no place here. */
  target (path: string, query: string, head: RequestHead): RouteTarget | Refusal {
    if (isApiPath(path)) {
      return this.#view.api.action === 'refuse' ? 'api_path' : { pool: this, key: '', kind: 'api' }
    }
    const key = this.#keys.extract(path, query, (name) => head.find(name))
    if (key === '' && this.#view.missingKey === 'reject') return 'no_key'
    return { pool: this, key, kind: 'call' }
  }
}

/** A queue that lets nobody in still has limits. */
function limitsOf ({ queue }: PoolView): PoolView['queue'] {
  return { ...queue, total: Math.max(1, queue.total) }
}
