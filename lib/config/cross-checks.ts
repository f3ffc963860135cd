/**
 * What must hold between several settings. Each check reads from the draft, skips what is already known to be wrong,
 * and reports at the value that has to change. Errors are contradictions; warnings are what an operator would want to
 * know.
 */
import { formatHostPort, formatListen, isLoopback, parseListen, parseNodeAddress } from './addresses.ts'
import type { ListenTarget } from './addresses.ts'
import type { Draft } from './draft.ts'
import type { Path } from './problem.ts'
import { formatPath } from './problem.ts'
import { didYouMean } from './suggest.ts'
import { parseNodeId, parsePathPrefix, parseRouteHost } from './texts.ts'
import { formatDuration, parseDuration, parsePercent, parseSize } from './units.ts'
import { MAX_POOLS } from '../tables/counters.ts'

/** `terminationGracePeriodSeconds` of the manifests in deploy/. */
const GRACE_PERIOD_MS = 60_000

export interface CrossCheckOptions {
  /** No pool is fine: the demo brings its own. */
  readonly allowNoPools: boolean
}

export function crossCheck (draft: Draft, options: CrossCheckOptions): void {
  checkListeners(draft)
  checkShutdown(draft)
  checkLimits(draft)
  const pools = draft.keys(['pools'])
  checkPools(draft, pools, options)
  checkRouting(draft, pools)
  for (const pool of pools) checkPool(draft, ['pools', pool])
}

function checkListeners (draft: Draft): void {
  const seen: { target: ListenTarget, path: Path }[] = []
  const listen: Path[] = typeof draft.value(['listen']) === 'string'
    ? [['listen']]
    : draft.list(['listen']).map((_, index) => ['listen', index])
  for (const path of [...listen, ['admin', 'listen']]) {
    const target = draft.parsed(path, parseListen)
    if (target === undefined) continue
    const rival = seen.find(other => collide(other.target, target))
    if (rival !== undefined) {
      draft.error(path, `"${formatListen(target)}" can not be bound beside "${formatListen(rival.target)}" ` +
        `(${formatPath(rival.path)})`)
    }
    seen.push({ target, path })
  }
  const admin = draft.parsed(['admin', 'listen'], parseListen)
  if (admin !== undefined && !isLoopback(admin)) {
    draft.warn(['admin', 'listen'], 'the admin server has no authentication, and other machines can reach it here')
  }
}

function collide (a: ListenTarget, b: ListenTarget): boolean {
  if ('path' in a || 'path' in b) return 'path' in a && 'path' in b && a.path === b.path
  if (a.port !== b.port || a.port === 0) return false
  const isEverything = ({ host }: { host: string }): boolean => host === '' || host === '::'
  return a.host === b.host || isEverything(a) || isEverything(b) ||
    (a.host === '0.0.0.0' && !b.host.includes(':')) || (b.host === '0.0.0.0' && !a.host.includes(':'))
}

function checkShutdown (draft: Draft): void {
  const delay = draft.parsed(['readiness_delay'], parseDuration)
  const drain = draft.parsed(['drain_timeout'], parseDuration)
  if (delay === undefined || drain === undefined || delay + drain < GRACE_PERIOD_MS) return
  draft.warn([draft.has(['drain_timeout']) ? 'drain_timeout' : 'readiness_delay'],
    `readiness_delay + drain_timeout is ${formatDuration(delay + drain)}; the pod's terminationGracePeriodSeconds ` +
    'must be longer, or Kubernetes kills the daemon before it has drained')
}

function checkLimits (draft: Draft): void {
  const head = draft.parsed(['limits', 'max_head_size'], parseSize)
  const target = draft.parsed(['limits', 'max_target_size'], parseSize)
  if (head !== undefined && target !== undefined && target > head) {
    const path = draft.has(['limits', 'max_target_size']) ? ['limits', 'max_target_size'] : ['limits', 'max_head_size']
    draft.error(path, 'limits.max_target_size is larger than limits.max_head_size, of which the target is a part')
  }
}

function checkPools (draft: Draft, pools: readonly string[], options: CrossCheckOptions): void {
  if (draft.has(['pools']) && draft.value(['pools']) === undefined && pools.length === 0) return
  if (pools.length === 0 && !options.allowNoPools) {
    draft.error(['pools'], 'no pool is configured; name the runner nodes under pools.<name>.nodes')
  }
  if (pools.length > MAX_POOLS) {
    draft.error(['pools'], `${pools.length} pools; at most ${MAX_POOLS} are possible in one daemon`, 'key')
  }
}

function checkRouting (draft: Draft, pools: readonly string[]): void {
  const known = (path: Path): string | undefined => {
    const name = draft.text(path)
    if (name === undefined || name === '' || pools.includes(name)) return name
    const advice = didYouMean(name, pools) || `; the pools are: ${pools.join(', ') || 'none'}`
    draft.error(path, `there is no pool "${name}"${advice}`)
    return undefined
  }
  const used = new Set<string>()
  draft.list(['routes']).forEach((_, index) => {
    const pool = known(['routes', index, 'pool'])
    if (pool !== undefined) used.add(pool)
    checkShadow(draft, index)
  })
  const fallback = known(['default_pool'])
  if (fallback !== undefined) used.add(fallback)
  else if (pools.length === 1 && !draft.has(['default_pool'])) used.add(pools[0]!)
  if (draft.problems.some(problem => problem.severity === 'error' && problem.path[0] === 'routes')) return
  for (const pool of pools) {
    if (used.has(pool) || (fallback === undefined && draft.has(['default_pool']))) continue
    draft.warn(['pools', pool], 'no request ever comes here: no route names this pool, and it is not default_pool')
  }
}

