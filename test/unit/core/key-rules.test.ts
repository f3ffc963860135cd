import t from 'tap'
import { compileKeyRules, isApiPath, MAX_KEY_CHARS } from '../../../lib/core/key-rules.ts'
import type { KeyRule } from '../../../lib/tables/snapshot.ts'

const none = (): undefined => undefined

function keyOf (rules: readonly KeyRule[], target: string, headers: Record<string, string> = {}): string {
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  return compileKeyRules(rules).extract(path, query, name => headers[name])
}

void t.test('Fn paths', async t => {
  const { extract } = compileKeyRules([{ kind: 'fn' }])
  const cases: Record<string, string> = {
    '/invoke/01D3Z7K4N2NG8G00GZJ0000001': 'fn/01D3Z7K4N2NG8G00GZJ0000001',
    '/invoke/abc/': 'fn/abc',
    '/invoke/a%62c': 'fn/abc',
    '/%69nvoke/abc': 'fn/abc',
    '/invoke/abc/def': '',
    '/invoke/': '',
    '/invoke//': '',
    '/invoke': '',
    '/t/app/source': 't/app/source',
    '/t/app/deep/er/source': 't/app/deep/er/source',
    '/%74/app/source': 't/app/source',
    '/t/app/source/': 't/app/source/',
    '/t/app/': 't/app/',
    '/t/app': 't/app/',
    '/t/': '',
    '/t//source': '',
    '/t': '',
    '/r/app/route/42': 'r/app/route/42',
    '/s/app/source': '',
    '/': '',
    '*': '',
    '': '',
    '/v2/apps': '',
    '/tt/app': ''
  }
  for (const [path, key] of Object.entries(cases)) t.equal(extract(path, '', none), key, path)
})

void t.test('spellings of one function share a key; different functions never do', async t => {
  const { extract } = compileKeyRules([{ kind: 'fn' }])
  const same = {
    '/t/a/x%7ey': '/t/a/x~y',
    '/t/caf%c3%a9/x': '/t/caf%C3%A9/x',
    '/t/a/%21': '/t/a/!',
    '/t/a/\xe9': '/t/a/%E9',
    '/t/a/%': '/t/a/%25',
    '/t/a/%4': '/t/a/%254',
    '/t/a/%zz': '/t/a/%25zz'
  }
  for (const [one, other] of Object.entries(same)) {
    t.equal(extract(one, '', none), extract(other, '', none), `${one} and ${other}`)
  }
  const different = [
    '/t/a/b/c', '/t/a%2Fb/c', '/t/a/b%2Fc', '/t/a/b/c/', '/t/a/b%2525', '/t/a/b%25', '/t/a/b%3Fc', '/t/a/b', '/r/a/b',
    '/invoke/a', '/t/A/b', '/t/a%20/b', '/t/a%00/b'
  ]
  t.equal(new Set(different.map(path => extract(path, '', none))).size, different.length)
})

void t.test('header, query and path rules', async t => {
  const header: KeyRule = { kind: 'header', name: 'X-Fn-Key' }
  t.equal(keyOf([header], '/any', { 'x-fn-key': 'tenant 7/resize' }), 'header:x-fn-key/tenant 7/resize')
  t.equal(keyOf([header], '/any', { 'x-fn-key': '' }), '')
  t.equal(keyOf([header], '/any'), '')

  const query: KeyRule = { kind: 'query', name: 'fn' }
  const queries: Record<string, string> = {
    'fn=a': 'a',
    'x=1&fn=a&fn=b': 'a',
    'fn=&fn=b': '',
    fn: '',
    'fnx=a&xfn=b': '',
    'f%6e=a': 'a',
    'a=fn=b&fn=c=d': 'c=d',
    'fn=a%26b': 'a%26b',
    'fn=a+b': 'a%20b',
    'fn=a%20b': 'a%20b',
    'fn=a%2Bb': 'a%2Bb',
    'fn=a%2fb': 'a/b',
    '&&fn=a&': 'a',
    '': ''
  }
  for (const [text, value] of Object.entries(queries)) {
    t.equal(keyOf([query], `/any?${text}`), value === '' ? '' : `query:fn/${value}`, text)
  }
  t.equal(keyOf([{ kind: 'query', name: 'my key!' }], '/any?my+key!=1'), 'query:my%20key!/1')
  t.equal(keyOf([{ kind: 'query', name: 'my key!' }], '/any?my%20key%21=1'), 'query:my%20key!/1')

  const path = (template: string): KeyRule => ({ kind: 'path', template })
  t.equal(keyOf([path('/fn/{key}')], '/fn/a'), 'path:key/a')
  t.equal(keyOf([path('/fn/{key}')], '/fn/a/'), 'path:key/a')
  t.equal(keyOf([path('/fn/{key}')], '/fn/a/b'), '')
  t.equal(keyOf([path('/fn/{key}')], '/fn/'), '')
  t.equal(keyOf([path('/fn/{key}')], '/fn'), '')
  t.equal(keyOf([path('/fn/{key}')], '/fnx/a'), '')
  t.equal(keyOf([path('/fn/{key}')], '*'), '')
  for (const rest of ['/…', '/...']) {
    t.equal(keyOf([path(`/fn/{key}${rest}`)], '/fn/a/b/c'), 'path:key/a')
    t.equal(keyOf([path(`/fn/{key}${rest}`)], '/fn/a'), 'path:key/a')
    t.equal(keyOf([path(`/fn/{key}${rest}`)], '/fn'), '')
  }
  t.equal(keyOf([path('/{tenant}/f/{name}')], '/acme/f/resize'), 'path:tenant,name/acme/resize')
  t.equal(keyOf([path('/{tenant}/f/{name}')], '/acme%2Fx/%66/res%69ze'), 'path:tenant,name/acme%2Fx/resize')
  t.equal(keyOf([path('/{tenant}/f/{name}')], '//f/resize'), '')
  t.not(keyOf([path('/{a}/{b}')], '/x%2Fy/z'), keyOf([path('/{a}/{b}')], '/x/y%2Fz'))
})

