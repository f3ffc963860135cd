import t from 'tap'
import { KIND_COUNT, K_CONTENT_LENGTH, K_HOST, K_REQUEST_ID, kindOf } from '../../../lib/http/field-names.ts'
import type { KnownName } from '../../../lib/http/field-names.ts'
import { FieldSection } from '../../../lib/http/field-section.ts'
import { listsToken, readDecimal, transferEncodingFault } from '../../../lib/http/field-values.ts'
import { HEAD_FAULTS } from '../../../lib/http/head-faults.ts'
import { RequestHead } from '../../../lib/http/request-head.ts'
import { LIMITS, bytesOf, lines, parseRequest } from '../../support/parse-text.ts'

const REQUEST_LINE = 'GET / HTTP/1.1\r\n'

function headOf (...fields: string[]): RequestHead {
  const { result, head } = parseRequest(lines('GET / HTTP/1.1', 'Host: h', ...fields))
  if (result <= 0) throw new Error(`fault ${-result}`)
  return head
}

function dropping (...names: KnownName[]): Uint8Array {
  const table = new Uint8Array(KIND_COUNT)
  for (const name of names) table[kindOf(name)] = 1
  return table
}

void t.test('values by kind, by name and by place', async t => {
  const head = headOf('Via: 1.0 a', 'X-Key: \t k \t', 'via: 1.1 b')
  t.equal(head.valueOf(kindOf('via')), '1.0 a', 'the first')
  t.equal(head.valueOf(kindOf('b3')), '')
  t.equal(head.counts[kindOf('via')], 2)
  t.equal(head.find('x-key'), 'k')
  t.equal(head.find('x-ke'), undefined)
  t.equal(head.find('x-kez'), undefined)
  t.equal(head.nameAt(2), 'X-Key')
  t.equal(head.valueAt(3), '1.1 b')
  t.same([...head.kinds.subarray(0, head.count)], [K_HOST, kindOf('via'), 0, kindOf('via')])
})

void t.test('keep: what stays is the same bytes in the same order', async t => {
  const fields = ['Accept:*/*', 'TE: trailers', 'x-A:\t 1 ', 'Keep-Alive: 5', 'X-a: 2', 'Upgrade: h2c']
  const head = headOf(...fields)
  const all = REQUEST_LINE + 'Host: h\r\n' + fields.map((field) => field + '\r\n').join('')
  t.equal(head.keep(head.lineStart, dropping()), all, 'nothing is dropped')
  t.equal(head.keep(head.lineEnd, dropping()), all.slice(REQUEST_LINE.length), 'without the first line')
  t.equal(head.keep(head.lineStart, dropping('te', 'keep-alive', 'upgrade')),
    REQUEST_LINE + 'Host: h\r\nAccept:*/*\r\nx-A:\t 1 \r\nX-a: 2\r\n')
  t.equal(head.keep(head.lineEnd, dropping('host')), all.slice(REQUEST_LINE.length + 'Host: h\r\n'.length), 'from the first on')
  const everything = dropping('host', 'te', 'keep-alive', 'upgrade')
  everything[0] = 1
  t.equal(head.keep(head.lineEnd, everything), '')
  t.equal(head.keep(head.lineStart, everything), REQUEST_LINE)
})

void t.test('keep: what Connection names goes too, but never Host and framing', async t => {
  const head = headOf('Connection: X-Drop, close,Host , content-length', 'x-drop: 1', 'X-DROP: 2', 'X-Dropped: 3', 'Content-Length: 0', 'Close: 1')
  t.same(head.nominated, ['x-drop', 'host', 'content-length'])
  t.equal(head.keep(head.lineEnd, dropping('connection')), 'Host: h\r\nX-Dropped: 3\r\nContent-Length: 0\r\nClose: 1\r\n')
  const chunked = headOf('Connection: transfer-encoding', 'Transfer-Encoding: chunked')
  t.equal(chunked.keep(chunked.lineEnd, dropping('connection')), 'Host: h\r\nTransfer-Encoding: chunked\r\n')
})

void t.test('Connection', async t => {
  for (const [value, close, keepAlive, upgrade, nominated] of [
    ['close', true, false, false, null],
    ['Close', true, false, false, null],
    ['keep-alive', false, true, false, null],
    ['KEEP-ALIVE , Upgrade', false, true, true, null],
    ['', false, false, false, null],
    [',, ,\t,', false, false, false, null],
    [',close,,', true, false, false, null],
    ['foo', false, false, false, ['foo']],
    // As long as the options that we know.
    ['clove, keep-olive, upgrode', false, false, false, ['clove', 'keep-olive', 'upgrode']],
    ['a,B\t,c , close', true, false, false, ['a', 'b', 'c']],
    [Array.from({ length: 16 }, (_, i) => `x${i}`).join(), false, false, false, Array.from({ length: 16 }, (_, i) => `x${i}`)]
  ] as const) {
    const head = headOf(`Connection: ${value}`)
    t.same([head.saysClose, head.saysKeepAlive, head.saysUpgrade, head.nominated], [close, keepAlive, upgrade, nominated], value)
  }
  const twice = headOf('Connection: a', 'connection: b, close')
  t.same([twice.nominated, twice.saysClose], [['a', 'b'], true], 'lines add up')
})

