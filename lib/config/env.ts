/**
 * Settings from environment variables: `FNLB_LISTEN`, `FNLB_LOG__LEVEL`, `FNLB_POOLS__FN__RETRY__ATTEMPTS`. Two
 * underscores go one level down; in the name of a pool one underscore stands for a hyphen. Lists are separated by
 * commas, or are JSON. As strict as the file: a name that begins with FNLB_ and sets nothing is an error.
 */
import type { Path, Problem } from './problem.ts'
import { schemaTree } from './schema-tree.ts'
import type { Tree } from './schema-tree.ts'
import { nearest } from './suggest.ts'
import { POOL_NAME } from './texts.ts'

/** One value that goes over what the file says. */
export interface Override {
  readonly path: Path
  readonly value: unknown
  readonly source: { readonly kind: 'env' | 'flag', readonly name: string }
}

export type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'FNLB_'

/** Names that the command line reads itself: the configuration file, and the admin address of a running daemon. */
export const CLI_VARIABLES: ReadonlySet<string> = new Set(['FNLB_CONFIG', 'FNLB_ADMIN'])

/**
 * What Kubernetes puts into every pod for a Service whose name starts with "fnlb" (service links): `FNLB_SERVICE_HOST`,
 * `FNLB_PORT_8080_TCP_ADDR`, `FNLB_ADMIN_SERVICE_PORT_HTTP`. They would stop every daemon in such a namespace.
 */
const SERVICE_LINK = new RegExp('^FNLB(_[A-Z0-9_]+)?_' +
  '(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$')

export interface EnvironmentSettings {
  readonly overrides: readonly Override[]
  readonly problems: readonly Problem[]
}

/** @param pools names of the pools in the file, for suggestions. */
export function settingsFromEnvironment (environment: Environment, pools: readonly string[]): EnvironmentSettings {
  const overrides: Override[] = []
  const problems: Problem[] = []
  for (const name of Object.keys(environment).sort()) {
    const text = environment[name]
    if (!name.startsWith(PREFIX) || text === undefined || CLI_VARIABLES.has(name) || isServiceLink(name)) continue
    const source = { kind: 'env', name } as const
    const target = targetOf(name)
    if ('fault' in target) {
      const message = target.fault(pools)
      problems.push({ severity: 'error', path: [], message, source })
      continue
    }
    const value = valueOf(target.tree, text)
    if ('fault' in value) problems.push({ severity: 'error', path: target.path, message: value.fault, source })
    else overrides.push({ path: target.path, value: value.value, source })
  }
  return { overrides, problems }
}

function isServiceLink (name: string): boolean {
  return SERVICE_LINK.test(name) && !name.includes('__')
}

type Target =
  | { readonly path: Path, readonly tree: Tree }
  | { readonly fault: (pools: readonly string[]) => string }

function targetOf (name: string): Target {
  const path: string[] = []
  let tree: Tree = schemaTree()
  const unknown: Target = {
    fault: pools => {
      const meant = nearest(name, variableNames(pools))
      const advice = meant === undefined ? '; see docs/configuration.md' : `, did you mean "${meant}"?`
      return `no setting has this name${advice}`
    }
  }
  for (const segment of name.slice(PREFIX.length).split('__')) {
    if (tree.type === 'map') {
      const pool = segment.toLowerCase().replaceAll('_', '-')
      if (segment !== segment.toUpperCase() || !POOL_NAME.test(pool)) return unknown
      path.push(pool)
      tree = tree.value
      continue
    }
    const field = tree.type === 'section' && segment === segment.toUpperCase()
      ? tree.fields.get(segment.toLowerCase())
      : undefined
    if (field === undefined) return unknown
    path.push(segment.toLowerCase())
    tree = field.tree
  }
  if (tree.type === 'section' || tree.type === 'map') {
    return { fault: pools => `names a group of settings; set one of them, for example "${firstBelow(name, pools)}"` }
  }
  return { path, tree }
}

function firstBelow (name: string, pools: readonly string[]): string {
  return variableNames(pools).find(candidate => candidate.startsWith(`${name}__`)) ?? `${name}__…`
}

function valueOf (tree: Tree, text: string): { readonly value: unknown } | { readonly fault: string } {
  if (tree.type === 'leaf') return { value: tree.kind.fromText(text) }
  if (/^\[\s*(?:["{\]]|$)/.test(text)) {
    try {
      return { value: JSON.parse(text) as unknown }
    } catch (error) {
      return { fault: `is not valid JSON: ${(error as Error).message}` }
    }
  }
  if (tree.type !== 'list') throw new TypeError('only leaves and lists have values')
  const { item } = tree
  const entries = text === '' ? [] : text.split(',').map(entry => entry.trim())
  return { value: entries.map(entry => item.type === 'leaf' ? item.kind.fromText(entry) : entry) }
}

/** The names of all variables, for these pools. */
export function variableNames (pools: readonly string[]): string[] {
  return namesBelow(schemaTree(), 'FNLB', '_', pools)
}

function namesBelow (tree: Tree, prefix: string, joint: string, pools: readonly string[]): string[] {
  switch (tree.type) {
    case 'section':
      return [...tree.fields].flatMap(([key, field]) =>
        namesBelow(field.tree, `${prefix}${joint}${key.toUpperCase()}`, '__', pools))
    case 'map':
      return (pools.length > 0 ? pools : ['fn']).flatMap(pool =>
        namesBelow(tree.value, `${prefix}${joint}${pool.toUpperCase().replaceAll('-', '_')}`, '__', pools))
    case 'list':
    case 'leaf':
      return [prefix]
  }
}
