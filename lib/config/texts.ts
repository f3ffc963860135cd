/**
 * Small texts with a grammar: header names, key rules, route hosts and paths, status ranges, ids, worker counts.
 * Each parser gives the value or the words of the error message.
 */
import { parsePathTemplate } from '../core/path-template.ts'
import type { KeyRule } from '../tables/snapshot.ts'
import { isHostName } from './addresses.ts'
import { describeValue, refuse } from './units.ts'
import type { Parsed } from './units.ts'

/** token of RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/
export const POOL_NAME = /^[a-z][a-z0-9-]{0,31}$/
const INSTANCE = /^[A-Za-z0-9._-]{1,64}$/
const NODE_ID = /^[A-Za-z0-9[][A-Za-z0-9._:[\]-]{0,127}$/

/** Fields that frame a message, name its target or belong to one connection; writing over one would break requests. */
const RESERVED_FIELDS = new Set([
  'connection', 'content-length', 'content-type', 'expect', 'host', 'keep-alive', 'proxy-authenticate',
  'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'via', 'forwarded',
  'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'authorization', 'cookie'
])

/** A header name for request ids, in lower case; '' = off. */
export function parseRequestIdName (input: unknown): Parsed<string> {
  if (input === '') return { ok: true, value: '' }
  const expected = 'a header name like "x-request-id", or "" for none'
  if (typeof input !== 'string' || !TOKEN.test(input)) return refuse(expected, input)
  const name = input.toLowerCase()
  if (RESERVED_FIELDS.has(name)) return refuse(expected, input, 'that header has another meaning')
  return { ok: true, value: name }
}

/** `fn`, `header:NAME`, `query:NAME` or `path:/fn/{name}/…`. */
export function parseKeyRule (input: unknown): Parsed<KeyRule> {
  const expected = 'a key rule: "fn", "header:NAME", "query:NAME" or "path:/fn/{name}"'
  if (input === 'fn') return { ok: true, value: { kind: 'fn' } }
  const match = typeof input === 'string' ? /^(header|query|path):(.*)$/s.exec(input) : null
  if (match === null) return refuse(expected, input)
  const rest = match[2]!
  if (match[1] === 'header') {
    return TOKEN.test(rest)
      ? { ok: true, value: { kind: 'header', name: rest.toLowerCase() } }
      : refuse(expected, input, 'that is no header name')
  }
  if (match[1] === 'query') {
    return /^[A-Za-z0-9._~-]{1,64}$/.test(rest)
      ? { ok: true, value: { kind: 'query', name: rest } }
      : refuse(expected, input, 'a query name has letters, digits and . _ ~ - only')
  }
  const advice = adviceForTemplate(rest)
  return advice === undefined ? { ok: true, value: { kind: 'path', template: rest } } : refuse(expected, input, advice)
}

function adviceForTemplate (template: string): string | undefined {
  if (template.length > 512 || /[?#\s\0]/.test(template)) return 'a path has no "?", "#" or spaces'
  try {
    parsePathTemplate(template)
    return undefined
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return error.message.replace(/^path template ".*?": /, '')
  }
}

/** An exact host name or `*.suffix`, in lower case and without a port. */
export function parseRouteHost (input: unknown): Parsed<string> {
  const expected = 'a host name like "fn.example.com" or "*.example.com"'
  if (typeof input !== 'string') return refuse(expected, input)
  if (/:[0-9]+$/.test(input) && !input.startsWith('[')) return refuse(expected, input, 'without a port')
  const name = input.toLowerCase()
  if (!isHostName(name.startsWith('*.') ? name.slice(2) : name)) return refuse(expected, input)
  return { ok: true, value: name }
}

/** A path prefix without its closing slash; `/` matches everything and comes back as ''. */
export function parsePathPrefix (input: unknown): Parsed<string> {
  const expected = 'a path like "/t/acme"'
  if (typeof input !== 'string') return refuse(expected, input)
  if (!input.startsWith('/')) return refuse(expected, input, 'it starts with "/"')
  if (input.length > 512 || /[?#*\s\0]/.test(input)) return refuse(expected, input, 'without "?", "#", "*" or spaces')
  const path = input.endsWith('/') ? input.slice(0, -1) : input
  if (path.slice(1).split('/').some(segment => segment === '.' || segment === '..') || input.includes('//')) {
    return refuse(expected, input, 'no segment is empty, "." or ".."')
  }
  return { ok: true, value: path }
}

export interface StatusRange { readonly from: number, readonly to: number }

/** One status (`200`) or a range (`200-299`). */
export function parseStatusRange (input: unknown): Parsed<StatusRange> {
  const expected = 'a status like "200" or a range like "200-299"'
  const match = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(String(input))
  if (match === null || (typeof input !== 'string' && typeof input !== 'number')) return refuse(expected, input)
  const from = Number(match[1])
  const to = Number(match[2] ?? match[1])
  return to < from ? refuse(expected, input, 'the first is the lower one') : { ok: true, value: { from, to } }
}

/** A name of this daemon; a token, because it stands in `Via`. */
export function parseInstance (input: unknown): Parsed<string> {
  if (typeof input === 'string' && INSTANCE.test(input)) return { ok: true, value: input }
  return refuse('a name of 1 to 64 letters, digits and . _ -', input)
}

export function parseNodeId (input: unknown): Parsed<string> {
  if (typeof input === 'string' && NODE_ID.test(input)) return { ok: true, value: input }
  return refuse('a node id of 1 to 128 letters, digits and . _ : -', input)
}

export function parsePoolName (input: unknown): Parsed<string> {
  if (typeof input === 'string' && POOL_NAME.test(input)) return { ok: true, value: input }
  return refuse('a pool name: 1 to 32 lower-case letters, digits and "-", starting with a letter', input)
}

/** The pool for what no route matches; '' = none. */
export function parseDefaultPool (input: unknown): Parsed<string> {
  return input === '' ? { ok: true, value: '' } : parsePoolName(input)
}

export const MAX_WORKERS = 64

/** `auto` or a number of data threads. */
export function parseWorkers (input: unknown): Parsed<number | 'auto'> {
  if (input === 'auto') return { ok: true, value: 'auto' }
  if (typeof input === 'number' && Number.isInteger(input) && input >= 1 && input <= MAX_WORKERS) {
    return { ok: true, value: input }
  }
  return refuse(`"auto" or a whole number from 1 to ${MAX_WORKERS}`, input)
}

/** What Fn's API paths meet in a pool: all its nodes, some of them, or a refusal. */
export type ApiChoice = 'runners' | 'refuse' | readonly string[]

export function parseApiChoice (input: unknown): Parsed<ApiChoice> {
  const expected = '"runners", "refuse" or a list of node ids'
  if (input === 'runners' || input === 'refuse') return { ok: true, value: input }
  if (!Array.isArray(input)) return refuse(expected, input)
  if (input.length === 0) return { ok: false, reason: `expected ${expected}, got an empty list (write "refuse")` }
  const wrong = input.find(id => !parseNodeId(id).ok)
  if (wrong !== undefined) return { ok: false, reason: `expected ${expected}, got ${describeValue(wrong)} in the list` }
  return { ok: true, value: input as string[] }
}
