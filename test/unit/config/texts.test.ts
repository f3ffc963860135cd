/** The small grammars: key rules, routes, status ranges, names. */
import t from 'tap'
import type { Test } from 'tap'
import {
  parseApiChoice, parseKeyRule, parseNodeId, parsePathPrefix, parsePoolName, parseRequestIdName, parseRouteHost,
  parseStatusRange, parseWorkers
} from '../../../lib/config/texts.ts'
import type { Parsed } from '../../../lib/config/units.ts'

function accepts<T> (t: Test, parse: (input: unknown) => Parsed<T>, cases: readonly (readonly [unknown, T])[]): void {
  for (const [input, value] of cases) t.same(parse(input), { ok: true, value }, JSON.stringify(input))
}
function refuses (t: Test, parse: (input: unknown) => Parsed<unknown>, inputs: readonly unknown[]): void {
  for (const input of inputs) t.notOk(parse(input).ok, JSON.stringify(input))
}

void t.test('key rules', async t => {
  accepts(t, parseKeyRule, [
    ['fn', { kind: 'fn' }],
    ['header:Fn-Key', { kind: 'header', name: 'fn-key' }],
    ['query:fn', { kind: 'query', name: 'fn' }],
    ['path:/x/{key}', { kind: 'path', template: '/x/{key}' }],
    ['path:/{tenant}/f/{name}/…', { kind: 'path', template: '/{tenant}/f/{name}/…' }]
  ])
  refuses(t, parseKeyRule, ['', 'FN', 'header:', 'header:a b', 'query:a&b', 'path:x/{key}', 'path:/x',
    'path:/{key}/{key}', 'path:/x{key}', 'path:/x//{key}', 'path:/a?b/{key}', 7, null, ['fn']])
})

void t.test('route conditions', async t => {
  accepts(t, parseRouteHost, [['FN.Example.com', 'fn.example.com'], ['*.example.com', '*.example.com']])
  refuses(t, parseRouteHost, ['a:80', '*', '*.', 'a.*.b', '', 'a b', 5])
  accepts(t, parsePathPrefix, [['/', ''], ['/t/acme', '/t/acme'], ['/t/acme/', '/t/acme']])
  refuses(t, parsePathPrefix, ['t', '', '/a?b', '/a#b', '/a*', '/a b', '/a/../b', '//a', '/a//', 5])
})

void t.test('status ranges', async t => {
  accepts(t, parseStatusRange, [['200-299', { from: 200, to: 299 }], ['204', { from: 204, to: 204 }],
    [204, { from: 204, to: 204 }]])
  refuses(t, parseStatusRange, ['2xx', '299-200', '600', '20', 20.5, null, ['200'], '200 - 299'])
})

void t.test('names', async t => {
  accepts(t, parseRequestIdName, [['X-Request-Id', 'x-request-id'], ['', '']])
  refuses(t, parseRequestIdName, ['Host', 'content-length', 'x y', 'x:', null])
  accepts(t, parsePoolName, [['fn', 'fn'], ['a-1', 'a-1']])
  refuses(t, parsePoolName, ['Fn', '1a', 'a_b', '', 'a'.repeat(33)])
  accepts(t, parseNodeId, [['worker-3', 'worker-3'], ['[::1]:80', '[::1]:80'], ['a'.repeat(128), 'a'.repeat(128)]])
  refuses(t, parseNodeId, ['', 'a b', '-a', 'a'.repeat(129), 5])
})

void t.test('workers and api', async t => {
  accepts(t, parseWorkers, [['auto', 'auto'], [1, 1], [64, 64]])
  refuses(t, parseWorkers, [0, 65, 1.5, '2', 'Auto', null])
  accepts(t, parseApiChoice, [['runners', 'runners'], ['refuse', 'refuse'], [['a'], ['a']]])
  refuses(t, parseApiChoice, ['none', [], [''], [7], null, { nodes: [] }])
})
