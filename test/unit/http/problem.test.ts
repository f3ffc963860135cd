import t from 'tap'
import { type ProblemInput, problemResponse, STATUS_TEXT } from '../../../lib/http/problem.ts'
import { parseResponse } from '../../support/http-response.ts'

const FULL: ProblemInput = {
  status: 503,
  title: 'All nodes full',
  code: 'all_nodes_full',
  detail: 'Try again.',
  requestId: '0193-aa',
  pool: 'fn',
  attempts: 3,
  retryAfterSeconds: 1.2,
  proxyError: 'connection_limit_reached',
  close: true,
  headOnly: false,
  requestIdHeader: 'x-request-id',
  date: 'Sun, 22 Nov 2026 09:00:25 GMT'
}

const SPARE: ProblemInput = {
  status: 400,
  title: 'Malformed request',
  code: 'bad_request',
  detail: 'No.',
  requestId: '',
  close: false,
  headOnly: false,
  requestIdHeader: ''
}

void t.test('all of it', async t => {
  const { statusLine, fields, body } = parseResponse(problemResponse(FULL))
  t.equal(statusLine, 'HTTP/1.1 503 Service Unavailable')
  t.same(fields, [
    ['Content-Type', 'application/problem+json'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-store'],
    ['Date', 'Sun, 22 Nov 2026 09:00:25 GMT'],
    ['Retry-After', '2'],
    ['Proxy-Status', 'fnlb; error=connection_limit_reached'],
    ['x-request-id', '0193-aa'],
    ['Connection', 'close']
  ])
  t.same(JSON.parse(body), {
    type: 'tag:fnlb,2026:error:all_nodes_full',
    title: 'All nodes full',
    status: 503,
    detail: 'Try again.',
    instance: 'urn:request:0193-aa',
    code: 'all_nodes_full',
    pool: 'fn',
    attempts: 3,
    retry_after_seconds: 2
  })
})

void t.test('as little as possible', async t => {
  const { statusLine, fields, body } = parseResponse(problemResponse(SPARE))
  t.equal(statusLine, 'HTTP/1.1 400 Bad Request')
  t.same(fields, [
    ['Content-Type', 'application/problem+json'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-store']
  ])
  t.same(JSON.parse(body), {
    type: 'tag:fnlb,2026:error:bad_request', title: 'Malformed request', status: 400, detail: 'No.', code: 'bad_request'
  })
})

void t.test('text for a client that takes no JSON', async t => {
  const { fields, body } = parseResponse(problemResponse({ ...FULL, textPlain: true, detail: 'a\x1b[2Jé\nb' }))
  t.same(fields[0], ['Content-Type', 'text/plain; charset=utf-8'])
  t.equal(body, '503 All nodes full\na?[2J??b\n\ncode: all_nodes_full\nrequest: 0193-aa\nretry after: 2 s\n')
  t.equal(parseResponse(problemResponse({ ...SPARE, textPlain: true })).body,
    '400 Malformed request\nNo.\n\ncode: bad_request\n')
})

void t.test('HEAD: the same head, no body', async t => {
  const whole = problemResponse(FULL)
  const head = problemResponse({ ...FULL, headOnly: true })
  t.equal(head, whole.slice(0, whole.indexOf('\r\n\r\n') + 4))
})

void t.test('the connection is spoken of where it has to be', async t => {
  const connection = (close: boolean, http10?: boolean) =>
    parseResponse(problemResponse({ ...SPARE, close, ...(http10 === undefined ? {} : { http10 }) }))
      .fields.find(([name]) => name === 'Connection')?.[1]
  t.equal(connection(true), 'close')
  t.equal(connection(true, true), 'close')
  t.equal(connection(false), undefined)
  t.equal(connection(false, false), undefined)
  t.equal(connection(false, true), 'keep-alive')
})

void t.test('a status that is no error is our own fault', async t => {
  for (const status of [0, 200, 399, 600, NaN, 400.5, Infinity]) {
    t.match(problemResponse({ ...SPARE, status }), /^HTTP\/1\.1 500 Internal Server Error\r\n/, String(status))
  }
  t.match(problemResponse({ ...SPARE, status: 599 }), /^HTTP\/1\.1 599 \r\n/)
  t.match(problemResponse({ ...SPARE, status: 499 }), /^HTTP\/1\.1 499 \r\n/, 'a reason phrase may be empty')
})

void t.test('numbers that are no counts are left out', async t => {
  for (const number of [-1, NaN, -Infinity]) {
    const text = problemResponse({ ...SPARE, attempts: number, retryAfterSeconds: number })
    t.notMatch(text, /Retry-After|attempts|retry_after/, String(number))
  }
  t.match(problemResponse({ ...SPARE, retryAfterSeconds: Infinity }), /Retry-After: 2147483647\r\n/)
  t.match(problemResponse({ ...SPARE, retryAfterSeconds: 0, attempts: 0 }), /Retry-After: 0\r\n[^]*"attempts":0/)
})

void t.test('nothing can add a line', async t => {
  const evil = 'x\r\nEvil: 1\r\n\r\n"\\'
  for (const textPlain of [false, true]) {
    const text = problemResponse({
      ...FULL,
      title: evil,
      code: evil,
      detail: evil,
      requestId: evil,
      pool: evil,
      proxyError: evil,
      requestIdHeader: evil,
      date: ('x\r\nEvil: 1' + ' '.repeat(29)).slice(0, 29),
      textPlain
    })
    const { fields, body } = parseResponse(text)
    t.same(fields.map(([name]) => name),
      ['Content-Type', 'Content-Length', 'Cache-Control', 'Retry-After', 'Connection'])
    t.equal(body.includes('\r'), false)
    if (!textPlain) {
      t.match(JSON.parse(body), { type: 'about:blank', title: evil, code: evil, detail: evil, pool: evil })
    }
  }
})

void t.test('a request id field can not stand in for one of ours', async t => {
  for (const name of ['content-length', 'Transfer-Encoding', 'connection', '', 'x y', 'x:y']) {
    const { fields } = parseResponse(problemResponse({ ...FULL, requestIdHeader: name }))
    t.notOk(fields.some(([, value]) => value === '0193-aa'), name)
  }
})

void t.test('dates and codes of another shape are not used', async t => {
  t.notMatch(problemResponse({ ...FULL, date: 'today' }), /Date:/)
  t.match(problemResponse({ ...SPARE, code: '' }), /"type":"about:blank"/)
  t.match(problemResponse({ ...SPARE, code: 'x'.repeat(64) }), /"type":"tag:fnlb,2026:error:x{64}"/)
  t.match(problemResponse({ ...SPARE, code: 'x'.repeat(65) }), /"type":"about:blank"/)
})

void t.test('ASCII whatever comes in, and bounded', async t => {
  const text = problemResponse({ ...SPARE, title: 'é😀\ud800\x7f', detail: 'é'.repeat(1e5) })
  t.match(text, /^[\r\n -~]*$/)
  t.ok(text.length < 8000)
  const { title, detail } = JSON.parse(parseResponse(text).body)
  t.equal(title, 'é😀\ud800\x7f')
  t.equal(detail, 'é'.repeat(1000))
})

void t.test('reason phrases are plain', async t => {
  for (const [status, text] of Object.entries(STATUS_TEXT)) t.match(text, /^[A-Z][A-Za-z -]+$/, status)
})
