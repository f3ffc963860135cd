/**
 * The schema as a plain tree, for all who have to know its shape and not only whether a value fits: environment names,
 * "did you mean", the reference page. Made by walking zod's own public definitions, so there is no second list of keys.
 */
import * as z from 'zod'
import { kinds } from './fields.ts'
import type { ValueKind } from './fields.ts'
import type { Path } from './problem.ts'
import { schema } from './schema.ts'

export type Tree =
  | { readonly type: 'section', readonly fields: ReadonlyMap<string, Field>, readonly kind?: ValueKind }
  | { readonly type: 'map', readonly value: Tree }
  | { readonly type: 'list', readonly item: Tree, readonly kind?: ValueKind }
  | { readonly type: 'leaf', readonly kind: ValueKind, readonly values?: readonly string[] }

export interface Field {
  readonly tree: Tree
  readonly description: string
  /** As it would be written; absent when there is none or the defaults are those of the keys below. */
  readonly default?: unknown
  readonly isRequired: boolean
  /** The whole mapping may be absent, which is not the same as being empty. */
  readonly isOptional: boolean
}

let cached: Tree | undefined

/** The tree of the whole configuration. */
export function schemaTree (): Tree {
  cached ??= treeOf(schema)
  return cached
}

/** The node at a path: list indices and names of map entries lead to what they hold. Nothing for an unknown key. */
export function treeAt (path: Path, from: Tree = schemaTree()): Tree | undefined {
  let tree: Tree | undefined = from
  for (const step of path) {
    if (tree === undefined) return undefined
    if (tree.type === 'section') tree = tree.fields.get(String(step))?.tree
    else if (tree.type === 'map') tree = tree.value
    else if (tree.type === 'list') tree = tree.item
    else tree = undefined
  }
  return tree
}

function treeOf (type: z.core.$ZodType): Tree {
  const inner = unwrap(type)
  const kind = kinds.get(inner)
  const withKind = kind === undefined ? {} : { kind }
  if (inner instanceof z.ZodObject) {
    const fields = new Map<string, Field>()
    for (const [key, value] of Object.entries(inner.shape as Record<string, z.ZodType>)) fields.set(key, fieldOf(value))
    return { type: 'section', fields, ...withKind }
  }
  if (inner instanceof z.ZodRecord) return { type: 'map', value: treeOf(inner.valueType) }
  if (inner instanceof z.ZodArray) return { type: 'list', item: treeOf(inner.element), ...withKind }
  if (inner instanceof z.ZodUnion) {
    // "one or a list of them" and "short form or mapping": the richer form has the shape.
    const options = inner.options.map(unwrap)
    const rich = options.find(option => option instanceof z.ZodObject) ??
      options.find(option => option instanceof z.ZodArray)
    if (rich !== undefined) return { ...treeOf(rich), ...withKind }
  }
  if (kind === undefined) throw new TypeError('a field of the schema has no kind')
  return { type: 'leaf', kind, ...(inner instanceof z.ZodEnum ? { values: inner.options.map(String) } : {}) }
}

function fieldOf (type: z.ZodType): Field {
  const inner = unwrap(type)
  const description = type.description ?? z.globalRegistry.get(inner)?.description
  if (description === undefined) throw new TypeError('a field of the schema has no description')
  const tree = treeOf(type)
  const isRequired = !type.safeParse(undefined).success
  const base = { tree, description, isRequired, isOptional: type instanceof z.ZodOptional }
  return type instanceof z.ZodDefault ? { ...base, default: type.def.defaultValue } : base
}

function unwrap (type: z.core.$ZodType): z.core.$ZodType {
  let inner = type
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.def.innerType
  }
  return inner
}
