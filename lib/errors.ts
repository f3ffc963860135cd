/**
 * Errors that end a command or keep the daemon from starting: one table of codes, each with the process's exit code.
 *
 * What a request can run into is not here: those are answers (status, problem+json, Proxy-Status) and counters, never
 * exceptions that travel up. Anything thrown that is not a `FnlbError` is a bug in fnlb and exits with 70.
 */

/** Code → exit code (the meanings are in cli/exit-codes.ts; a test keeps the two together). */
const EXIT_CODES = {
  /** The command line is wrong. */
  FNLB_USAGE: 2,
  /** The configuration is wrong; every problem has been found before this is thrown. */
  FNLB_CONFIG_INVALID: 2,
  /** A certificate or key can not be read or used. */
  FNLB_TLS_FILES: 2,
  /** This Node.js is too old to run fnlb at all. */
  FNLB_NODE_TOO_OLD: 2,
  /** A listening address can not be bound. */
  FNLB_LISTEN_FAILED: 2,
  /** The data threads did not come up. */
  FNLB_THREADS_FAILED: 70
} as const

export type ErrorCode = keyof typeof EXIT_CODES

export const ERROR_CODES = Object.keys(EXIT_CODES) as readonly ErrorCode[]

export interface FnlbErrorDetails {
  /** What to do next, one line. */
  readonly hint?: string
  readonly cause?: unknown
}

/** An expected failure, worded for the operator: `message` says what is wrong, `hint` what to do. */
export class FnlbError extends Error {
  override readonly name = 'FnlbError'
  readonly code: ErrorCode
  readonly exitCode: number
  readonly hint: string | undefined

  constructor (code: ErrorCode, message: string, details: FnlbErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.exitCode = exitCodeOf(code)
    this.hint = details.hint
  }
}

/** The exit code of an error code. */
export function exitCodeOf (code: ErrorCode): number {
  return EXIT_CODES[code]
}
