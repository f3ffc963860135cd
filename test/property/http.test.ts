import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { forwardedElement } from '../../lib/http/forwarded.ts'
import { hostName, isValidHost } from '../../lib/http/host.ts'
import { isIpv4Address, isIpv6Address } from '../../lib/http/ip-address.ts'
import { keepAliveTimeoutSeconds } from '../../lib/http/keep-alive.ts'
import { problemResponse } from '../../lib/http/problem.ts'
import { proxyStatus } from '../../lib/http/proxy-status.ts'
import { isValidRequestId, RequestIds } from '../../lib/http/request-id.ts'
import { parseRequestTarget } from '../../lib/http/request-target.ts'
import { sfString } from '../../lib/http/structured-fields.ts'
import { isValidTraceparent, traceIdOf } from '../../lib/http/trace-context.ts'
import { appendVia, hasLoop } from '../../lib/http/via.ts'
import { AddressTable } from '../../lib/tables/address-table.ts'
import { parseResponse } from '../support/http-response.ts'

/** The same cases on each run; a failure prints a smaller seed to replay. */
const RUNS = { seed: 9110, numRuns: 500 }
const MANY = { seed: 9112, numRuns: 3000 }

/** Text that is likely to hit the grammar's corners: its own delimiters, controls, and anything at all. */
function hostile (...alphabet: string[]): fc.Arbitrary<string> {
  const unit = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...alphabet) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }) },
    { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\0', '"', '\\', ' ', '\x7f', 'é', '\ud800') }
  )
  return fc.oneof(fc.array(unit, { maxLength: 24 }).map(parts => parts.join('')), fc.string({ unit: 'binary' }))
}

const anyText = hostile('a', ':', ';', ',', '=', '%', '1', '[', ']', '\r\n')
const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/)

void t.test('a request target is null or something that can be sent', async t => {
  const method = fc.constantFrom('GET', 'POST', 'OPTIONS', 'CONNECT', '')
  const target = hostile('/', '?', '#', '*', 'http://', 'https://', 'HTTP://', 'h', ':', '80', '@', '[::1]', '%2F')
  fc.assert(fc.property(method, target, (method, target) => {
    const parsed = parseRequestTarget(method, target)
    if (parsed === null) return true
    if (!/^[!-"$-~]+$/.test(parsed.originForm)) return false
    if (parsed.authority !== '' && (!isValidHost(parsed.authority) || parsed.authority.includes('@'))) return false
    switch (parsed.form) {
      case 'origin': return parsed.originForm === target && isPathAndQuery(parsed)
      case 'absolute': return target.endsWith(parsed.originForm.slice(1)) || parsed.originForm === '*'
      case 'asterisk': return method === 'OPTIONS' && target === '*'
      case 'authority': return method === 'CONNECT' && parsed.authority === target
    }
  }), MANY)
  t.pass()
})

function isPathAndQuery (parsed: { path: string, query: string, originForm: string }): boolean {
  const { path, query, originForm } = parsed
  return path.startsWith('/') && !path.includes('?') && [path, `${path}?${query}`].includes(originForm)
}

void t.test('an absolute target leads to the same place as its origin form', async t => {
  const path = fc.stringMatching(/^\/[a-z/%0-9]{0,10}(\?[a-z=&?/]{0,10})?$/)
  fc.assert(fc.property(fc.constantFrom('http', 'https'), fc.domain(), path, (scheme, host, path) => {
    const origin = parseRequestTarget('GET', path)!
    t.same(parseRequestTarget('GET', `${scheme}://${host}${path}`), { ...origin, form: 'absolute', authority: host })
  }), { ...RUNS, numRuns: 100 })
})

void t.test('hosts: addresses and domains pass, the name has no port', async t => {
  const port = fc.oneof(fc.constant(''), fc.integer({ min: 0, max: 65535 }).map(port => `:${port}`))
  const name = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6().map(address => `[${address}]`))
  fc.assert(fc.property(name, port, (name, port) => {
    return isValidHost(name + port) && hostName(name + port) === name.toLowerCase()
  }), RUNS)
  fc.assert(fc.property(anyText, host => {
    return !isValidHost(host) || (/^[!-~]+$/.test(host) && !/[@/?#\\"<>]/.test(host))
  }), MANY)
  t.pass()
})

void t.test('addresses: we and Node agree', async t => {
  const almost6 = hostile(':', '::', '1', 'ffff', '1.2.3.4', '0', 'g', '12345').filter(text => !text.includes('%'))
  const almost4 = hostile('.', '1', '25', '256', '0', '.1.2')
  fc.assert(fc.property(fc.oneof(fc.ipV6(), almost6), text => isIpv6Address(text) === isIPv6(text)), MANY)
  fc.assert(fc.property(fc.oneof(fc.ipV4(), almost4), text => isIpv4Address(text) === isIPv4(text)), MANY)
  t.pass()
})

void t.test('a forwarded element has its three parts and no more', async t => {
  const node = /(?:[0-9.]+|"\[[0-9A-Fa-f:.]+\]"|unknown)/.source
  const value = /(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[ !#-[\]-~]|\\["\\])*")/.source
  const element = new RegExp(`^for=${node}(?:;host=${value})?;proto=https?$`)
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), anyText)
  fc.assert(fc.property(address, anyText, fc.constantFrom('http' as const, 'https' as const), (address, host, proto) =>
    element.test(forwardedElement(address, proto, host))), MANY)
  t.pass()
})

void t.test('an error answer always parses, and says what it was told', async t => {
  const input = fc.record({
    status: fc.oneof(fc.integer({ min: 400, max: 599 }), fc.double()),
    title: anyText,
    code: fc.oneof(token, anyText),
    detail: anyText,
    requestId: fc.oneof(token, anyText),
    close: fc.boolean(),
    headOnly: fc.boolean(),
    requestIdHeader: fc.oneof(token, fc.constantFrom('', 'content-length', 'Connection'), anyText),
    pool: anyText,
    attempts: fc.double(),
    retryAfterSeconds: fc.double(),
    proxyError: fc.oneof(token, anyText),
    textPlain: fc.boolean(),
    http10: fc.boolean(),
    date: fc.oneof(anyText, fc.string({ unit: 'binary', minLength: 29, maxLength: 29 }))
  }, { requiredKeys: ['status', 'title', 'code', 'detail', 'requestId', 'close', 'headOnly', 'requestIdHeader'] })
  fc.assert(fc.property(input, input => {
    const text = problemResponse(input)
    if (!/^[\r\n -~]*$/.test(text) || text.replaceAll('\r\n', '').includes('\r')) return false
    const { fields, body } = parseResponse(text, input.headOnly)
    if (fields.length > 8) return false
    if (input.headOnly || input.textPlain === true) return true
    const problem = JSON.parse(body)
    return problem.title === input.title && problem.detail === input.detail && problem.code === input.code &&
      problem.pool === input.pool && ('instance' in problem) === isValidRequestId(input.requestId)
  }), MANY)
  t.pass()
})

void t.test('a structured string reads back', async t => {
  fc.assert(fc.property(anyText, text => {
    const written = sfString(text)
    if (!/^"(?:[ !#-[\]-~]|\\["\\])*"$/.test(written)) return false
    return written.slice(1, -1).replace(/\\(.)/g, '$1') === text.replace(/[^ -~]/g, '?')
  }), RUNS)
  fc.assert(fc.property(anyText, anyText, fc.double(), anyText, (error, nextHop, receivedStatus, details) =>
    /^fnlb(?:; [a-z-]+=(?:"(?:[ !#-[\]-~]|\\["\\])*"|[A-Za-z*][!-~]*|[0-9]{3}))+$/
      .test(proxyStatus({ error, nextHop, receivedStatus, details }))), RUNS)
  t.pass()
})

void t.test('ids of several generators are unique, and ascend in each', async t => {
  const seed = fc.uint8Array({ minLength: 10, maxLength: 12 })
  const steps = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 300 })
  const seeds = fc.uniqueArray(seed, { minLength: 2, maxLength: 4, selector: bytes => bytes.join() })
  fc.assert(fc.property(seeds, steps, (seeds, steps) => {
    const seen = new Set<string>()
    for (const random of seeds) {
      const ids = new RequestIds(random)
      let now = 1_790_000_000_000
      let last = ''
      for (const step of steps) {
        const id = ids.next(now += step)
        if (id <= last || id.length !== 36 || !isValidRequestId(id) || seen.has(id)) return false
        seen.add(id)
        last = id
      }
    }
    return true
  }), { ...RUNS, numRuns: 100 })
  t.pass()
})

