import t from 'tap'
import { K_HOST } from '../../../lib/http/field-names.ts'
import { FRAMING_CHUNKED, FRAMING_LENGTH, FRAMING_NONE } from '../../../lib/http/field-section.ts'
import { HEAD_FAULTS } from '../../../lib/http/head-faults.ts'
import { RequestHead } from '../../../lib/http/request-head.ts'
import { LIMITS, bytesOf, fieldsOf, lines, parseRequest, resultsOfPrefixes } from '../../support/parse-text.ts'

const get = (...fields: string[]): string => lines('GET /t/app/fn?a=b HTTP/1.1', 'Host: fn.example', ...fields)
const post = (...fields: string[]): string => lines('POST /invoke/01 HTTP/1.1', 'Host: h', ...fields)

void t.test('what a head says', async t => {
  const text = get('X-A:  b c\t', 'x-a:', 'Accept: */*')
  const { result, head } = parseRequest(text)
  t.equal(result, text.length)
  t.equal(head.method, 'GET')
  t.equal(head.target, '/t/app/fn?a=b')
  t.equal(head.minor, 1)
  t.equal(head.host, 'fn.example')
  t.same(fieldsOf(head), ['Host', 'fn.example', 'X-A', 'b c', 'x-a', '', 'Accept', '*/*'])
  t.equal(head.lineStart, 0)
  t.equal(head.lineEnd, 'GET /t/app/fn?a=b HTTP/1.1\r\n'.length)
  t.equal(text.slice(head.targetStart, head.targetEnd), head.target)
  t.equal(head.framing, FRAMING_NONE)
  t.equal(head.contentLength, -1)
  t.equal(head.fault, 0)
})

void t.test('a head in the middle of a buffer', async t => {
  const text = get('X: y')
  const bytes = bytesOf('garbage \r\n' + text + 'GET /next HTTP/1.1\r\n\r\n')
  const head = new RequestHead(LIMITS)
  t.equal(head.parse(bytes, 10, bytes.length), 10 + text.length, 'what lies behind it is not looked at')
  t.equal(head.target, '/t/app/fn?a=b')
  t.equal(head.valueAt(1), 'y')
  t.equal(head.lineStart, 10)
})

void t.test('methods: known ones are constants, all tokens pass as they are', async t => {
  for (const method of ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE', 'get', 'GEX', 'PUTS',
    'M-SEARCH', "!#$%&'*+-.^_`|~09", 'A'.repeat(32)]) {
    const { result, head } = parseRequest(lines(`${method} / HTTP/1.1`, 'Host: h'))
    t.ok(result > 0, method)
    t.equal(head.method, method)
  }
})

void t.test('versions', async t => {
  t.equal(parseRequest(lines('GET / HTTP/1.0')).head.minor, 0)
  t.ok(parseRequest(lines('GET / HTTP/1.0')).result > 0, 'HTTP/1.0 needs no Host')
  t.equal(parseRequest(lines('GET / HTTP/1.1', 'Host: h')).head.minor, 1)
})

void t.test('up to two empty lines in front', async t => {
  for (const front of ['', '\r\n', '\r\n\r\n']) {
    const { result, head } = parseRequest(front + get())
    t.equal(result, front.length + get().length)
    t.equal(head.lineStart, front.length)
    t.equal(head.keep(head.lineStart, new Uint8Array(256)), get().slice(0, -2), 'they are not passed on')
  }
})

void t.test('every byte in a target, a name and a value', async t => {
  for (let code = 0; code < 256; code++) {
    const char = String.fromCharCode(code)
    const inTarget = code > 0x20 && code < 0x7f && char !== '#'
    t.equal(parseRequest(lines(`GET /a${char}b HTTP/1.1`, 'Host: h')).result > 0, inTarget, `target 0x${code.toString(16)}`)
    const inName = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char)
    // A colon ends the name.
    t.equal(parseRequest(get(`a${char}b: c`)).result > 0, inName || char === ':', `name 0x${code.toString(16)}`)
    const inValue = (code >= 0x20 && code !== 0x7f) || code === 9
    t.equal(parseRequest(get(`a: b${char}c`)).result > 0, inValue, `value 0x${code.toString(16)}`)
    t.equal(parseRequest(lines(`G${char}T / HTTP/1.1`, 'Host: h')).result > 0, inName, `method 0x${code.toString(16)}`)
  }
})

void t.test('framing', async t => {
  for (const [fields, framing, length] of [
    [[], FRAMING_NONE, -1],
    [['Content-Length: 0'], FRAMING_NONE, 0],
    [['Content-Length: 7'], FRAMING_LENGTH, 7],
    [['content-LENGTH:\t 0010 '], FRAMING_LENGTH, 10],
    [['Content-Length: 999999999999999'], FRAMING_LENGTH, 999999999999999],
    [['Transfer-Encoding: chunked'], FRAMING_CHUNKED, -1],
    [['TRANSFER-encoding:Chunked'], FRAMING_CHUNKED, -1]
  ] as const) {
    const { result, head } = parseRequest(post(...fields))
    t.ok(result > 0, fields.join())
    t.equal(head.framing, framing)
    t.equal(head.contentLength, length)
  }
})

