import t from 'tap'
import * as names from '../../../lib/http/field-names.ts'
import { FieldNames, KIND_COUNT, K_REQUEST_ID, TOKEN_LOWER, equalsLower, kindOf } from '../../../lib/http/field-names.ts'
import type { KnownName } from '../../../lib/http/field-names.ts'
import { bytesOf } from '../../support/parse-text.ts'

const KNOWN: readonly KnownName[] = ['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'te', 'trailer', 'keep-alive',
  'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'http2-settings', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host',
  'forwarded', 'via', 'x-request-id', 'traceparent', 'b3', 'xxx-fxlb-wait', 'endpoint-load-metrics', 'endpoint-load-metrics-bin', 'retry-after',
  'sec-websocket-accept', 'sec-websocket-key', 'proxy-status', 'x-forwarded-port']

/** The hash that the field parser makes while it scans a name. */
function hashOf (name: string): number {
  let hash = 0
  for (const byte of bytesOf(name)) hash = (Math.imul(hash, 31) + TOKEN_LOWER[byte]!) | 0
  return hash
}

function kindIn (table: FieldNames, name: string): number {
  const bytes = bytesOf(`xx${name}: v`)
  return table.lookup(bytes, 2, 2 + name.length, hashOf(name))
}

void t.test('every known name is found, in any case', async t => {
  const table = new FieldNames()
  const found = new Set<number>()
  for (const name of KNOWN) {
    const kind = kindIn(table, name)
    t.equal(kind, kindOf(name), name)
    t.equal(kindIn(table, name.toUpperCase()), kind)
    t.equal(kindIn(table, name[0]!.toUpperCase() + name.slice(1)), kind)
    found.add(kind)
  }
  t.equal(found.size, KNOWN.length)
  t.equal(KIND_COUNT, KNOWN.length + 1, 'none is missing here; 0 is any other name')
  for (const [key, kind] of Object.entries(names)) {
    if (key.startsWith('K_')) t.ok(typeof kind === 'number' && kind > 0 && kind < KIND_COUNT, key)
  }
})

void t.test('every other name is kind 0', async t => {
  const table = new FieldNames()
  for (const name of ['a', 'hos', 'hosts', 'x-host', 'content_length', 'content-lengt', 'content-lengthh', 'accept', 'x-forwarded', '__proto__', '0', '~']) {
    t.equal(kindIn(table, name), 0, name)
  }
  for (const name of KNOWN) {
    t.equal(kindIn(table, name.slice(1)), 0, name.slice(1))
    t.equal(kindIn(table, name + 's'), 0, name + 's')
  }
})

void t.test('a name with the hash of a known one is another name', async t => {
  // 31 times one more is 31 * 2 less two places on: "st" and "u6" weigh the same.
  t.equal(hashOf('hou6'), hashOf('host'))
  const table = new FieldNames()
  t.equal(kindIn(table, 'hou6'), 0)
  t.equal(table.lookup(bytesOf('other'), 0, 5, hashOf('host')), 0, 'nor by its length')
})

void t.test('the request id may have another name', async t => {
  const table = new FieldNames('x-correlation-id')
  t.equal(kindIn(table, 'X-Correlation-ID'), K_REQUEST_ID)
  t.equal(kindIn(table, 'x-request-id'), 0, 'the usual name is then a name like any other')
  t.equal(kindIn(new FieldNames('x-request-id'), 'x-request-id'), K_REQUEST_ID)
  const taken = new FieldNames('traceparent')
  t.equal(kindIn(taken, 'traceparent'), kindOf('traceparent'), 'a known name stays what it is')
  const clashing = new FieldNames('hou6')
  t.equal(kindIn(clashing, 'hou6'), K_REQUEST_ID, 'a clash in the table is walked over')
  t.equal(kindIn(clashing, 'host'), kindOf('host'))
})

void t.test('lower case of token bytes, and of nothing else', async t => {
  for (let code = 0; code < 256; code++) {
    const char = String.fromCharCode(code)
    t.equal(TOKEN_LOWER[code], /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char) ? char.toLowerCase().charCodeAt(0) : 0)
  }
})

void t.test('comparison with a lower-case name', async t => {
  const bytes = bytesOf('x HoSt')
  t.equal(equalsLower(bytes, 2, 'host'), true)
  t.equal(equalsLower(bytes, 2, 'hosts'), false, 'the bytes end before')
  t.equal(equalsLower(bytes, 1, 'host'), false)
  t.equal(equalsLower(bytes, 2, ''), true)
})
