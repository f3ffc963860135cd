import t from 'tap'
import { FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_LENGTH, FRAMING_NONE } from '../../../lib/http/field-section.ts'
import { ResponseHead } from '../../../lib/http/response-head.ts'
import { LIMITS, bytesOf, fieldsOf, lines, parseResponse, resultsOfPrefixes } from '../../support/parse-text.ts'

const ok = (...fields: string[]): string => lines('HTTP/1.1 200 OK', ...fields)

void t.test('what a head says', async t => {
  const text = ok('Server: runner', 'Set-Cookie: a', 'set-cookie: b')
  const { result, head } = parseResponse(text)
  t.equal(result, text.length)
  t.equal(head.status, 200)
  t.equal(head.minor, 1)
  t.same(fieldsOf(head), ['Server', 'runner', 'Set-Cookie', 'a', 'set-cookie', 'b'])
  t.equal(head.lineEnd, 'HTTP/1.1 200 OK\r\n'.length)
  t.equal(parseResponse(lines('HTTP/1.0 200 OK')).head.minor, 0)
})

void t.test('a head in the middle of a buffer, and what follows it', async t => {
  const text = ok('Content-Length: 2')
  const bytes = bytesOf('xx' + text + 'hi\0')
  const head = new ResponseHead(LIMITS)
  t.equal(head.parse(bytes, 2, bytes.length, 'GET'), 2 + text.length)
  t.equal(head.lineStart, 2)
})

void t.test('status lines', async t => {
  for (const [line, status] of [
    ['HTTP/1.1 100 Continue', 100], ['HTTP/1.1 200', 200], ['HTTP/1.1 200 ', 200], ['HTTP/1.1 404 Not \t Found', 404], ['HTTP/1.0 500 caf\xe9', 500],
    ['HTTP/1.1 999 \xff', 999]
  ] as const) {
    const { result, head } = parseResponse(lines(line))
    t.ok(result > 0, line)
    t.equal(head.status, status)
  }
})

void t.test('framing by status and method', async t => {
  const chunked = 'Transfer-Encoding: chunked'
  for (const [line, fields, method, framing, length] of [
    ['200 OK', [], 'GET', FRAMING_CLOSE, -1],
    ['200 OK', ['Content-Length: 5'], 'GET', FRAMING_LENGTH, 5],
    ['200 OK', ['Content-Length: 0'], 'GET', FRAMING_NONE, 0],
    ['200 OK', [chunked], 'POST', FRAMING_CHUNKED, -1],
    ['200 OK', [], 'HEAD', FRAMING_NONE, -1],
    ['200 OK', ['Content-Length: 5'], 'HEAD', FRAMING_NONE, 5],
    ['200 OK', [chunked], 'HEAD', FRAMING_NONE, -1],
    ['100 Continue', ['Content-Length: 5'], 'GET', FRAMING_NONE, 5],
    ['199 ?', [], 'GET', FRAMING_NONE, -1],
    ['204 No Content', [], 'GET', FRAMING_NONE, -1],
    ['205 Reset Content', [], 'GET', FRAMING_CLOSE, -1],
    ['304 Not Modified', ['Content-Length: 5'], 'GET', FRAMING_NONE, 5],
    ['304 Not Modified', [chunked], 'GET', FRAMING_NONE, -1],
    ['404 Not Found', ['Content-Length: 5'], 'GET', FRAMING_LENGTH, 5]
  ] as const) {
    const { result, head } = parseResponse(lines(`HTTP/1.1 ${line}`, ...fields), method)
    t.ok(result > 0, line)
    t.equal(head.framing, framing, `${method} ${line} ${fields.join()}`)
    t.equal(head.contentLength, length)
  }
})

void t.test('a 204 that announces a body ends its connection', async t => {
  const closes = (...fields: string[]) => parseResponse(lines('HTTP/1.1 204 No Content', ...fields)).head.saysClose
  t.equal(closes(), false)
  t.equal(closes('Content-Length: 0'), false)
  t.equal(closes('Content-Length: 5'), true)
  t.equal(closes('Transfer-Encoding: chunked'), true)
  t.equal(parseResponse(lines('HTTP/1.1 304 Not Modified', 'Content-Length: 5')).head.saysClose, false, 'a 304 may announce it')
})

