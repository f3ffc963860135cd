import t from 'tap'
import { STATUS_TEXT } from '../../../lib/http/problem.ts'
import { refusalAnswer } from '../../../lib/http/refusal.ts'
import { REFUSALS, type Refusal } from '../../../lib/tables/counters.ts'

/** RFC 9209 §2.3, as registered. */
const ERROR_TYPES = new Set([
  'dns_timeout', 'dns_error', 'destination_not_found', 'destination_unavailable', 'destination_ip_prohibited',
  'destination_ip_unroutable', 'connection_refused', 'connection_terminated', 'connection_timeout',
  'connection_read_timeout', 'connection_write_timeout', 'connection_limit_reached', 'tls_protocol_error',
  'tls_certificate_error', 'tls_alert_received', 'http_request_error', 'http_request_denied',
  'http_response_incomplete', 'http_response_header_section_size', 'http_response_header_size',
  'http_response_body_size', 'http_response_trailer_section_size', 'http_response_trailer_size',
  'http_response_transfer_coding', 'http_response_content_coding', 'http_response_timeout', 'http_upgrade_failed',
  'http_protocol_error', 'proxy_internal_response', 'proxy_internal_error', 'proxy_configuration_error',
  'proxy_loop_detected'
])

const STATUSES: Record<Refusal, number> = {
  bad_request: 400,
  head_too_large: 431,
  too_many_fields: 431,
  target_too_long: 414,
  bad_version: 505,
  unsupported_coding: 501,
  length_required: 411,
  body_too_large: 413,
  expectation: 417,
  connect_method: 501,
  header_timeout: 408,
  body_timeout: 408,
  idle_timeout: 408,
  write_timeout: 499,
  connection_limit: 503,
  address_limit: 429,
  no_route: 404,
  api_path: 404,
  no_key: 400,
  no_eligible_node: 503,
  all_nodes_full: 503,
  queue_full: 503,
  queue_timeout: 503,
  upstream_connect: 502,
  upstream_reset: 502,
  upstream_timeout: 504,
  upstream_protocol: 502,
  client_gone: 499,
  draining: 503,
  loop: 502
}

for (const code of REFUSALS) {
  void t.test(`${code} is answered by the standards`, async t => {
    const answer = refusalAnswer(code)
    t.equal(answer.status, STATUSES[code])
    t.ok(ERROR_TYPES.has(answer.proxyError), answer.proxyError)
    t.match(answer.title, /^[A-Z][ -~]+[^.]$/)
    t.match(answer.detail, /^[A-Z][ -~]+\.$/)
    if (answer.answered) t.ok(STATUS_TEXT[answer.status], 'the status is registered')
    if (answer.proxyError === 'http_request_error') t.equal(answer.status >> 7, 3, 'a client error')
  })
}

void t.test('a client is asked to come back only where that helps', async t => {
  t.same(REFUSALS.filter(code => refusalAnswer(code).retryAfter !== undefined),
    ['connection_limit', 'address_limit', 'all_nodes_full', 'queue_full', 'queue_timeout', 'draining'])
})

void t.test('nobody is left to answer', async t => {
  t.same(REFUSALS.filter(code => !refusalAnswer(code).answered),
    ['idle_timeout', 'write_timeout', 'client_gone'])
})

void t.test('an answer can not be changed', async t => {
  t.throws(() => { (refusalAnswer('no_route') as { status: number }).status = 200 }, TypeError)
})
