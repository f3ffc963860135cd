/**
 * The request target in its four forms, RFC 9112 §3.2. What is not plainly one of them, or not allowed for the
 * method, is null: the answer is 400. The bytes of path and query are never changed (no decoding, no dot removal),
 * because the runner must see what the client signed and what the key was taken from.
 */
import { isValidHost } from './host.ts'

export interface RequestTarget {
  readonly form: 'origin' | 'absolute' | 'asterisk' | 'authority'
  /** Path as sent; '' for the asterisk and authority forms, and for an absolute OPTIONS target that stands for `*`. */
  readonly path: string
  /** Query without its '?'; '' if there is none, or an empty one. */
  readonly query: string
  /** Host and port as sent, for the absolute and authority forms; '' for the others. */
  readonly authority: string
  /** The target to send upstream. */
  readonly originForm: string
}

const HASH = 0x23
const SLASH = 0x2f
const QUESTION = 0x3f

/** Takes a request target apart. Null: malformed, or a form that the method does not allow. */
export function parseRequestTarget (method: string, target: string): RequestTarget | null {
  if (method === 'CONNECT') return parseAuthorityForm(target)
  if (target.charCodeAt(0) === SLASH) {
    const question = findQuery(target, 1)
    if (question === -1) return null
    if (question === target.length) {
      return { form: 'origin', path: target, query: '', authority: '', originForm: target }
    }
    return {
      form: 'origin',
      path: target.slice(0, question),
      query: target.slice(question + 1),
      authority: '',
      originForm: target
    }
  }
  if (target === '*') {
    if (method !== 'OPTIONS') return null
    return { form: 'asterisk', path: '', query: '', authority: '', originForm: target }
  }
  return parseAbsoluteForm(method, target)
}

/**
 * The index of the first '?' from `from` on, or the length of the target when it has none; -1 when a character does not
 * belong in a target (fragment, space, control, DEL, anything beyond ASCII).
 */
function findQuery (target: string, from: number): number {
  const length = target.length
  let question = length
  for (let at = from; at < length; at++) {
    const code = target.charCodeAt(at)
    if (code <= 0x20 || code >= 0x7f || code === HASH) return -1
    if (code === QUESTION && question === length) question = at
  }
  return question
}

function parseAbsoluteForm (method: string, target: string): RequestTarget | null {
  const start = authorityStart(target)
  if (start === 0) return null
  const question = findQuery(target, start)
  if (question === -1) return null
  const slash = target.indexOf('/', start)
  const end = slash === -1 || slash > question ? question : slash
  const authority = target.slice(start, end)
  // A valid host has no '@', so user information (RFC 9110 §4.2.4) stops here as well.
  if (!isValidHost(authority)) return null
  const path = target.slice(end, question)
  // RFC 9112 §3.2.4: OPTIONS for a URI without path and query speaks of the server as a whole.
  if (method === 'OPTIONS' && end === target.length) {
    return { form: 'absolute', path: '', query: '', authority, originForm: '*' }
  }
  return {
    form: 'absolute',
    path: path === '' ? '/' : path,
    query: target.slice(question + 1),
    authority,
    originForm: path === '' ? '/' + target.slice(end) : target.slice(end)
  }
}

/** The index after `http://` or `https://`, schemes in any case; 0 = another scheme, or none. */
function authorityStart (target: string): number {
  const head = target.slice(0, 8).toLowerCase()
  if (head === 'https://') return 8
  return head.startsWith('http://') ? 7 : 0
}

/** RFC 9110 §9.3.6: host and port, and the port has no default. */
function parseAuthorityForm (target: string): RequestTarget | null {
  const port = target.lastIndexOf(':') + 1
  if (port === 0 || port === target.length || !isValidHost(target) || target.endsWith(']')) return null
  return { form: 'authority', path: '', query: '', authority: target, originForm: target }
}
