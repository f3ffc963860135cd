/**
 * Trace identifiers of incoming requests: W3C Trace Context `traceparent` (§3.2) and Zipkin's single `b3` field.
 * They are passed on as they came; we read them to decide whether one is there and to name the trace in the access
 * log.
 */
import { allOf, LOWER_HEXDIG } from './char-class.ts'

const DASH = 0x2d
/** Length of version 00, and of the part that later versions must begin with. */
const TRACEPARENT_LENGTH = 55
/** Later versions may append fields; the specification sets no end, we do. */
const MAX_TRACEPARENT_LENGTH = 512

/** Whether `value` is a traceparent that may be trusted to hold a trace id: known layout, ids not all zero. */
export function isValidTraceparent (value: string): boolean {
  const length = value.length
  if (length < TRACEPARENT_LENGTH || length > MAX_TRACEPARENT_LENGTH) return false
  if (value.charCodeAt(2) !== DASH || value.charCodeAt(35) !== DASH || value.charCodeAt(52) !== DASH) return false
  if (!allOf(value, LOWER_HEXDIG, 0, 2) || !allOf(value, LOWER_HEXDIG, 53, 55)) return false
  if (!isTraceId(value, 3, 35) || !isTraceId(value, 36, 52) || value.startsWith('ff')) return false
  return length === TRACEPARENT_LENGTH || (!value.startsWith('00') && value.charCodeAt(TRACEPARENT_LENGTH) === DASH)
}

/** The trace id of a `traceparent` or of a single `b3` value (16 or 32 lower-case hex digits), '' if it has none. */
export function traceIdOf (value: string): string {
  if (isValidTraceparent(value)) return value.slice(3, 35)
  return b3TraceId(value)
}

/** b3: {trace id}-{span id}[-{sampling state}[-{parent span id}]]; a lone sampling state has no trace id. */
function b3TraceId (value: string): string {
  const end = value.charCodeAt(16) === DASH ? 16 : 32
  if (value.charCodeAt(end) !== DASH || !isTraceId(value, 0, end)) return ''
  const rest = value.length - end
  if (!(rest === 17 || rest === 19 || rest === 36) || !isTraceId(value, end + 1, end + 17)) return ''
  if (rest > 17) {
    const state = value[end + 18]
    if (value.charCodeAt(end + 17) !== DASH || !(state === '0' || state === '1' || state === 'd')) return ''
  }
  if (rest > 19 && (value.charCodeAt(end + 19) !== DASH || !isTraceId(value, end + 20, end + 36))) return ''
  return value.slice(0, end)
}

/** Lower-case hex digits that are not all zero. The range lies within `value`. */
function isTraceId (value: string, from: number, to: number): boolean {
  if (!allOf(value, LOWER_HEXDIG, from, to)) return false
  for (let at = from; at < to; at++) {
    if (value.charCodeAt(at) !== 0x30) return true
  }
  return false
}
