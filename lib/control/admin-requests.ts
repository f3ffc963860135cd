/** Counts of admin requests by pattern of the route and class of the status: both closed sets, so it is bounded. */
import type { AdminRequestCount } from '../metrics/source.ts'

export class AdminRequests {
  readonly #counts = new Map<string, { readonly route: string, readonly codeClass: string, count: number }>()

  /** @param route pattern of the route (`/v1/pools/{pool}`), never a path as received. */
  add (route: string, status: number): void {
    const codeClass = `${Math.floor(status / 100)}xx`
    const key = `${route} ${codeClass}`
    const entry = this.#counts.get(key)
    if (entry === undefined) this.#counts.set(key, { route, codeClass, count: 1 })
    else entry.count++
  }

  counts (): readonly AdminRequestCount[] {
    return [...this.#counts.values()]
  }
}
