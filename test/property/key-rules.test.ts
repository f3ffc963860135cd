/** What must hold of function keys, whatever the request looks like. */
import fc from 'fast-check'
import t from 'tap'
import { canonicalPath, canonicalQueryText } from '../../lib/core/canonical.ts'
import { compileKeyRules, isApiPath, MAX_KEY_CHARS } from '../../lib/core/key-rules.ts'
import type { KeyRule } from '../../lib/tables/snapshot.ts'

fc.configureGlobal({ seed: Number(process.env['FNLB_SEED'] ?? 2), numRuns: 500 })

const RULES: readonly KeyRule[] = [
  { kind: 'fn' }, { kind: 'path', template: '/fn/{key}/…' }, { kind: 'path', template: '/{tenant}/f/{name}' },
  { kind: 'query', name: 'fn' }, { kind: 'header', name: 'fn-key' }
]

/** One byte of a segment, as data and in each of its spellings. */
const byte = fc.integer({ min: 0, max: 255 })
const isPlain = (value: number): boolean => /[A-Za-z0-9._~!$&'()*+,;=:@-]/.test(String.fromCharCode(value))

/** Writes bytes as a path segment: always encoded where it must be, else by `choices`. */
function spell (segment: readonly number[], choices: readonly number[]): string {
  return segment.map((value, index) => {
    const hex = value.toString(16).padStart(2, '0')
    const choice = choices[index % choices.length]! % 3
    if (isPlain(value) && choice === 0) return String.fromCharCode(value)
    return '%' + (choice === 1 ? hex : hex.toUpperCase())
  }).join('')
}

function spellPath (parts: readonly number[][], choices: readonly number[]): string {
  return parts.map(part => '/' + spell(part, choices)).join('')
}

const segments = fc.array(fc.array(byte, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 4 })
const choices = fc.array(fc.nat(2), { minLength: 1, maxLength: 5 })
const none = (): undefined => undefined

void t.test('however a trigger is spelled, its key is one; two triggers never share a key', async () => {
  const { extract } = compileKeyRules([{ kind: 'fn' }])
  const keyOf = (parts: number[][], how: number[]) => extract('/t' + spellPath(parts, how), '', none)
  fc.assert(fc.property(segments, segments, choices, choices, (one, other, how, otherwise) => {
    const key = keyOf(one, how)
    if (key === '' || key !== keyOf(one, otherwise)) return false
    return (JSON.stringify(one) === JSON.stringify(other)) === (key === keyOf(other, how))
  }))
})

void t.test('the same for the named segments of a template and the values of a query', async () => {
  const template = compileKeyRules([{ kind: 'path', template: '/{a}/{b}' }])
  const query = compileKeyRules([{ kind: 'query', name: 'fn' }])
  const pair = fc.tuple(fc.array(byte, { minLength: 1, maxLength: 6 }), fc.array(byte, { minLength: 1, maxLength: 6 }))
  fc.assert(fc.property(pair, pair, choices, choices, (one, other, how, otherwise) => {
    const path = (parts: number[][], by: number[]) => template.extract(spellPath(parts, by), '', none)
    const value = (part: number[], by: number[]) =>
      query.extract('/', 'x=1&fn=' + spell(part, by).replace(/[&+]/g, escape), none)
    return path(one, how) === path(one, otherwise) && value(one[0], how) === value(one[0], otherwise) &&
      (JSON.stringify(one) === JSON.stringify(other)) === (path(one, how) === path(other, how)) &&
      (JSON.stringify(one[0]) === JSON.stringify(other[0])) === (value(one[0], how) === value(other[0], how))
  }))
})

function escape (char: string): string {
  return '%' + char.charCodeAt(0).toString(16)
}

void t.test('an encoded slash does not separate: two segments never have the key of one', async () => {
  const fn = compileKeyRules([{ kind: 'fn' }])
  const open = compileKeyRules([{ kind: 'path', template: '/{a}/{b}/…' }])
  fc.assert(fc.property(segments, choices, ([first = [], second = [], ...rest], how) => {
    const merged = [[...first, 0x2f, ...second], ...rest, [0x78]]
    const apart = [first, second, ...rest, [0x78]]
    return fn.extract('/t' + spellPath(apart, how), '', none) !== fn.extract('/t' + spellPath(merged, how), '', none) &&
      open.extract(spellPath(apart, how), '', none) !== open.extract(spellPath(merged, how), '', none)
  }))
})

void t.test('total: any text gives a bounded key or none, twice the same', async () => {
  const { extract } = compileKeyRules(RULES)
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }), fc.stringMatching(/^[/%a-f0-9vt?&=+.]{0,40}$/), fc.webPath(),
    fc.string({ minLength: 600, maxLength: 2000 })
  )
  fc.assert(fc.property(text, text, fc.option(text, { nil: undefined }), (path, query, value) => {
    const key = extract('/' + path, query, () => value)
    isApiPath(path)
    return key.length <= MAX_KEY_CHARS + 1 && key === extract('/' + path, query, () => value)
  }))
})

void t.test('the canonical form is its own canonical form', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), text =>
    canonicalPath(canonicalPath(text)) === canonicalPath(text) &&
    canonicalQueryText(canonicalQueryText(text)) === canonicalQueryText(text)))
})

void t.test('no spelling hides an API path', async () => {
  const filler = fc.constantFrom('', '/', '/.', '/x/..', '/%2e', '//', '/a/%2E%2e')
  fc.assert(fc.property(fc.constantFrom('1', '2'), choices, filler, fc.constantFrom('', '/', '/apps', '%2Fapps'),
    (version, how, front, rest) => isApiPath(front + '/' + spell([0x76, version.charCodeAt(0)], how) + rest)))
})
