/**
 * The routes of the admin API: pattern → answer. GET has no side effects; nothing here changes the daemon.
 */
import type { ControlPlane } from '../control/control-plane.ts'
import type { Log } from '../control/log-port.ts'
import type { PublishedPool } from '../control/publish.ts'
import type { MetricsText } from '../metrics/registry.ts'
import { AdminProblem } from './problem.ts'
import { routeView } from './route-view.ts'
import { nodesView, poolsView, ringView, statusView } from './views.ts'

export interface AdminContext {
  readonly control: ControlPlane
  readonly metrics: MetricsText
  readonly log: Log
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

interface Route {
  /** Segments; one in braces takes any value. Also the label of the metric. */
  readonly pattern: string
  /** Names of query parameters that it knows; others are refused. */
  readonly query: readonly string[]
  handle (context: AdminContext, params: readonly string[], query: URLSearchParams): Answer | Promise<Answer>
}

const ROUTES: readonly Route[] = [
  { pattern: '/livez', query: ['verbose'], handle: () => check([]) },
  { pattern: '/readyz', query: ['verbose'], handle: ({ control }) => check(control.notReady()) },
  {
    pattern: '/startupz',
    query: ['verbose'],
    handle: ({ control }) => check(control.phase === 'starting' ? ['starting'] : [])
  },
  {
    pattern: '/metrics',
    query: [],
    handle: async ({ metrics }) => {
      return { status: 200, type: metrics.contentType, body: await metrics.render(performance.now()) }
    }
  },
  { pattern: '/v1/status', query: [], handle: ({ control }) => json(statusView(control)) },
  { pattern: '/v1/pools', query: [], handle: ({ control }) => json(poolsView(control)) },
  {
    pattern: '/v1/pools/{pool}/nodes',
    query: [],
    handle: ({ control }, [pool]) => json(nodesView(control, find(control, pool!)))
  },
  {
    pattern: '/v1/pools/{pool}/ring',
    query: [],
    handle: ({ control }, [pool]) => json(ringView(control, find(control, pool!)))
  },
  {
    pattern: '/v1/pools/{pool}/route',
    query: ['key', 'path', 'limit'],
    handle: ({ control }, [pool], query) => json(routeView(control, find(control, pool!), query))
  }
]

export interface Match {
  readonly route: Route
  readonly params: readonly string[]
}

/** The route of a path, or undefined. */
export function match (path: string): Match | undefined {
  const segments = path.split('/')
  for (const route of ROUTES) {
    const params: string[] = []
    const pattern = route.pattern.split('/')
    if (pattern.length !== segments.length) continue
    const fits = pattern.every((expected, index) => {
      if (!expected.startsWith('{')) return expected === segments[index]
      params.push(segments[index]!)
      return true
    })
    if (fits) return { route, params: params.map(decode) }
  }
  return undefined
}

/** Refuses query parameters that the route does not know: a typing error must not look like an answer. */
export function assertQuery ({ pattern, query: known }: Route, query: URLSearchParams): void {
  for (const name of query.keys()) {
    if (known.includes(name)) continue
    const what = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
    throw new AdminProblem(400, 'bad_query', `${pattern} has no query parameter "${name}": ${what}`)
  }
}

function find (control: ControlPlane, name: string): PublishedPool {
  const pools = control.published.pools
  const pool = pools.find(({ config }) => config.name === name)
  if (pool !== undefined) return pool
  const names = pools.map(({ config }) => config.name).join(', ')
  throw new AdminProblem(404, 'no_such_pool', `there is no pool "${name}": the pools are ${names}`)
}

function check (reasons: readonly string[]): Answer {
  const type = 'text/plain; charset=utf-8'
  if (reasons.length === 0) return { status: 200, type, body: 'ok\n' }
  return { status: 503, type, body: `${reasons.join('\n')}\n` }
}

function json (body: object): Answer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(body)}\n` }
}

function decode (segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new AdminProblem(400, 'bad_path', `the path segment "${segment}" is not valid percent-encoding`)
  }
}
