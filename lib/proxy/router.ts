/** Chooses the pool of a request by host and path prefix: the first rule that matches, else the default. */
import { hostName } from '../http/host.ts'
import type { RouteView, Snapshot } from '../tables/snapshot.ts'

export class Router {
  readonly #routes: readonly RouteView[]
  readonly #defaultPool: number

  constructor (snapshot: Snapshot) {
    this.#routes = snapshot.routes
    this.#defaultPool = snapshot.defaultPool
  }

  /** Index of the pool, -1 when no rule matches and there is no default. */
  poolOf (host: string, path: string): number {
    if (this.#routes.length === 0) return this.#defaultPool
    const name = withoutRootDot(hostName(host))
    for (const route of this.#routes) {
      if (route.host !== undefined && !matchesHost(route.host, name)) continue
      if (route.pathPrefix !== undefined && !matchesPrefix(route.pathPrefix, path)) continue
      return route.pool
    }
    return this.#defaultPool
  }
}

/** `fn.example.org.` is the same name as `fn.example.org` (RFC 1034 §3.1). */
function withoutRootDot (name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** `*.example.org` matches any name below, at any depth, but not `example.org` itself. */
function matchesHost (pattern: string, name: string): boolean {
  return pattern.startsWith('*.') ? name.length > pattern.length - 1 && name.endsWith(pattern.slice(1)) : name === pattern
}

/** By whole segments: `/a` matches `/a` and `/a/b`, not `/ab`. */
function matchesPrefix (prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false
  return path.length === prefix.length || prefix.endsWith('/') || path.charCodeAt(prefix.length) === 47
}
