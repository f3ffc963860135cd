/**
 * Whether a call was cold, for runners that do not say so. Two signs: no instance was known to be idle when the call
 * was sent, and it took far longer than the function's warm calls do. The second outweighs the first, since another
 * balancer may have warmed the node, and an instance that was thought idle may have been let go.
 */

/** What is known of a function's times, in µs; 0 = nothing. */
export interface KnownTimes {
  readonly execUs: number
  readonly deviationUs: number
  readonly initUs: number
}

/** A call within so many mean deviations of the mean is a usual one. */
const USUAL = 4
/** Part of an initialisation that must be missing in a call for it to be one without. */
const HALF = 0.5

/**
 * @param latencyUs from sending the call to its response.
 * @param isStart no idle instance was known when it was sent.
 * @param initUs assumed of a function whose starts were never seen.
 */
export function inferCold (latencyUs: number, isStart: boolean, known: KnownTimes, initUs: number): boolean {
  // Nothing to compare with: the only sign there is.
  if (known.execUs === 0) return isStart
  const init = known.initUs === 0 ? initUs : known.initUs
  const usual = known.execUs + USUAL * Math.max(known.deviationUs, known.execUs / USUAL)
  const startsAt = known.execUs + HALF * init
  if (latencyUs > usual && latencyUs > startsAt) return true
  // Where a start is short beside a call's own spread, time tells nothing, and only the first sign is left.
  return isStart && (startsAt <= usual || latencyUs > usual)
}
