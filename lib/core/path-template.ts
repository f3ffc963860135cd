/**
 * Path templates: `/fn/{name}/…` or `/{tenant}/f/{name}`. A segment is a literal or a `{name}`; `/…` (or `/...`) at the
 * end stands for any rest, also none. A trailing slash of the path makes no difference; an empty segment matches
 * nothing.
 */
import { canonicalPath } from './canonical.ts'

export interface PathTemplate {
  /** In the order in which they appear. */
  readonly names: readonly string[]
  /** The values of the named segments joined by `/`, or '' if the (canonical) path does not match. */
  match (path: string): string
}

const NAME = /^\{([A-Za-z_][A-Za-z0-9_-]*)\}$/

/** @throws TypeError with what to write instead. */
export function parsePathTemplate (template: string): PathTemplate {
  const fail = (what: string): never => {
    throw new TypeError(`path template "${template}": ${what}, for example /fn/{name}/…`)
  }
  if (!template.startsWith('/')) fail('it must begin with "/"')
  const parts = template.slice(1).split('/')
  const open = parts.at(-1) === '…' || parts.at(-1) === '...'
  if (open) parts.pop()
  const names: string[] = []
  /** Canonical literals; null is a named segment. */
  const literals: (string | null)[] = []
  for (const part of parts) {
    const name = NAME.exec(part)?.[1]
    if (name === undefined) {
      if (part === '') fail('it has an empty segment, leave out the extra "/"')
      if (/[{}]/.test(part)) fail(`"${part}" is not a name, a {name} must fill its segment and begin with a letter`)
      if (part === '…' || part === '...') fail('"…" may only be the last segment')
      literals.push(canonicalPath(part))
    } else {
      if (names.includes(name)) fail(`{${name}} appears twice, give each segment a name of its own`)
      names.push(name)
      literals.push(null)
    }
  }
  if (names.length === 0) fail('it names no segment, put {name} where the function is named')
  return { names, match: path => matchSegments(path, literals, open) }
}

function matchSegments (path: string, literals: readonly (string | null)[], open: boolean): string {
  let key = ''
  /** Just behind the slash in front of the segment. */
  let at = 1
  if (path.charCodeAt(0) !== 0x2f) return ''
  for (const literal of literals) {
    if (at > path.length) return ''
    const slash = path.indexOf('/', at)
    const end = slash < 0 ? path.length : slash
    if (literal === null) {
      if (end === at) return ''
      key = key === '' ? path.slice(at, end) : key + '/' + path.slice(at, end)
    } else if (end - at !== literal.length || !path.startsWith(literal, at)) return ''
    at = end + 1
  }
  return open || at >= path.length ? key : ''
}
