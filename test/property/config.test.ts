/** Whatever stands in the file or the environment: loading it ends in a configuration or in words. It never throws. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { loadConfig } from '../../lib/config/load.ts'
import type { ConfigSources } from '../../lib/config/load.ts'
import { variableNames } from '../../lib/config/env.ts'
import { formatProblem } from '../../lib/config/problem.ts'
import { ROOT } from '../support/root.ts'

const EXAMPLE = readFileSync(path.join(ROOT, 'config.example.yaml'), 'utf8')
  .split('\n').map(line => line.replace(/\s*# .*$/, '')).filter(line => line !== '').join('\n')

/** The outcome in one word; throws when it is not one that an operator can use. */
function judge (sources: ConfigSources): string {
  const result = loadConfig(sources)
  const problems = result.ok ? result.warnings : result.problems
  for (const problem of problems) {
    const text = formatProblem(problem)
    if (problem.message === '' || text.includes('Invalid input') || text.includes('undefined')) throw new Error(text)
  }
  if (!result.ok && !problems.some(({ severity }) => severity === 'error')) throw new Error('refused without a reason')
  return result.ok ? 'ok' : 'refused'
}

const scraps = fc.oneof(
  fc.string({ unit: fc.constantFrom(...' \n:-[]{}"\'#&*!|>%@`,.0a~\t\0é'), maxLength: 4 }),
  fc.constantFrom('null', '~', '-1', '1e999', '0x10', '.nan', '[]', '{}', 'true', '"', '__proto__', '*a', '&a', '<<',
    '!!str')
)

void t.test('a damaged example', async t => {
  const file = path.join(t.testdir({}), 'f.yaml')
  const seen = new Set<string>()
  const edit = fc.record({ at: fc.nat(EXAMPLE.length), length: fc.nat(12), scrap: scraps })
  const edits = fc.array(edit, { minLength: 1, maxLength: 3 })
  fc.assert(fc.property(edits, list => {
    const text = list.reduce((before, { at, length, scrap }) =>
      before.slice(0, at) + scrap + before.slice(at + length), EXAMPLE)
    writeFileSync(file, text)
    seen.add(judge({ file, environment: {} }))
  }), { seed: 3, numRuns: 400 })
  t.ok(seen.has('refused'))
})

void t.test('values of any kind at any place', async t => {
  const file = path.join(t.testdir({}), 'f.yaml')
  const names = ['listen', 'tls', 'workers', 'admin', 'limits', 'routes', 'pools', 'fn', 'nodes', 'key', 'api', 'probe',
    'log', 'retry', 'from', 'address', 'id', 'pool', 'host', 'default_pool', 'drain_timeout', 'max_fields']
  const values = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof({ maxDepth: 4, depthSize: 'medium' },
      fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300, '', 'fn', ':80', '5s', '16KiB', 'a:1', 'runners', 'auto'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }))
  })).value
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), values, { maxKeys: 8 }), document => {
    writeFileSync(file, JSON.stringify(document))
    judge({ file, environment: {} })
  }), { seed: 4, numRuns: 400 })
  t.pass()
})

void t.test('any text in any variable', async t => {
  const texts = fc.oneof(fc.string({ maxLength: 12 }),
    fc.constantFrom('[{', '[]', '[{"pool":1}]', '{"a":1}', '[null]', '1,2'))
  const name = fc.constantFrom(...variableNames(['fn', 'b']))
  fc.assert(fc.property(fc.dictionary(name, texts, { maxKeys: 4 }), environment => {
    judge({ environment })
  }), { seed: 5, numRuns: 400 })
  t.pass()
})
