/**
 * Where the calls of a run come from. Everything that is chance about a call is drawn by its source, before any policy
 * sees it, so that policies can be compared on the very same calls.
 */

export interface CallSource {
  /** Fields of the call last taken. */
  readonly functionIndex: number
  /** Execution time on an idle core of speed 1, seconds. */
  readonly executionS: number
  /** Uniform in [0, 1): how long its cold start would take, should it be one. */
  readonly coldDraw: number
  /** Uniform in [0, 1): which balancer it comes to. */
  readonly balancerDraw: number
  /** @param schedule makes an arrival at that time, of that caller. */
  begin (schedule: (timeS: number, caller: number) => void): void
  /** The arrival scheduled for `caller` is now: puts its call into the fields. */
  take (caller: number): void
  /** A call of `caller` has ended. */
  ended (caller: number, nowS: number): void
}
