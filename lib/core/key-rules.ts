/**
 * From a request to its function key: what is placed, remembered and shown. Rules are compiled once; the first that
 * yields a key wins.
 *
 * | rule   | request                    | key                                |
 * |--------|----------------------------|------------------------------------|
 * | fn     | /invoke/<fnID>             | fn/<fnID>                          |
 * | fn     | /t/<app>/<source…>         | t/<app>/<source…>                  |
 * | fn     | /r/<app>/<route…> (legacy) | r/<app>/<route…>                   |
 * | header | its value                  | header:<name>/<value>              |
 * | query  | first value of the name    | query:<name>/<value>               |
 * | path   | named segments             | path:<name>,<name>/<value>/<value> |
 *
 * Invariants: different functions never share a key, whatever they are called: separators inside a part stay
 * percent-encoded, and the front tells the rules apart. Different spellings of one function share it (canonical.ts). A
 * trailing slash counts behind /t and /r, where Fn matches the rest of the path exactly; the empty source is
 * `t/<app>/`. Keys have at most MAX_KEY_CHARS characters; a longer one is cut and carries 64 bits of hash, which makes
 * it longer by one than any whole key can be.
 */
import { canonicalPath, canonicalQueryText, resolvedPath } from './canonical.ts'
import { murmur3 } from './hash.ts'
import { parsePathTemplate } from './path-template.ts'
import type { KeyRule } from '../tables/snapshot.ts'

export const MAX_KEY_CHARS = 512
/** With `~` and 16 hexadecimal digits one more than MAX_KEY_CHARS. */
const CUT_CHARS = MAX_KEY_CHARS - 16

const SLASH = 0x2f

export interface KeyExtractor {
  /**
   * @param path the path of the request target as received, without query, one byte per character.
   * @param query without its `?`; '' if there is none.
   * @param header looks up a field by its name in lower case.
   * @returns the function key, or '' if no rule yields one.
   */
  extract (path: string, query: string, header: (name: string) => string | undefined): string
}

type Rule = KeyExtractor['extract']

/** @throws TypeError on a path template or a name that can not match anything; the text says what to write. */
export function compileKeyRules (rules: readonly KeyRule[]): KeyExtractor {
  const compiled = rules.map(compileRule)
  // The usual pool has one rule; a loop over closures would only cost it.
  if (compiled.length === 1) {
    const only = compiled[0]!
    return { extract: (path, query, header) => bounded(only(path, query, header)) }
  }
  return {
    extract (path, query, header) {
      for (const rule of compiled) {
        const key = rule(path, query, header)
        if (key !== '') return bounded(key)
      }
      return ''
    }
  }
}

function compileRule (rule: KeyRule): Rule {
  switch (rule.kind) {
    case 'fn': return fnKey
    case 'header': return headerRule(rule.name)
    case 'query': return queryRule(rule.name)
    case 'path': return templateRule(rule.template)
  }
}

/** Fn's own paths (fnlb.md §2.5); '' for any other. */
function fnKey (path: string): string {
  if (path.charCodeAt(2) === SLASH) {
    const kind = path.charCodeAt(1)
    return kind === 0x74 || kind === 0x72 ? appKey(path) : ''
  }
  if (path.startsWith('/invoke/')) return invokeKey(canonicalPath(path))
  // Runners decode before they route, so `/%74/app/source` is a trigger all the same.
  if (path.includes('%')) {
    const canonical = canonicalPath(path)
    if (canonical !== path) return fnKey(canonical)
  }
  return ''
}

function invokeKey (path: string): string {
  const slash = path.indexOf('/', 8)
  const end = slash < 0 ? path.length : slash
  return end === 8 || end < path.length - 1 ? '' : 'fn/' + path.slice(8, end)
}

function appKey (received: string): string {
  const path = canonicalPath(received)
  if (path.length === 3 || path.charCodeAt(3) === SLASH) return ''
  return path.indexOf('/', 3) < 0 ? path.slice(1) + '/' : path.slice(1)
}

function headerRule (given: string): Rule {
  const name = given.toLowerCase()
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) {
    throw new TypeError(`key rule: "${given}" is not a header name, write for example x-fn-key`)
  }
  const front = `header:${name}/`
  return (_path, _query, header) => {
    const value = header(name)
    return value === undefined || value === '' ? '' : front + value
  }
}

function queryRule (given: string): Rule {
  if (given === '') throw new TypeError('key rule: the query name is empty, write for example fn')
  const name = canonicalQueryText(encodeURIComponent(given))
  const front = `query:${name}/`
  return (_path, query) => {
    const value = query === '' ? '' : queryValue(query, name)
    return value === '' ? '' : front + canonicalQueryText(value)
  }
}

/** The raw value of the first field of that (canonical) name; '' if absent or empty. */
function queryValue (query: string, name: string): string {
  const isPlain = !/[%+]/.test(query)
  let equals = -1
  for (let at = 0; at <= query.length;) {
    const ampersand = query.indexOf('&', at)
    const end = ampersand < 0 ? query.length : ampersand
    // Looked for again only once passed: a query of nothing but `&` must not cost its length squared.
    if (equals < at) equals = query.indexOf('=', at)
    if (equals < 0) return ''
    if (equals < end && isNamed(query, at, equals, name, isPlain)) return query.slice(equals + 1, end)
    at = end + 1
  }
  return ''
}

function isNamed (query: string, at: number, end: number, name: string, isPlain: boolean): boolean {
  if (end - at === name.length && query.startsWith(name, at)) return true
  return !isPlain && canonicalQueryText(query.slice(at, end)) === name
}

function templateRule (text: string): Rule {
  const template = parsePathTemplate(text)
  const front = `path:${template.names.join(',')}/`
  return path => {
    const values = template.match(canonicalPath(path))
    return values === '' ? '' : front + values
  }
}

function bounded (key: string): string {
  if (key.length <= MAX_KEY_CHARS) return key
  const digest = hex32(murmur3(key, 1)) + hex32(murmur3(key, 2))
  return key.slice(0, CUT_CHARS) + '~' + digest
}

function hex32 (value: number): string {
  return value.toString(16).padStart(8, '0')
}

/** What could hide an API path from a look at its first segment: encodings, empty segments, dot segments. */
const DISGUISE = /%|\/[/.]/

/**
 * Whether a path is Fn's API (`/v1`, `/v2` and below) and no function call. Judged as written and as a runner may see
 * it after decoding and tidying, so that `/%76%32/apps`, `//v2` or `/x/../v2` do not slip by where the API is refused.
 */
export function isApiPath (path: string): boolean {
  return isApiPrefix(path) || (DISGUISE.test(path) && isApiPrefix(resolvedPath(path)))
}

function isApiPrefix (path: string): boolean {
  if (path.charCodeAt(1) !== 0x76 || path.charCodeAt(0) !== SLASH) return false
  const version = path.charCodeAt(2)
  return (version === 0x31 || version === 0x32) && (path.length === 3 || path.charCodeAt(3) === SLASH)
}
