/**
 * Backoff between attempts: exponential with full jitter, so that calls that failed together do not come back together.
 * Source: M. Brooker, "Exponential backoff and jitter" (AWS Architecture Blog, 2015).
 */

export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

export const DEFAULT_BACKOFF: Backoff = { baseMs: 25, maxMs: 250 }

/**
 * Milliseconds to wait before a retry. The first goes at once, since it goes to another node, which is not the one that
 * needs time.
 * @param retry 1 for the first attempt after the original one, then 2, 3, …
 * @param random uniform in [0, 1).
 */
export function backoffMs (retry: number, random: number, backoff: Backoff = DEFAULT_BACKOFF): number {
  if (retry <= 1) return 0
  return random * Math.min(backoff.maxMs, backoff.baseMs * 2 ** (retry - 2))
}
