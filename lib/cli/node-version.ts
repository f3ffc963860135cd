/**
 * Whether this Node.js may run fnlb, and which of its known holes are open. Pure.
 *
 * The list has the holes of the parts that fnlb uses (http, tls, V8), with the releases that close them, as published
 * in nodejs/security-wg; those of node:http2, which is never loaded, are left out. A line that is past its end of
 * life gets no fixes, so everything found later stays open there.
 */

type Version = readonly [major: number, minor: number, patch: number]

export type NodeVerdict =
  | { readonly verdict: 'supported' }
  /** It runs, with this warning. */
  | { readonly verdict: 'outdated', readonly warning: string, readonly hint: string }
  | { readonly verdict: 'unsupported', readonly message: string, readonly hint: string }

const OLDEST_THAT_RUNS: Version = [20, 19, 0]
/** The first good release of each line; lines after the last one are good from their start. */
const SUPPORTED: readonly Version[] = [[22, 23, 2], [24, 18, 1], [26, 5, 1]]
const SUPPORTED_TEXT = '22.23.2, 24.18.1 or 26.5.1 (or later in these lines)'

interface Hole { readonly id: string, readonly what: string, readonly fixed: readonly Version[] }

const HOLES: readonly Hole[] = [
  {
    id: 'CVE-2026-58044',
    what: 'header fields past the limit are invisible but still frame the body: request smuggling',
    fixed: [[22, 23, 2], [24, 18, 1], [26, 5, 1]]
  },
  {
    id: 'CVE-2026-48931',
    what: 'responses of idle client sockets can be poisoned',
    fixed: [[22, 23, 0], [24, 17, 0], [26, 3, 1]]
  },
  {
    id: 'CVE-2026-21717',
    what: 'hash flooding with integer-like header and query names',
    fixed: [[20, 20, 2], [22, 22, 2], [24, 14, 1]]
  },
  {
    id: 'CVE-2026-21637',
    what: 'an exception in a TLS callback ends the process',
    fixed: [[20, 20, 2], [22, 22, 2], [24, 14, 1]]
  },
  {
    id: 'CVE-2026-21710',
    what: 'a header named __proto__ ends the process',
    fixed: [[20, 20, 2], [22, 22, 2], [24, 14, 1]]
  },
  { id: 'CVE-2025-23167', what: 'a head ended by a bare CR: request smuggling', fixed: [[20, 19, 2], [22, 0, 0]] }
]

/** @param version as in `process.versions.node`. */
export function judgeNodeVersion (version: string): NodeVerdict {
  const running = parseVersion(version)
  if (running === undefined || isBelow(running, OLDEST_THAT_RUNS)) {
    return {
      verdict: 'unsupported',
      message: `Node.js ${version} is too old; fnlb needs at least 20.19`,
      hint: `install Node.js ${SUPPORTED_TEXT}`
    }
  }
  if (isFixedIn(running, SUPPORTED)) return { verdict: 'supported' }
  const open = HOLES.filter(hole => !isFixedIn(running, hole.fixed)).map(hole => `${hole.id} (${hole.what})`)
  return {
    verdict: 'outdated',
    warning: `WARNING: Node.js ${version} has known, unfixed security holes: ${open.join('; ')}`,
    hint: `run fnlb on Node.js ${SUPPORTED_TEXT}; npm scripts here use the pinned one`
  }
}

function isFixedIn (running: Version, fixed: readonly Version[]): boolean {
  const sameLine = fixed.find(version => version[0] === running[0])
  if (sameLine !== undefined) return !isBelow(running, sameLine)
  return running[0] > Math.max(...fixed.map(version => version[0]))
}

function isBelow (a: Version, b: Version): boolean {
  return a[0] !== b[0] ? a[0] < b[0] : a[1] !== b[1] ? a[1] < b[1] : a[2] < b[2]
}

function parseVersion (text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text)
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])]
}
