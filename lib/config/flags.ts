/**
 * Settings from the command line of `fnlb serve`. Flags alone make a complete configuration: `--node` fills the only
 * pool, or makes one named `fn`.
 */
import type { Override } from './env.ts'
import type { Problem } from './problem.ts'

export interface Flags {
  readonly listen?: readonly string[]
  /** Nodes as `host:port`. */
  readonly node?: readonly string[]
  readonly workers?: string
  /** '' = off. */
  readonly admin?: string
}

/** The pool that `--node` makes when there is none. */
export const FLAG_POOL = 'fn'

export interface FlagSettings {
  readonly overrides: readonly Override[]
  readonly problems: readonly Problem[]
}

/** @param pools names of the pools that file and environment define. */
export function settingsFromFlags (flags: Flags, pools: readonly string[]): FlagSettings {
  const overrides: Override[] = []
  const problems: Problem[] = []
  const set = (name: string, path: Override['path'], value: unknown): void => {
    overrides.push({ path, value, source: { kind: 'flag', name } })
  }
  if (flags.listen !== undefined) set('listen', ['listen'], flags.listen)
  if (flags.workers !== undefined) {
    set('workers', ['workers'], /^[0-9]+$/.test(flags.workers) ? Number(flags.workers) : flags.workers)
  }
  if (flags.admin !== undefined) set('admin', ['admin', 'listen'], flags.admin)
  if (flags.node !== undefined) {
    if (pools.length > 1) {
      problems.push({
        severity: 'error',
        path: [],
        message: `there are several pools (${pools.join(', ')}); name the nodes in the file, or set ` +
          `FNLB_POOLS__${pools[0]!.toUpperCase().replaceAll('-', '_')}__NODES`,
        source: { kind: 'flag', name: 'node' }
      })
    } else {
      set('node', ['pools', pools[0] ?? FLAG_POOL, 'nodes'], flags.node)
    }
  }
  return { overrides, problems }
}
