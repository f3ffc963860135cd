/**
 * Times in shared tables: 32-bit counts of ticks of 16 ms, which wrap once in two years, so that a time is one whole
 * integer that no thread can see half written.
 *
 * All threads must take their milliseconds from one clock (`performance.timeOrigin + performance.now()`, not
 * `performance.now()` alone, which begins anew in each thread).
 */
const TICK_SHIFT_MS = 16

/** What another thread's clock may be ahead of ours, in ticks: one second. */
const SKEW = 64

/** Older than anything; also the age of a time that lies further ahead than clocks of one machine can differ. */
export const NEVER = 0x7fffffff

/** The tick of a time in milliseconds. */
export function tickOf (nowMs: number): number {
  return Math.floor(nowMs / TICK_SHIFT_MS) | 0
}

/** A span of milliseconds in ticks, at least one. */
export function ticksIn (spanMs: number): number {
  return Math.max(1, Math.min(NEVER - 1, Math.round(spanMs / TICK_SHIFT_MS)))
}

/** Ticks from `then` to `now`; 0 for a time slightly ahead. */
export function ageOf (now: number, then: number): number {
  const age = (now - then) | 0
  if (age >= 0) return age
  return age >= -SKEW ? 0 : NEVER
}

export function ticksToMs (ticks: number): number {
  return ticks * TICK_SHIFT_MS
}
