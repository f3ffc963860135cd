/**
 * zod's issues in the operator's words. One issue of zod may be several problems (unknown keys), and a union's issue is
 * the one of the form that was evidently meant.
 */
import type * as z from 'zod'
import type { Path } from './problem.ts'
import { schemaTree, treeAt } from './schema-tree.ts'
import type { Tree } from './schema-tree.ts'
import { didYouMean } from './suggest.ts'
import { describeValue } from './units.ts'

export interface Finding {
  readonly path: Path
  readonly message: string
  /** The fault is the key, not its value. */
  readonly atKey: boolean
}

type Issue = z.core.$ZodIssue

/** The findings of a failed parse (made with `reportInput`). */
export function findings (issues: readonly Issue[], base: Path = []): Finding[] {
  return issues.flatMap(issue => findingsOf(issue, [...base, ...issue.path as (string | number)[]]))
}

function findingsOf (issue: Issue, path: Path): Finding[] {
  const value = (message: string): Finding[] => [{ path, message, atKey: false }]
  // The codes not named here carry messages of our own.
  // eslint-disable-next-line ts-eslint/switch-exhaustiveness-check
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => ({ path: [...path, key], message: unknownKey(key, path), atKey: true }))
    case 'invalid_union':
      return findings(meantOption(issue), path)
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? 'not a valid name', atKey: true }]
    case 'invalid_value':
      return value(`${wrongChoice(issue.values.map(String), issue.input)}`)
    case 'invalid_type':
      return value(isAbsent(issue.input)
        ? missing(issue.input, treeAt(path))
        : own(issue.message) ?? `expected ${typeInWords(issue.expected)}, got ${describeValue(issue.input)}`)
    default:
      return value(isAbsent(issue.input) ? missing(issue.input, treeAt(path)) : issue.message)
  }
}

function isAbsent (input: unknown): boolean {
  return input === undefined || input === null
}

/** The texts that zod makes itself start like this; ours do not. */
function own (message: string): string | undefined {
  return message.startsWith('Invalid ') ? undefined : message
}

function unknownKey (key: string, parent: Path): string {
  const tree = treeAt(parent)
  const known = tree?.type === 'section' ? [...tree.fields.keys()] : []
  const suggestion = didYouMean(key, known)
  if (suggestion !== '') return `unknown key${suggestion}`
  const home = parent.length === 0 ? homeOf(key) : undefined
  return home === undefined
    ? `unknown key; known here: ${known.join(', ')}`
    : `unknown key here, it belongs under "${home}"`
}

/** A key on the top level that is really one of a section, or of a pool: `nodes:` without a pool around it. */
function homeOf (key: string): string | undefined {
  const root = schemaTree()
  if (root.type !== 'section') return undefined
  for (const [name, field] of root.fields) {
    const inside: Tree = field.tree.type === 'map' ? field.tree.value : field.tree
    if (inside.type === 'section' && inside.fields.has(key)) return field.tree.type === 'map' ? `${name}.<name>` : name
  }
  return undefined
}

function wrongChoice (values: readonly string[], input: unknown): string {
  if (isAbsent(input)) return missing(input, undefined)
  const suggestion = typeof input === 'string' ? didYouMean(input, values) : ''
  // YAML 1.2 has no on/off/yes/no booleans, but people and YAML 1.1 do.
  const list = values.map(value => `"${value}"`).join(', ')
  const advice = input === false && values.includes('off') ? ' (write "off")' : ''
  return `expected one of ${list}, got ${describeValue(input)}${suggestion || advice}`
}

function missing (input: unknown, tree: Tree | undefined): string {
  if (input === null) return 'is empty: give it a value or remove the key'
  if (tree === undefined) return 'is required'
  return `is required (${tree.type === 'leaf' ? tree.kind.label.replaceAll('`', '"') : `a ${tree.type}`})`
}

function typeInWords (expected: string): string {
  switch (expected) {
    case 'object':
    case 'record': return 'a mapping'
    case 'array': return 'a list'
    case 'boolean': return 'true or false'
    case 'string': return 'a text'
    default: return `a value of type ${expected}`
  }
}

/** Of the forms that a value may have, the one that it evidently tries to be. */
function meantOption (issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] {
  const isWrongType = (errors: readonly Issue[]): boolean =>
    errors.some(error => error.path.length === 0 && error.code === 'invalid_type')
  const isOwnRefusal = (errors: readonly Issue[]): boolean =>
    errors.some(error => error.path.length === 0 && error.code === 'custom')
  const fitting = issue.errors.filter(errors => !isWrongType(errors))
  const structured = typeof issue.input === 'object' && issue.input !== null
  return (structured ? fitting.find(errors => !isOwnRefusal(errors)) : undefined) ?? fitting[0] ?? issue.errors[0] ?? []
}
