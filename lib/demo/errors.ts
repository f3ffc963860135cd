/**
 * What can go wrong before a demo runner serves: a wrong option, no FDK, a port in use, a child that does not start.
 * Each message says what to do next. Failures of calls are no errors here: they are answers (fn-error.ts).
 */

export type DemoErrorCode =
  /** An option is out of range or unknown. */
  | 'FNLB_DEMO_OPTION'
  /** `@fnproject/fdk` is not installed, and functions were to run in processes. */
  | 'FNLB_DEMO_NO_FDK'
  /** The address cannot be bound. */
  | 'FNLB_DEMO_LISTEN'
  /** A runner process ended, or stayed silent, before it was ready. */
  | 'FNLB_DEMO_START'
  /** The control port of a runner process refused an order or did not answer. */
  | 'FNLB_DEMO_CONTROL'

export class DemoError extends Error {
  readonly code: DemoErrorCode

  constructor (code: DemoErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'DemoError'
    this.code = code
  }
}
