/**
 * What we answer for each refusal: one table, so that a status, its words and its Proxy-Status error can not drift
 * apart.
 *
 * Error types are those of RFC 9209 §2.3: `http_request_error` for a 4xx of our own (§2.3.16),
 * `proxy_internal_response` where nothing was asked upstream, the next hop's own failure otherwise. CONNECT is 501
 * and not 405: the method is implemented for no resource at all (RFC 9110 §9.1), and 405 would need an Allow field
 * that names what is (§15.5.6).
 */
import type { Refusal } from '../tables/counters.ts'

export interface RefusalAnswer {
  /** For a refusal that is not answered: the status in logs and metrics. */
  readonly status: number
  readonly title: string
  readonly detail: string
  /** RFC 9209 error type; a caller that knows a narrower one uses that. */
  readonly proxyError: string
  /** Seconds for Retry-After, before the caller's jitter. Absent: trying again soon would not help. */
  readonly retryAfter?: number
  /** False: nothing can be or is written, the connection just ends. */
  readonly answered: boolean
}

/** The answer to a refusal. */
export function refusalAnswer (code: Refusal): RefusalAnswer {
  return ANSWERS[code]
}

/** Long enough for a reconnect to find another daemon or a free place, short enough to go unnoticed. */
const SOON_SECONDS = 1

function answer (
  status: number, proxyError: string, title: string, detail: string, retryAfter?: number
): RefusalAnswer {
  const fixed = { status, title, detail, proxyError, answered: true }
  return Object.freeze(retryAfter === undefined ? fixed : { ...fixed, retryAfter })
}

function silent (status: number, proxyError: string, title: string, detail: string): RefusalAnswer {
  return Object.freeze({ status, title, detail, proxyError, answered: false })
}

const ANSWERS: Readonly<Record<Refusal, RefusalAnswer>> = {
  bad_request: answer(400, 'http_request_error', 'Malformed request',
    'The request is not valid HTTP/1.1, or could be read in two ways. It was not forwarded.'),
  head_too_large: answer(431, 'http_request_error', 'Request header section too large',
    'The request line and fields together exceed the limit. Send fewer or shorter fields.'),
  too_many_fields: answer(431, 'http_request_error', 'Too many header fields',
    'The request has more field lines than the limit allows. Send fewer fields.'),
  target_too_long: answer(414, 'http_request_error', 'Request target too long',
    'The path and query exceed the limit. Send long input in the request body.'),
  bad_version: answer(505, 'proxy_internal_response', 'HTTP version not supported',
    'Only HTTP/1.1 and HTTP/1.0 are spoken here.'),
  unsupported_coding: answer(501, 'proxy_internal_response', 'Transfer coding not supported',
    'The only transfer coding understood in a request is chunked.'),
  length_required: answer(411, 'http_request_error', 'Length required',
    'Send the request body with Content-Length, or chunked.'),
  body_too_large: answer(413, 'http_request_error', 'Request body too large',
    'The request body exceeds the limit of its pool.'),
  expectation: answer(417, 'http_request_error', 'Expectation not supported',
    'The only expectation understood is 100-continue.'),
  connect_method: answer(501, 'proxy_internal_response', 'CONNECT not supported',
    'This is a gateway to functions and opens no tunnels to other hosts.'),
  header_timeout: answer(408, 'http_request_error', 'Request header timeout',
    'The request head did not arrive in time. Open a new connection and send it again.'),
  body_timeout: answer(408, 'http_request_error', 'Request body timeout',
    'The request body stopped arriving. Whether the function saw a part of it is not known.'),
  idle_timeout: silent(408, 'http_request_error', 'Idle connection closed',
    'No request came on a kept-alive connection.'),
  write_timeout: silent(499, 'http_request_error', 'Client stopped reading',
    'The client took no more of its response for longer than the write timeout.'),
  connection_limit: answer(503, 'proxy_internal_response', 'Too many connections',
    'This balancer has as many client connections as it may. Try again.', SOON_SECONDS),
  address_limit: answer(429, 'http_request_error', 'Too many connections from this address',
    'Your address has as many connections as it may. Close some, or reuse them.', SOON_SECONDS),
  no_route: answer(404, 'destination_not_found', 'No pool for this request',
    'No route matches the host and path, and there is no default pool.'),
  api_path: answer(404, 'http_request_denied', 'API path not served here',
    'This balancer passes on function calls, not the management API. Ask an API node.'),
  no_key: answer(400, 'http_request_error', 'No function in request',
    'The pool takes only requests that name a function by its key rules, and this one does not.'),
  no_eligible_node: answer(503, 'destination_unavailable', 'No node available',
    'The pool has no node that is up and ready. The call was not executed.'),
  all_nodes_full: answer(503, 'connection_limit_reached', 'All nodes full',
    'Each node of the pool has as many calls as it may. The call was not executed; try again.', SOON_SECONDS),
  queue_full: answer(503, 'proxy_internal_response', 'Queue is full',
    'Each node of the pool has as many calls as it may, and so has the queue. The call was not executed; try again.', SOON_SECONDS),
  queue_timeout: answer(503, 'proxy_internal_response', 'Waited too long for a place',
    'No node of the pool had room within the time that a call may wait. The call was not executed; try again.', SOON_SECONDS),
  upstream_connect: answer(502, 'destination_unavailable', 'Node not reachable',
    'No connection to a node could be made. The call was not executed.'),
  upstream_reset: answer(502, 'connection_terminated', 'Node closed the connection',
    'The node ended the connection before its response was complete. The call may have been executed.'),
  upstream_timeout: answer(504, 'connection_read_timeout', 'Node did not answer in time',
    'The node was silent for longer than the timeout. The call may have been executed.'),
  upstream_protocol: answer(502, 'http_protocol_error', 'Invalid response from node',
    'The node answered with something that is not valid HTTP/1.1. The call may have been executed.'),
  client_gone: silent(499, 'http_request_error', 'Client went away',
    'The client closed the connection before its response was complete.'),
  draining: answer(503, 'proxy_internal_response', 'Balancer is shutting down',
    'This balancer takes no new calls. The call was not executed; open a new connection.', SOON_SECONDS),
  loop: answer(502, 'proxy_loop_detected', 'Proxy loop',
    'The request has already been here: its Via field names this proxy. A runner node or a route points back at it.')
}
