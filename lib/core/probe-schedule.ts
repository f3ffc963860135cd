/**
 * When to probe next: usually every 2 s, quickly while results contradict the state, rarely once a node has long been
 * down. Spread by a fifth either way, so that the probes of all balancers and nodes do not fall into step; synchronised
 * reports were the worst case of research/peers.md §1.4.
 */
import { isInDoubt } from './health.ts'
import type { Health } from './health.ts'

export interface ProbeSchedule {
  readonly intervalMs: number
  /** While in doubt: not spread, since it lasts for a few probes only, and those should be quick. */
  readonly doubtMs: number
  readonly longDownIntervalMs: number
  /** Down for longer than this is long. */
  readonly longDownAfterMs: number
  /** 0..1: each regular delay is drawn from its interval ± this part of it. */
  readonly jitterRatio: number
}

export const DEFAULT_PROBE_SCHEDULE: ProbeSchedule = {
  intervalMs: 2000,
  doubtMs: 500,
  longDownIntervalMs: 10_000,
  longDownAfterMs: 60_000,
  jitterRatio: 0.2
}

/**
 * Milliseconds from the end of a probe to the start of the next.
 * @param random uniform in [0, 1).
 */
export function nextProbeDelayMs (
  health: Health, nowMs: number, random: number, schedule: ProbeSchedule = DEFAULT_PROBE_SCHEDULE
): number {
  // A pool whose regular interval is shorter than the quick one means it.
  if (isInDoubt(health)) return Math.min(schedule.doubtMs, schedule.intervalMs)
  const isLongDown = health.state === 'down' && nowMs - health.sinceMs >= schedule.longDownAfterMs
  const interval = isLongDown ? Math.max(schedule.longDownIntervalMs, schedule.intervalMs) : schedule.intervalMs
  return interval * (1 + schedule.jitterRatio * (2 * random - 1))
}

/**
 * Delay of a node's very first probe: the probes of a pool are spread over `windowMs` instead of all starting at once.
 * @param random uniform in [0, 1).
 */
export function firstProbeDelayMs (random: number, windowMs: number): number {
  return random * windowMs
}
