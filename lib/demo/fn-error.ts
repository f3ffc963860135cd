/**
 * The errors with which Fn answers a call: status, sentence, and the one header that marks a refusal. Statuses and
 * sentences are those of fnserver 0.3.753, so that what reads them (fnlb's busy rule first) can be tested on them.
 */
import type { ServerResponse } from 'node:http'

export interface FnError {
  readonly status: number
  readonly message: string
  /** Seconds. */
  readonly retryAfter?: number
}

/** Not executed: any other node may take the call. The only answer with these three marks. */
export const SERVER_BUSY: FnError = { status: 503, message: 'Timed out - server too busy', retryAfter: 15 }
export const TIMED_OUT: FnError = { status: 504, message: 'Timed out' }
export const FUNCTION_FAILED: FnError = { status: 502, message: 'function failed' }
export const NO_FUNCTION_RESPONSE: FnError = { status: 502, message: 'error receiving function response' }
export const INVALID_FUNCTION_RESPONSE: FnError = { status: 502, message: 'invalid function response' }
export const RESPONSE_HEADER_TOO_LARGE: FnError = { status: 502, message: 'function response header too large' }
export const REQUEST_TOO_LARGE: FnError = { status: 413, message: 'Request content too large' }
export const INIT_FAILED: FnError = {
  status: 502,
  message: 'Container failed to initialize, please ensure you are using the latest fdk and check the logs'
}
export const INIT_TIMED_OUT: FnError = {
  status: 504,
  message: 'Container initialization timed out, please ensure you are using the latest fdk and check the logs'
}
export const FN_NOT_FOUND: FnError = { status: 404, message: 'Fn not found' }
export const APP_NOT_FOUND: FnError = { status: 404, message: 'App not found' }
export const TRIGGER_NOT_FOUND: FnError = { status: 404, message: 'Trigger not found' }

export function pathNotFound (method: string, path: string): FnError {
  return { status: 404, message: `Path not found: ${method} ${path}` }
}

export function methodNotAllowed (method: string, path: string): FnError {
  return { status: 405, message: `Method not allowed: ${method} ${path}` }
}

/**
 * Answers with an error.
 * @param headers names and values in turn, beside those of every error.
 */
export function sendFnError (response: ServerResponse, error: FnError, headers: readonly string[] = []): void {
  // Go's JSON encoder ends with a line feed; lengths are compared in tests.
  sendJson(response, error.status, { message: error.message },
    error.retryAfter === undefined ? headers : [...headers, 'Retry-After', String(error.retryAfter)])
}

export function sendJson (
  response: ServerResponse, status: number, value: unknown, headers: readonly string[] = []
): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`)
  response.writeHead(status, [
    ...headers, 'Content-Type', 'application/json; charset=utf-8', 'Content-Length', String(body.length)
  ])
  response.end(body)
}