const FAULTS: Record<number, readonly string[]> = {
  1: [' GET / HTTP/1.1', '\nGET / HTTP/1.1', 'G@T / HTTP/1.1', 'GET\t/ HTTP/1.1', 'A'.repeat(33), 'A'.repeat(33) + ' /', '\0', 'GET\r\n'],
  2: ['GET  /', 'GET /a#b', 'GET /a\tb', 'GET /\x7f', 'GET /\xe9', 'GET /\r\n', 'GET \r\n', 'GET /a\0'],
  3: ['GET /  HTTP/1.1', 'GET / XTTP/1.1', 'GET / http/1.1', 'GET / HTTP/x.1', 'GET / HTTP/1.x', 'GET / HTTP/1,1', 'GET / HTTP/1:1',
    'GET / HTTP/1./', 'GET / HTTP//.1', 'GET / HTTP/1.1 \r\n', 'GET / HTTP/1.11\r\n', '\r\n\r\n\r'],
  4: ['GET / HTTP/0.9', 'GET / HTTP/1.2', 'GET / HTTP/2.0', 'GET / HTTP/9.9'],
  5: ['GET / HTTP/1.1\n', 'GET / HTTP/1.1\rX', '\rG', get().replace('\r\n\r\n', '\r\n\n'), get().replace('\r\n\r\n', '\r\n\rX'), get('X: y\nZ: a'),
    get('X: y\rZ: a'), get('X: \n'), 'GET / HTTP/1.1\r\nHost: h\r\nX: y\n'],
  6: [get('a b: c'), get(': c'), get('a'), get('a : c'), get('\xe9: c'), get('a\0: c'), get('"a": c'), 'GET / HTTP/1.1\r\nHost h'],
  7: [lines('GET / HTTP/1.1', ' Host: h'), get('a: b', ' c'), get('a: b', '\tc')],
  8: [get('a: \0'), get('a: b\x7f'), get('a: \x1b'), get('a: b\x01c'), 'GET / HTTP/1.1\r\nHost: h\r\na: b\x01'],
  9: [get(...Array<string>(20).fill('a: b'))],
  10: ['GET / HTTP/1.1\r\nX: ' + 'a'.repeat(2048), get('a: ' + 'b'.repeat(2048)), get('a: ' + 'b'.repeat(2048), ' bad')],
  11: ['GET /' + 'a'.repeat(256), lines('GET /' + 'a'.repeat(256) + ' HTTP/1.1', 'Host: h'), 'GET /' + 'a'.repeat(256) + '\0'],
  12: [post('Content-Length: 1', 'Content-Length: 1'), post('Content-Length: 1', 'content-length: 2'), post('Content-Length: 0', 'Content-Length: x')],
  13: ['', 'x', '1,1', '1, 1', '+1', '-1', '0x1', '1 1', '1e3', '1.0', '"1"', '\xb2', '1000000000000000', '0000000000000001']
    .map((value) => post(`Content-Length: ${value}`)),
  14: [post('Content-Length: 1', 'Transfer-Encoding: chunked'), post('Transfer-Encoding: chunked', 'Content-Length: 0'),
    post('Content-Length: 1', 'Transfer-Encoding: gzip')],
  15: ['gzip, chunked', 'gzip,deflate , \tchunked', 'x;a=b, chunked', 'x ; a="b", chunked'].map((value) => post(`Transfer-Encoding: ${value}`)),
  16: ['', 'gzip', 'identity', 'chunked, gzip', 'chunked, chunked', 'chunked, gzip, chunked', 'chunked,', ',chunked', ',', 'xchunked', 'chunked;q=1',
    'chunked\xa0', '\xa0chunked', '"chunked"', 'g zip, chunked', '@, chunked', ', chunked']
    .map((value) => post(`Transfer-Encoding: ${value}`))
    .concat(post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), post('Transfer-Encoding: gzip', 'Transfer-Encoding: chunked')),
  17: [lines('POST / HTTP/1.0', 'Transfer-Encoding: chunked'), lines('POST / HTTP/1.0', 'Transfer-Encoding: chunked', 'Content-Length: 1')],
  18: [lines('GET / HTTP/1.1'), lines('GET http://h/ HTTP/1.1', 'X: y')],
  19: [get('Host: fn.example'), get('HOST: other'), lines('GET / HTTP/1.0', 'Host: a', 'Host: a')],
  20: ['', ' ', 'a b', 'a, b', 'u@h', 'h/', 'h:x', 'h:65536', '[::1', '\xe9'].map((host) => lines('GET / HTTP/1.1', `Host: ${host}`)),
  22: ['close now', 'close;a', '"close"', 'a=b', 'a\tb', Array.from({ length: 17 }, (_, i) => `x${i}`).join()].map((value) => get(`Connection: ${value}`))
}