void t.test('Expect', async t => {
  const of = (...values: string[]) => {
    const head = headOf(...values.map((value) => `Expect: ${value}`))
    return [head.expectsContinue, head.expectsOther]
  }
  t.same(of('100-continue'), [true, false])
  t.same(of('100-CONTINUE'), [true, false])
  t.same(of('101-continue'), [false, true])
  t.same(of(''), [false, true])
  t.same(of('100-continue, x'), [false, true])
  t.same(of('100-continue', 'x'), [true, true])
})

void t.test('Upgrade', async t => {
  const of = (...values: string[]) => headOf(...values.map((value) => `Upgrade: ${value}`)).upgradesToWebsocket
  t.equal(of('websocket'), true)
  t.equal(of('WebSocket'), true)
  t.equal(of('h2c'), false)
  t.equal(of('websocket, h2c'), false)
  t.equal(of('h2c', 'websocket'), false)
  t.equal(of('websocket', 'websocket'), false)
  t.equal(of('websocket', 'h2c'), false, 'the last word does not count for more')
})

void t.test('TE', async t => {
  const of = (...values: string[]) => headOf(...values.map((value) => `TE: ${value}`)).acceptsTrailers
  t.equal(of('trailers'), true)
  t.equal(of('gzip;q=0.5,\tTrailers '), true)
  t.equal(of('gzip', 'trailers'), true)
  t.equal(of('trailers', 'gzip'), true)
  t.equal(of(''), false)
  t.equal(of('trailer'), false)
  t.equal(of('trailers\xa0'), false, 'only space and tab are white space')
})

void t.test('another name for the request id', async t => {
  const head = new RequestHead(LIMITS, 'x-call')
  t.ok(parseRequest(lines('GET / HTTP/1.1', 'Host: h', 'X-Call: 7', 'X-Request-Id: 8'), head).result > 0)
  t.equal(head.valueOf(K_REQUEST_ID), '7')
  t.equal(head.counts[K_REQUEST_ID], 1)
})

void t.test('trailer sections', async t => {
  const section = new FieldSection({ maxHeadBytes: 40, maxFields: 3, maxTargetBytes: 1 })
  const parse = (text: string, start = 0) => section.parseTrailers(bytesOf(text), start, text.length)
  const text = 'X-Sum: 1\r\nContent-Length: 5\r\n\r\n'
  t.equal(parse(text), text.length)
  t.equal(section.keep(0, dropping('content-length')), 'X-Sum: 1\r\n')
  t.equal(section.counts[K_CONTENT_LENGTH], 1)
  t.equal(parse('xx\r\n' + text + 'GET', 4), 4 + text.length)
  t.equal(section.keep(4, dropping()), text.slice(0, -2))
  t.equal(parse('\r\n'), 2)
  t.equal(section.count, 0)
  for (let end = 0; end < text.length; end++) t.equal(parse(text.slice(0, end)), 0)
  t.equal(parse('X: ' + 'a'.repeat(33) + '\r\n\r\n'), 40)
  t.equal(parse('X: ' + 'a'.repeat(34) + '\r\n\r\n'), -10)
  t.equal(parse('a: 1\r\na: 2\r\na: 3\r\na: 4\r\n\r\n'), -9)
  t.equal(parse('\n'), -5)
  t.equal(parse(' a: b\r\n\r\n'), -7)
  t.equal(parse('a\r\n\r\n'), -6)
  t.equal(parse('a: \0\r\n\r\n'), -8)
})

void t.test('plain decimal numbers', async t => {
  const read = (text: string) => readDecimal(bytesOf(text), 0, text.length)
  t.equal(read('0'), 0)
  t.equal(read('42'), 42)
  t.equal(read('007'), 7)
  t.equal(read('999999999999999'), 999999999999999)
  for (const text of ['', '1000000000000000', '+1', '-1', ' 1', '1 ', '1/', '1:', '\xb9', '1_0', 'a']) t.equal(read(text), -1, text)
})

void t.test('transfer codings', async t => {
  t.equal(transferEncodingFault('chunked'), 0)
  t.equal(transferEncodingFault('Gzip;level="9" , Chunked'), 15)
  t.equal(transferEncodingFault('gzip'), 16)
})

void t.test('lists', async t => {
  t.equal(listsToken('a, B\t,c', 'b'), true)
  t.equal(listsToken('\t b', 'b'), true)
  t.equal(listsToken('ab', 'b'), false)
  t.equal(listsToken('', 'b'), false)
  t.equal(listsToken(' \t ', 'b'), false)
})

void t.test('the faults are numbered without gaps, and each says something', async t => {
  const numbers = Object.keys(HEAD_FAULTS).map(Number)
  t.same(numbers, numbers.map((_number, index) => index + 1))
  t.equal(new Set(Object.values(HEAD_FAULTS).map(({ detail }) => detail)).size, numbers.length)
})
