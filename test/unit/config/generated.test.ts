/**
 * What is generated from the schema is fresh, what is written by hand beside it agrees, and both name every setting.
 * `npm run schema` renews config.schema.json and docs/configuration.md.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import * as z from 'zod'
import { defaultDocument } from '../../../lib/config/defaults.ts'
import { configJsonSchema } from '../../../lib/config/json-schema.ts'
import { loadConfig } from '../../../lib/config/load.ts'
import { configReference } from '../../../lib/config/reference.ts'
import { schema } from '../../../lib/config/schema.ts'
import { schemaTree } from '../../../lib/config/schema-tree.ts'
import type { Tree } from '../../../lib/config/schema-tree.ts'
import { ROOT } from '../../support/root.ts'

const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8')

void t.test('config.schema.json is fresh', async t => {
  t.equal(read('config.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`, 'else: npm run schema')
})

void t.test('docs/configuration.md is fresh', async t => {
  t.equal(read('docs/configuration.md'), configReference(), 'else: npm run schema')
})

void t.test('the example is valid, and its values are the defaults', async t => {
  const file = path.join(ROOT, 'config.example.yaml')
  const result = loadConfig({ file, environment: {} })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  t.same(result.warnings, [])
  const written = parse(read('config.example.yaml')) as Record<string, unknown> & {
    pools: { fn: Record<string, unknown> }
  }
  const defaults = defaultDocument() as typeof written
  // Nodes have no default; the example names some.
  written.pools.fn['nodes'] = []
  t.same(written, defaults, 'every setting is there, with its default')
})

void t.test('the example mentions what is absent by default too', async t => {
  const text = read('config.example.yaml')
  for (const key of ['tls', 'instance', 'cert_file', 'key_file', 'default_pool', 'host', 'path_prefix', 'pool',
    'address', 'id', 'capacity']) t.match(text, new RegExp(`^[ #-]*${key}:`, 'm'), key)
})

void t.test('every key of the schema has a row in the reference', async t => {
  const reference = configReference()
  const keys = (tree: Tree): string[] => {
    switch (tree.type) {
      case 'section': return [...tree.fields].flatMap(([key, field]) => [key, ...keys(field.tree)])
      case 'map': return keys(tree.value)
      case 'list': return keys(tree.item)
      case 'leaf': return []
    }
  }
  const all = keys(schemaTree())
  t.ok(all.length > 60, `${all.length} keys`)
  for (const key of all) t.ok(reference.includes(`| \`${key}\` |`), key)
})

void t.test('editors judge as the daemon does', async t => {
  const editor = z.fromJSONSchema(JSON.parse(read('config.schema.json')) as Parameters<typeof z.fromJSONSchema>[0])
  const pools = { fn: { nodes: ['a:1'] } }
  for (const [name, value] of [
    ['example', parse(read('config.example.yaml'))],
    ['list of addresses', { listen: [':80'], pools }],
    ['zero without a unit', { drain_timeout: 0, pools }],
    ['node as a mapping', { pools: { fn: { nodes: [{ address: 'a:1', capacity: 3 }], api: ['x'] } } }],
    ['numbers as statuses', { pools: { fn: { nodes: ['a:1'], probe: { expect: [200] } } } }]
  ] as const) {
    t.ok(editor.safeParse(value).success, name)
    t.ok(schema.safeParse(value).success, name)
  }
  for (const [name, value] of [
    ['unknown key', { lissen: ':80', pools }],
    ['no unit', { drain_timeout: '30', pools }],
    ['out of range', { limits: { max_fields: 5 }, pools }],
    ['not one of', { log: { level: 'loud' }, pools }],
    ['pool name', { pools: { FN: pools.fn } }],
    ['no nodes', { pools: { fn: { nodes: [] } } }],
    ['node without address', { pools: { fn: { nodes: [{ id: 'x' }] } } }],
    ['wrong kind', { workers: 'many', pools }]
  ] as const) {
    t.notOk(editor.safeParse(value).success, name)
    t.notOk(schema.safeParse(value).success, name)
  }
})