const FAULTS: Record<number, readonly string[]> = {
  3: ['\r\n' + ok(), 'XTTP/1.1 200 OK', '<html>', 'HTTP/1,1 200 OK', 'HTTP/11 200 OK', 'HTTP/1.1 200 O\0K', 'HTTP/1.1 200 OK\x7f', '\0'],
  4: ['HTTP/2.0 200 OK', 'HTTP/1.2 200 OK', 'HTTP/0.9 200 OK'],
  5: ['HTTP/1.1 200 OK\n', 'HTTP/1.1 200 OK\rX', 'HTTP/1.1 200\rX', ok('a: b\nc: d'), ok().replace('\r\n\r\n', '\r\n\n')],
  6: [ok('a'), ok('a : b'), ok(': b')],
  7: [ok(' a: b'), ok('a: b', '\tc')],
  8: [ok('a: \0')],
  9: [ok(...Array<string>(21).fill('a: b'))],
  10: ['HTTP/1.1 200 ' + 'a'.repeat(2048), ok('a: ' + 'b'.repeat(2048))],
  12: [ok('Content-Length: 1', 'Content-Length: 1')],
  13: [ok('Content-Length: x'), lines('HTTP/1.1 304 Not Modified', 'Content-Length: 1,1')],
  14: [ok('Content-Length: 1', 'Transfer-Encoding: chunked'), lines('HTTP/1.1 204 No', 'Content-Length: 0', 'Transfer-Encoding: chunked')],
  15: [ok('Transfer-Encoding: gzip, chunked')],
  16: [ok('Transfer-Encoding: gzip'), ok('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), lines('HTTP/1.1 100 C', 'Transfer-Encoding: x')],
  17: [lines('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked')],
  19: [ok('Host: a', 'Host: a')],
  21: ['HTTP/1.1  200 OK', 'HTTP/1.1\t200 OK', 'HTTP/1.1 20 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 099 OK', 'HTTP/1.1 000', 'HTTP/1.1 2x0 OK', 'HTTP/1.1 +20 OK',
    'HTTP/1.1 200\tOK', 'HTTP/1.1 200\n', 'HTTP/1.1 200OK', 'HTTP/1.1-200 OK', 'HTTP/1.1 2:0 OK', 'HTTP/1.1 20\r\n'],
  22: [ok('Connection: a b')]
}

void t.test('every fault of a response head', async t => {
  for (const [number, texts] of Object.entries(FAULTS)) {
    for (const text of texts) {
      const { result, head } = parseResponse(text)
      t.equal(result, -number, JSON.stringify(text.slice(0, 80)))
      t.equal(head.fault, Number(number))
    }
  }
})

void t.test('a prefix of a head is incomplete, or has the fault of the whole', async t => {
  const head = new ResponseHead(LIMITS)
  const prefixes = (text: string) => resultsOfPrefixes(text, (bytes, start, end) => head.parse(bytes, start, end, 'GET'))
  for (const text of [ok('Content-Length: 5', 'X: y'), lines('HTTP/1.0 200'), lines('HTTP/1.1 404 Not Found', 'Connection: close')]) {
    const results = prefixes(text)
    t.equal(results.pop(), text.length)
    t.ok(results.every((result) => result === 0))
  }
  for (const text of Object.values(FAULTS).flat()) {
    const results = prefixes(text)
    const first = results.findIndex((result) => result !== 0)
    t.ok(results.slice(first).every((result) => result === results.at(-1)), JSON.stringify(text.slice(0, 60)))
  }
})

void t.test('the size limit holds exactly', async t => {
  const sized = (size: number) => ok('a: ' + 'b'.repeat(size - ok('a: ').length))
  t.equal(parseResponse(sized(2048)).result, 2048)
  t.equal(parseResponse(sized(2049)).result, -10)
  t.equal(parseResponse(sized(2049).slice(0, 2047)).result, 0)
  t.equal(parseResponse(sized(2049).slice(0, 2048)).result, -10)
})

void t.test('nothing of a head is left in the next', async t => {
  const head = new ResponseHead(LIMITS)
  t.ok(parseResponse(lines('HTTP/1.0 503 Busy', 'Content-Length: 5', 'Connection: close, x'), 'GET', head).result > 0)
  t.ok(parseResponse(ok(), 'GET', head).result > 0)
  t.match(head, { status: 200, minor: 1, framing: FRAMING_CLOSE, contentLength: -1, saysClose: false, nominated: null, count: 0 })
})
