/**
 * Health of one node as active probes see it: the operational axis, unknown, up or down. What an operator ordered is
 * another axis and never changed here.
 *
 * A node nobody has heard of is unknown: one success admits it, `fall` failures in a row make it down. After that
 * `fall` failures in a row are needed to go down and `rise` successes in a row to come back, so one lost packet flips
 * nothing.
 * Invariant: pure; the state after a sequence of results depends on that sequence and the thresholds alone.
 */

export type OperationalState = 'unknown' | 'up' | 'down'

export interface Health {
  readonly state: OperationalState
  /** When the state was entered, in the caller's milliseconds. */
  readonly sinceMs: number
  /** Results in a row that speak against the state: failures when up or unknown, successes when down. */
  readonly against: number
  /** What the last result said, for people: `200 in 2 ms`, `connect timeout`. '' before the first. */
  readonly reason: string
}

export interface ProbeResult {
  readonly ok: boolean
  readonly reason: string
}

export interface Thresholds {
  /** Successes in a row that bring a down node up; at least 1. */
  readonly rise: number
  /** Failures in a row that bring a node down; at least 1. */
  readonly fall: number
}

export const DEFAULT_THRESHOLDS: Thresholds = { rise: 2, fall: 3 }

export function unknownHealth (nowMs: number): Health {
  return { state: 'unknown', sinceMs: nowMs, against: 0, reason: '' }
}

/** Takes one probe result in. `flipped`: the state is another one now, which is worth a log line and a new snapshot. */
export function observe (
  health: Health, result: ProbeResult, nowMs: number, thresholds: Thresholds
): { health: Health, flipped: boolean } {
  const speaksFor = health.state === 'down' ? !result.ok : result.ok
  if (speaksFor && health.state !== 'unknown') {
    return { health: { ...health, against: 0, reason: result.reason }, flipped: false }
  }
  const against = speaksFor ? 0 : health.against + 1
  const needed = result.ok ? (health.state === 'unknown' ? 0 : thresholds.rise) : thresholds.fall
  if (against < needed) return { health: { ...health, against, reason: result.reason }, flipped: false }
  return {
    health: { state: result.ok ? 'up' : 'down', sinceMs: nowMs, against: 0, reason: result.reason },
    flipped: true
  }
}

/** Whether the next result may change the state or the last one spoke against it: a reason to look again soon. */
export function isInDoubt (health: Health): boolean {
  return health.state === 'unknown' || health.against > 0
}