void t.test('every fault of a request head', async t => {
  for (const [number, texts] of Object.entries(FAULTS)) {
    for (const text of texts) {
      const { result, head } = parseRequest(text)
      t.equal(result, -number, JSON.stringify(text.slice(0, 100)))
      t.equal(head.fault, Number(number))
    }
  }
  const numbers = Object.keys(HEAD_FAULTS).filter((number) => number !== '21')
  t.same(Object.keys(FAULTS), numbers, 'no number is left out; 21 is of responses')
})

void t.test('a prefix of a head is incomplete, or has the fault of the whole', async t => {
  const heads = [get('X: y', 'Connection: close'), '\r\n' + post('Content-Length: 5'), lines('OPTIONS * HTTP/1.0')]
  for (const text of heads) {
    const head = new RequestHead(LIMITS)
    const results = resultsOfPrefixes(text, (bytes, start, end) => head.parse(bytes, start, end))
    t.equal(results.pop(), text.length)
    t.ok(results.every((result) => result === 0), 'no part of a valid head is a head or a fault')
  }
  for (const text of Object.values(FAULTS).flat()) {
    const head = new RequestHead(LIMITS)
    const results = resultsOfPrefixes(text, (bytes, start, end) => head.parse(bytes, start, end))
    const whole = results.at(-1)!
    const first = results.findIndex((result) => result !== 0)
    t.ok(results.slice(first).every((result) => result === whole), JSON.stringify(text.slice(0, 60)))
    const more = bytesOf(text + '\r\nX: y\r\n\r\n')
    t.equal(head.parse(more, 0, more.length), whole, 'and nothing behind it mends it')
  }
})

void t.test('limits hold exactly', async t => {
  const target = (size: number) => parseRequest(lines('GET /' + 'a'.repeat(size - 1) + ' HTTP/1.1', 'Host: h')).result
  t.ok(target(256) > 0)
  t.equal(target(257), -11)
  const fields = (count: number) => parseRequest(get(...Array<string>(count - 1).fill('a: b'))).result
  t.ok(fields(20) > 0)
  t.equal(fields(21), -9)
  const sized = (size: number) => get('a: ' + 'b'.repeat(size - get('a: ').length))
  t.equal(sized(2048).length, 2048)
  t.equal(parseRequest(sized(2048)).result, 2048)
  t.equal(parseRequest(sized(2049)).result, -10)
  t.equal(parseRequest(sized(2049).slice(0, 2047)).result, 0, 'one byte short of the limit may still become a head')
  t.equal(parseRequest(sized(2049).slice(0, 2048)).result, -10, 'at the limit it can not')
  t.equal(parseRequest('\r\n' + sized(2047)).result, -10, 'empty lines in front count')
})

void t.test('incomplete in front of and in the first line', async t => {
  for (const text of ['', '\r', '\r\n', '\r\n\r', 'GET', 'GET ', 'GET /', 'GET / ', 'GET / HT', 'GET / HTTP/1.', 'GET / HTTP/1.1', 'GET / HTTP/1.1\r']) {
    t.equal(parseRequest(text).result, 0, JSON.stringify(text))
  }
  const tiny = new RequestHead({ maxHeadBytes: 1, maxFields: 1, maxTargetBytes: 1 })
  t.equal(parseRequest('\r', tiny).result, -10, 'a limit can end the head inside an empty line in front')
  t.equal(parseRequest('G', tiny).result, -10)
})

void t.test('nothing of a head is left in the next', async t => {
  const head = new RequestHead(LIMITS)
  t.ok(parseRequest(lines('PUT /a HTTP/1.0', 'Host: a', 'Connection: close, keep-alive, upgrade, x', 'Expect: 100-continue', 'Upgrade: websocket',
    'TE: trailers', 'Content-Length: 4'), head).result > 0)
  t.ok(parseRequest(get('Expect: other'), head).result > 0)
  t.equal(parseRequest(get('bad line'), head).result, -6)
  t.ok(parseRequest(get(), head).result > 0)
  t.match(head, {
    method: 'GET',
    minor: 1,
    count: 1,
    framing: FRAMING_NONE,
    contentLength: -1,
    saysClose: false,
    saysKeepAlive: false,
    saysUpgrade: false,
    nominated: null,
    expectsContinue: false,
    expectsOther: false,
    upgradesToWebsocket: false,
    acceptsTrailers: false,
    fault: 0,
    host: 'fn.example'
  })
  t.equal(head.counts.reduce((sum, count) => sum + count), 1)
  t.equal(head.counts[K_HOST], 1)
})

void t.test('the host of the last head does not vouch for the next', async t => {
  const head = new RequestHead(LIMITS)
  const host = (value: string) => parseRequest(lines('GET / HTTP/1.1', `Host: ${value}`), head).result
  t.ok(host('aaaa') > 0)
  t.ok(host('aaaa') > 0, 'the same again')
  t.equal(host('aa a'), -20, 'same length')
  t.ok(host('aaab') > 0)
  t.equal(head.host, 'aaab')
  t.equal(host(''), -20)
  t.ok(parseRequest(lines('GET / HTTP/1.1', 'A: 1', 'Host: last'), head).result > 0)
  t.equal(head.host, 'last', 'found behind other fields')
})
