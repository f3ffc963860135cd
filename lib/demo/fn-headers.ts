/**
 * Which header fields a function sees, and which of its answer a client sees: Fn's rules for `/invoke/` and for
 * triggers (fnserver 0.3.753, runner_httptrigger.go). Fields are lists of names and values in turn; order, case and
 * duplicates are kept.
 */

/** Fn takes these out in both directions. `Expect` was already answered by the node, `Host` is not a header in Go. */
const NOT_FORWARDED = new Set([
  'connection', 'proxy-connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer',
  'transfer-encoding', 'upgrade', 'host', 'expect'
])
const PREFIX = 'fn-http-h-'

/** Fields of a client's request, for the function that was invoked. */
export function invokeRequestHeaders (fields: readonly string[], callId: string, deadline: Date): string[] {
  const headers: string[] = []
  forEachField(fields, (name, value, lower) => {
    if (!NOT_FORWARDED.has(lower) && lower !== 'fn-call-id' && lower !== 'fn-deadline') headers.push(name, value)
  })
  headers.push('Fn-Call-Id', callId, 'Fn-Deadline', deadline.toISOString())
  return headers
}

/** The same for a function called through a trigger. */
export function triggerRequestHeaders (
  fields: readonly string[], callId: string, deadline: Date, method: string, url: string
): string[] {
  const headers: string[] = []
  forEachField(fields, (name, value, lower) => {
    if (NOT_FORWARDED.has(lower)) return
    // The length stays a framing field: prefixed, the body would have none.
    if (lower === 'content-length' || lower === 'content-type') headers.push(name, value)
    if (lower !== 'content-type') headers.push(`Fn-Http-H-${name}`, value)
  })
  headers.push('Fn-Http-Method', method, 'Fn-Http-Request-Url', url, 'Fn-Intent', 'httprequest')
  headers.push('Fn-Call-Id', callId, 'Fn-Deadline', deadline.toISOString())
  return headers
}

/** Status and fields for the client, from an answer with which the function was content (status 200 of its FDK). */
export interface ClientHead {
  readonly status: number
  readonly headers: string[]
}

/** On `/invoke/` everything passes as it is, `Fn-Http-Status` too. */
export function invokeResponseHead (fields: readonly string[]): ClientHead {
  const headers: string[] = []
  forEachField(fields, (name, value, lower) => {
    if (!NOT_FORWARDED.has(lower) && lower !== 'content-length' && lower !== 'date') headers.push(name, value)
  })
  return { status: 200, headers }
}

/** On a trigger only what was meant for the client passes, and the function chooses the status. */
export function triggerResponseHead (fields: readonly string[]): ClientHead {
  const headers: string[] = []
  let status = 200
  forEachField(fields, (name, value, lower) => {
    if (lower === 'content-type') headers.push(name, value)
    else if (lower === 'fn-http-status' && /^[2-9]\d\d$/.test(value)) status = Number(value)
    else if (lower.startsWith(PREFIX) && lower.length > PREFIX.length) {
      const inner = lower.slice(PREFIX.length)
      // A function cannot choose the framing of this node's answer.
      if (!NOT_FORWARDED.has(inner) && inner !== 'content-length') headers.push(name.slice(PREFIX.length), value)
    }
  })
  return { status, headers }
}

function forEachField (fields: readonly string[], visit: (name: string, value: string, lower: string) => void): void {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    visit(name, fields[i + 1] ?? '', name.toLowerCase())
  }
}
