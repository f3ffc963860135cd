/**
 * Fn's busy refusal: the node did not run the call and another node may. A function can answer 503 itself, after it has
 * run, so the status alone says nothing; Fn marks its own refusal by `Retry-After: 15` and a fixed message
 * (research/fnlb.md §2.5). Anything that differs is an answer for the client, never a reason to run a call twice.
 */

const RETRY_AFTER = '15'
const BODY = '{"message":"Timed out - server too busy"}'
/** Form of Fn before its v2 API. */
const BODY_V1 = '{"error":{"message":"Timed out - server too busy"}}'

/** Bodies longer than this can not match: no need to read on. */
export const MAX_BUSY_BODY_BYTES = 64

/**
 * @param retryAfter value of the Retry-After field, '' if absent.
 * @param body the whole response body; white space around it does not matter (Go ends its JSON with a line feed).
 */
export function isFnBusy (status: number, retryAfter: string, body: string): boolean {
  if (status !== 503 || retryAfter !== RETRY_AFTER || body.length > MAX_BUSY_BODY_BYTES) return false
  const text = body.trim()
  return text === BODY || text === BODY_V1
}