void t.test('the first rule that yields a key wins', async t => {
  const rules: KeyRule[] = [{ kind: 'header', name: 'fn-key' }, { kind: 'fn' }, { kind: 'query', name: 'fn' }]
  t.equal(keyOf(rules, '/invoke/a?fn=b', { 'fn-key': 'c' }), 'header:fn-key/c')
  t.equal(keyOf(rules, '/invoke/a?fn=b'), 'fn/a')
  t.equal(keyOf(rules, '/other?fn=b'), 'query:fn/b')
  t.equal(keyOf(rules, '/other'), '')
  t.equal(keyOf([], '/invoke/a'), '')
})

void t.test('long keys are cut, stay different, and can not be mistaken for a whole one', async t => {
  const long = 'x'.repeat(3000)
  const one = keyOf([{ kind: 'fn' }], `/t/app/${long}1`)
  const other = keyOf([{ kind: 'fn' }], `/t/app/${long}2`)
  t.equal(one.length, MAX_KEY_CHARS + 1)
  t.not(one, other)
  t.equal(one, keyOf([{ kind: 'fn' }], `/t/app/${long}1`))
  t.match(one, /^t\/app\/x+~[0-9a-f]{16}$/)
  const longest = '/t/app/' + 'x'.repeat(MAX_KEY_CHARS - 6)
  t.equal(keyOf([{ kind: 'fn' }], longest), longest.slice(1), 'the longest whole key')
  t.equal(keyOf([{ kind: 'header', name: 'k' }, { kind: 'fn' }], '/', { k: long }).length, MAX_KEY_CHARS + 1)
})

void t.test('rules that can not work are refused with what to write', async t => {
  const bad: Record<string, RegExp> = {
    'fn/{key}': /must begin with "\/"/,
    '/fn/key': /names no segment/,
    '/fn/x{key}': /must fill its segment/,
    '/fn/{}': /must fill its segment/,
    '/fn/{1}': /must fill its segment/,
    '/{a}/{a}': /appears twice/,
    '/fn//{key}': /empty segment/,
    '/fn/{key}/': /empty segment/,
    '/…/{key}': /only be the last/,
    '/': /empty segment/,
    '': /must begin with "\/"/
  }
  for (const [template, message] of Object.entries(bad)) {
    t.throws(() => compileKeyRules([{ kind: 'path', template }]), { name: 'TypeError', message }, template)
  }
  t.throws(() => compileKeyRules([{ kind: 'header', name: 'fn key' }]), { message: /not a header name/ })
  t.throws(() => compileKeyRules([{ kind: 'query', name: '' }]), { message: /query name is empty/ })
})

void t.test('API paths, however they are disguised', async t => {
  for (const path of [
    '/v1', '/v2', '/v2/', '/v2/apps', '/v1/apps/x', '/%76%32/apps', '/v2%2Fapps', '//v2/apps', '/./v2', '/x/../v2/apps',
    '/x%2f..%2fv2', '/x/%2e%2e/v2', '/../v2', '/v2/../x'
  ]) t.equal(isApiPath(path), true, path)
  for (const path of [
    '/', '', '*', '/v3', '/v22/apps', '/v', '/v2x', '/V2', '/x/v2', '/invoke/v2', '/t/app/v2', '/%2576%2532/apps',
    '/t/%'
  ]) t.equal(isApiPath(path), false, path)
})