interface Match { readonly host: string, readonly prefix: string }

function checkShadow (draft: Draft, index: number): void {
  const match = matchOf(draft, index)
  if (match === undefined) return
  for (let earlier = 0; earlier < index; earlier++) {
    const other = matchOf(draft, earlier)
    if (other === undefined || !covers(other, match)) continue
    draft.warn(['routes', index], `never reached: routes[${earlier}] matches all its requests first`)
    return
  }
}

function matchOf (draft: Draft, index: number): Match | undefined {
  const condition = (key: string, parse: typeof parseRouteHost): string | undefined => {
    const path = ['routes', index, key]
    return draft.has(path) ? draft.parsed(path, parse) : ''
  }
  const host = condition('host', parseRouteHost)
  const prefix = condition('path_prefix', parsePathPrefix)
  return host === undefined || prefix === undefined ? undefined : { host, prefix }
}

function covers (wide: Match, narrow: Match): boolean {
  const hostCovered = wide.host === '' || wide.host === narrow.host ||
    (wide.host.startsWith('*.') && narrow.host.endsWith(wide.host.slice(1)))
  return hostCovered && (wide.prefix === narrow.prefix || narrow.prefix.startsWith(`${wide.prefix}/`))
}

function checkPool (draft: Draft, pool: Path): void {
  const ids = checkNodes(draft, [...pool, 'nodes'])
  checkApi(draft, [...pool, 'api'], ids)
  const max = draft.number([...pool, 'upstream', 'max_connections'])
  const idle = draft.number([...pool, 'upstream', 'max_idle'])
  if (max !== undefined && idle !== undefined && idle > max && draft.has([...pool, 'upstream', 'max_idle'])) {
    draft.error([...pool, 'upstream', 'max_idle'], `more than max_connections (${max})`)
  }
  checkRetry(draft, [...pool, 'retry'])
  checkProbe(draft, [...pool, 'probe'])
}

/** The ids of the pool's nodes; nothing when they are not all known. */
function checkNodes (draft: Draft, nodes: Path): readonly string[] | undefined {
  const addresses = new Map<string, Path>()
  const ids = new Map<string, { path: Path, isGiven: boolean }>()
  const entries = draft.list(nodes)
  let isComplete = entries.length > 0
  entries.forEach((entry, index) => {
    const path = [...nodes, index]
    const isMapping = typeof entry === 'object' && entry !== null
    const addressPath = isMapping ? [...path, 'address'] : path
    const target = draft.parsed(addressPath, parseNodeAddress)
    const address = target === undefined ? undefined : formatHostPort(target)
    const isGiven = isMapping && draft.has([...path, 'id'])
    const idPath = isGiven ? [...path, 'id'] : addressPath
    const id = isGiven ? draft.parsed(idPath, parseNodeId) : address
    if (address !== undefined) {
      const first = addresses.get(address)
      if (first === undefined) addresses.set(address, addressPath)
      else draft.error(addressPath, `"${address}" is already the address of ${formatPath(first)}`)
    }
    if (id === undefined) {
      isComplete = false
      return
    }
    const first = ids.get(id)
    if (first === undefined) ids.set(id, { path: idPath, isGiven })
    // Of two ids that are both addresses the addresses have been reported.
    else if (isGiven || first.isGiven) draft.error(idPath, `"${id}" is already the id of ${formatPath(first.path)}`)
  })
  return isComplete ? [...ids.keys()] : undefined
}

function checkApi (draft: Draft, api: Path, ids: readonly string[] | undefined): void {
  const chosen = draft.value(api)
  if (!Array.isArray(chosen) || ids === undefined) return
  chosen.forEach((id: unknown, index) => {
    if (typeof id !== 'string' || ids.includes(id)) return
    draft.error([...api, index], `no node of this pool has the id "${id}"${didYouMean(id, ids)}`)
  })
}

function checkRetry (draft: Draft, retry: Path): void {
  const attempts = draft.number([...retry, 'attempts'])
  const budget = draft.parsed([...retry, 'budget'], parsePercent)
  const least = draft.number([...retry, 'budget_min'])
  if (attempts !== undefined && attempts > 0 && budget === 0 && least === 0) {
    draft.error([...retry, 'budget'], 'budget and budget_min are 0, which allows no retry; set attempts: 0 instead')
  }
}

function checkProbe (draft: Draft, probe: Path): void {
  const interval = draft.parsed([...probe, 'interval'], parseDuration)
  const timeout = draft.parsed([...probe, 'timeout'], parseDuration)
  if (interval === undefined || timeout === undefined || timeout <= interval) return
  const path = draft.has([...probe, 'timeout']) ? [...probe, 'timeout'] : [...probe, 'interval']
  draft.error(path, `the timeout (${formatDuration(timeout)}) is longer than the interval ` +
    `(${formatDuration(interval)}); probes of one node never overlap`)
}
