/**
 * What the admin API says, as JSON: names in snake_case, durations in seconds, times in RFC 3339. This is a contract
 * with scripts; `apiVersion` rises when a field changes its meaning or goes.
 */
import { availableParallelism, hostname } from 'node:os'
import { formatListen } from '../config/addresses.ts'
import { formatAddress } from '../control/listen-error.ts'
import { nodeState } from '../control/control-plane.ts'
import type { ControlPlane } from '../control/control-plane.ts'
import type { PublishedPool } from '../control/publish.ts'
import { RING_VERSION, pointCounts } from '../core/ring.ts'
import { NODE_STATES } from '../metrics/source.ts'

const API_VERSION = 'fnlb/v1'

/** The envelope of each answer. */
export function envelope (control: ControlPlane, kind: string, body: object): object {
  return {
    apiVersion: API_VERSION,
    kind,
    instance: hostname(),
    snapshot: control.generation,
    generated_at: new Date().toISOString(),
    ...body
  }
}

export function statusView (control: ControlPlane): object {
  const notReady = control.notReady()
  const { supervisor, counters } = control
  return envelope(control, 'Status', {
    version: control.version,
    node_version: process.version,
    pid: process.pid,
    started_at: iso(control.startedMs),
    uptime_seconds: (Date.now() - control.startedMs) / 1000,
    phase: control.phase,
    ready: notReady.length === 0,
    not_ready: notReady,
    cores: availableParallelism(),
    memory: { rss_bytes: process.memoryUsage.rss() },
    listen: supervisor?.addresses.map(formatAddress) ?? [],
    listen_mode: supervisor === undefined ? null : supervisor.reusePort ? 'reuse_port' : 'shared_socket',
    threads: supervisor?.status().map(({ thread, state, sinceMs, restarts, applied, lastEnd }) => ({
      thread,
      state,
      since: iso(sinceMs),
      restarts,
      snapshot: applied,
      client_connections: counters.of(thread, 'clientConnections'),
      requests_in_flight: counters.of(thread, 'clientRequestsInFlight'),
      ...(lastEnd !== undefined && { last_end: lastEnd })
    })) ?? [],
    pools: control.published.pools.map((pool) => poolView(control, pool))
  })
}

export function poolsView (control: ControlPlane): object {
  return envelope(control, 'PoolList', { items: control.published.pools.map((pool) => poolView(control, pool)) })
}

export function poolView (control: ControlPlane, pool: PublishedPool): object {
  const states = control.pools().find(({ name }) => name === pool.config.name)!.nodes
  const { nodeTable } = control
  return {
    name: pool.config.name,
    policy: pool.config.policy,
    nodes: {
      total: states.length,
      eligible: states.filter(({ slot }) => nodeTable.isEligible(slot)).length,
      ...Object.fromEntries(NODE_STATES.map((state) => [state, states.filter((node) => node.state === state).length]))
    },
    in_flight: states.reduce((sum, { slot }) => sum + nodeTable.inFlight(slot), 0),
    capacity: states.reduce((sum, { slot }) => sum + nodeTable.capacity(slot), 0),
    ring: { digest: pool.ring.image.digest, points: pool.ring.image.positions.length, changes: pool.ringChanges }
  }
}

export function nodesView (control: ControlPlane, pool: PublishedPool): object {
  const { nodeTable, registry } = control
  return envelope(control, 'NodeList', {
    pool: pool.config.name,
    items: pool.view.nodes.map(({ id, host, port, slot }, index) => {
      const record = registry.get(pool.config.name, id)!
      return {
        id,
        address: formatListen({ host, port }),
        state: nodeState(record),
        operational: record.health.state,
        admin: record.admin,
        eligible: nodeTable.isEligible(slot),
        since: iso(record.health.sinceMs),
        reason: record.health.reason,
        in_flight: nodeTable.inFlight(slot),
        capacity: nodeTable.capacity(slot),
        cap: nodeTable.cap(slot),
        ring_share: pool.shares[index]
      }
    })
  })
}

export function ringView (control: ControlPlane, pool: PublishedPool): object {
  const { ring, shares } = pool
  const { counts } = pointCounts(ring.nodes)
  const total = ring.nodes.reduce((sum, { capacity }) => sum + capacity, 0)
  return envelope(control, 'Ring', {
    pool: pool.config.name,
    ring_version: RING_VERSION,
    digest: ring.image.digest,
    points: ring.image.positions.length,
    halvings: ring.halvings,
    changes: pool.ringChanges,
    items: ring.nodes.map(({ id, capacity }, index) => ({
      id, capacity, points: counts[index], share: shares[index], target: total === 0 ? 0 : capacity / total
    }))
  })
}

function iso (unixMs: number): string {
  return new Date(unixMs).toISOString()
}
