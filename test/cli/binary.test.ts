/** The built binary: exit codes and outputs as a shell sees them. Few spawns; the tree is tested in unit/cli. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { judgeNodeVersion } from '../../lib/cli/node-version.ts'

const BINARY = fileURLToPath(new URL('../../bin/fnlb.js', import.meta.url))

function fnlb (...argv: string[]): { code: number | null, out: string, err: string } {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FNLB_')))
  const { status, stdout, stderr } = spawnSync(process.execPath, [BINARY, ...argv], { encoding: 'utf8', env })
  return { code: status, out: stdout, err: stderr }
}

/** What stands before everything else on an old Node.js. */
const judged = judgeNodeVersion(process.versions.node)
const WARNING = judged.verdict === 'outdated' ? `fnlb: ${judged.warning}\nhint: ${judged.hint}\n` : ''

void t.test('version', async t => {
  t.match(fnlb('version'), { code: 0, out: /^fnlb \d/, err: '' })
})

void t.test('a wrong flag of serve', async t => {
  t.same(fnlb('serve', '--prot', '80'), {
    code: 2, out: '', err: `${WARNING}fnlb: there is no option --prot\nhint: fnlb serve --help lists its options\n`
  })
})

void t.test('a wrong configuration of serve starts nothing', async t => {
  const file = join(t.testdir({ 'f.yaml': 'listn: ":80"\npools: {fn: {nodes: [a]}}\n' }), 'f.yaml')
  t.same(fnlb('serve', '-c', file), {
    code: 2,
    out: '',
    err: `${WARNING}${file}:1:1 listn: unknown key, did you mean "listen"?
${file}:2:22 pools.fn.nodes[0]: expected a node address "host:port", got "a" (the port is missing)
fnlb: 2 errors in the configuration; nothing was started
hint: "fnlb config defaults" shows every setting, docs/configuration.md what it means
`
  })
})

void t.test('check', async t => {
  const file = join(t.testdir({ 'f.yaml': 'pools: {fn: {nodes: ["a:1"]}}\n' }), 'f.yaml')
  t.match(fnlb('check', '-c', file), { code: 0, out: /^ok .*\nlisten {3}:8080\n/, err: WARNING })
})

void t.test('help of serve', async t => {
  t.match(fnlb('serve', '--help'), { code: 0, out: /--listen/, err: WARNING })
})