void t.test('trace ids are hex, and found in what is well formed', async t => {
  const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length - 1}}[1-9a-f]$`))
  fc.assert(fc.property(hex(32), hex(16), hex(2), (trace, span, flags) => {
    const parent = `00-${trace}-${span}-${flags}`
    return isValidTraceparent(parent) && traceIdOf(parent) === trace && traceIdOf(`${trace}-${span}-1`) === trace
  }), RUNS)
  const almost = hostile('0', 'a', '-', '00-', '4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7', '-01', 'A')
  fc.assert(fc.property(almost, text => /^(?:[0-9a-f]{16}|[0-9a-f]{32}|)$/.test(traceIdOf(text))), MANY)
  t.pass()
})

void t.test('fields of others are read or not, never an exception', async t => {
  fc.assert(fc.property(hostile('timeout=', '5', ',', ' ', 'max=', '=', 'T'), text => {
    const seconds = keepAliveTimeoutSeconds(text)
    return Number.isInteger(seconds) && seconds >= -1 && seconds <= 86_400
  }), MANY)
  fc.assert(fc.property(hostile('1.1 ', 'fnlb', ',', '(', ')', '\\', 'x'), token, (via, self) =>
    typeof hasLoop(via, self) === 'boolean'), MANY)
  fc.assert(fc.property(fc.array(token), token, (others, self) => {
    const via = [...others, self].reduce((value, name) => appendVia(value, '1.1', name), '')
    return hasLoop(via, self) && hasLoop(via, 'not-' + self) === others.includes('not-' + self)
  }), RUNS)
  t.pass()
})

void t.test('connections of an address are never counted too low', async t => {
  const opens = fc.array(fc.record({ thread: fc.integer({ min: 0, max: 2 }), address: fc.oneof(fc.ipV4(), fc.ipV6()) }),
    { maxLength: 60 })
  fc.assert(fc.property(opens, fc.integer(), fc.integer({ min: 0, max: 60 }), (opens, seed, closed) => {
    const table = new AddressTable(new SharedArrayBuffer(AddressTable.bytes(3)), 3, seed)
    const truth = new Map<string, number>()
    for (const { thread, address } of opens) table.add(thread, address, 1)
    for (const { thread, address } of opens.slice(0, closed)) table.add(thread, address, -1)
    for (const { address } of opens.slice(closed)) truth.set(address, (truth.get(address) ?? 0) + 1)
    for (const [address, count] of truth) if (table.count(address) < count) return false
    for (const { thread, address } of opens.slice(closed)) table.add(thread, address, -1)
    return opens.every(({ address }) => table.count(address) === 0)
  }), { ...RUNS, numRuns: 100 })
  t.pass()
})
