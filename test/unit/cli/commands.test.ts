/** The command tree in this process: what is printed where, and with which exit code it ends. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import type { ServePlan } from '../../../lib/cli/commands/serve.ts'
import { launch } from '../../../lib/cli/launch.ts'
import { main, reportFailure } from '../../../lib/cli/main.ts'
import { run } from '../../../lib/cli/run.ts'
import { FnlbError } from '../../../lib/errors.ts'

interface Result { code: number, out: string, err: string, plans: ServePlan[] }

async function fnlb (argv: readonly string[], environment: Record<string, string> = {}): Promise<Result> {
  const result: Result = { code: -1, out: '', err: '', plans: [] }
  const io = {
    out: (text: string) => { result.out += text },
    err: (text: string) => { result.err += text },
    environment
  }
  try {
    result.code = await run(argv, io, plan => {
      result.plans.push(plan)
      return Promise.resolve(0)
    })
  } catch (error) {
    result.code = reportFailure(error, io)
  }
  return result
}

void t.test('a wrong command line gets two lines and exit code 2', async t => {
  const commands = 'hint: the commands are: serve, check, config, version; more with fnlb --help'
  const options = (command: string): string => `hint: fnlb ${command} --help lists its options`
  for (const [argv, message, hint] of [
    [[], 'no command is given', commands],
    [['--nope'], 'no command is given', commands],
    [['serv'], 'there is no command "serv", did you mean "serve"?', commands],
    [['frobnicate', '--x'], 'there is no command "frobnicate"', commands],
    [['serve', '--listn', ':80'], 'there is no option --listn, did you mean "--listen"?', options('serve')],
    [['serve', '--listn=:80'], 'there is no option --listn, did you mean "--listen"?', options('serve')],
    [['serve', '--no-demo'], 'there is no option --no-demo', options('serve')],
    [['check', '-x'], 'there is no option -x', options('check')],
    [['serve', '-c'], '-c needs a value', options('serve')],
    [['serve', '--node'], '--node needs a value', options('serve')],
    [['check', 'extra'], 'check does not take "extra"', options('check')],
    [['version', '-o', 'xml'], '--output can not be "xml", only one of "text", "json"', options('version')],
    [['check', '-c', 'a', '-c', 'b'], '--config is given more than once', 'hint: give it once'],
    [['config'], 'config needs to know what to print',
      'hint: one of: fnlb config show, fnlb config schema, fnlb config defaults'],
    [['config', 'shwo'], 'there is no "config shwo", did you mean "show"?',
      'hint: one of: fnlb config show, fnlb config schema, fnlb config defaults']
  ] as const) {
    t.same(await fnlb(argv), { code: 2, out: '', err: `fnlb: ${message}\n${hint}\n`, plans: [] }, argv.join(' '))
  }
})

void t.test('serve makes a plan', async t => {
  const directory = t.testdir({ 'f.yaml': 'pools: {fn: {nodes: [a:1]}}\n' })
  const file = join(directory, 'f.yaml')
  const flags = await fnlb(['serve', '--listen', ':0', 'unix:/x', '--node', 'a:1', '--node', 'b:1', '--workers', '2',
    '--admin', ''])
  t.match(flags, { code: 0, out: '', err: '' })
  t.match(flags.plans, [{
    demo: false,
    config: {
      workers: 2,
      listen: [{ host: '', port: 0 }, { path: '/x' }],
      pools: [{ name: 'fn', nodes: [{ id: 'a:1' }, { id: 'b:1' }] }]
    },
    origins: { workers: 'flag --workers' }
  }])
  t.same(flags.plans[0]?.config.admin, {})
  t.notOk('configFile' in flags.plans[0]!)

  const named = await fnlb(['serve'], { FNLB_CONFIG: file })
  t.equal(named.plans[0]?.configFile, file, 'the file of the environment')
  const other = await fnlb(['serve', '-c', join(directory, 'none')], { FNLB_CONFIG: file })
  t.match(other, { code: 2, plans: [], err: /none: no such file\n/ }, 'a flag goes first')

  const demo = await fnlb(['serve', '--demo'])
  t.match(demo.plans, [{ demo: true, config: { pools: [] } }])
})

void t.test('serve starts nothing with a wrong configuration', async t => {
  t.same(await fnlb(['serve']), {
    code: 2,
    out: '',
    plans: [],
    err: 'pools: no pool is configured; name the runner nodes under pools.<name>.nodes\n' +
      'fnlb: 1 error in the configuration; nothing was started\n' +
      'hint: give a file with -c FILE, or runners with fnlb serve --node HOST:PORT, or try fnlb serve --demo\n'
  })
  t.same(await fnlb(['serve', '--node', 'a', '--workers', '0'], { FNLB_LOGS: 'x' }), {
    code: 2,
    out: '',
    plans: [],
    err: 'env FNLB_LOGS: no setting has this name; see docs/configuration.md\n' +
      'flag --workers workers: expected "auto" or a whole number from 1 to 64, got the number 0\n' +
      'flag --node pools.fn.nodes[0]: expected a node address "host:port", got "a" (the port is missing)\n' +
      'fnlb: 3 errors in the configuration; nothing was started\n' +
      'hint: "fnlb config defaults" shows every setting, docs/configuration.md what it means\n'
  })
})

void t.test('check', async t => {
  const file = join(t.testdir({}), 'f.yaml')
  writeFileSync(file, 'admin: {listen: ":9901"}\nroutes: [{host: a.b, path_prefix: /x, pool: fn}]\n' +
    'pools: {fn: {nodes: [a:1, {address: b:1, capacity: 4}]}}\n')
  t.same(await fnlb(['check', '-c', file]), {
    code: 0,
    plans: [],
    err: `warning: ${file}:1:17 admin.listen: ` +
      'the admin server has no authentication, and other machines can reach it here\n',
    out: `ok       ${file}
listen   :8080
admin    :9901
workers  auto
pool     fn: 2 nodes, capacity 20, hot, default
route    a.b/x → fn
`
  })
  t.match(await fnlb(['check'], { FNLB_POOLS__FN__NODES: 'a:1' }), { code: 0, out: /^ok {7}environment alone\n/ })
  t.match(await fnlb(['check', '-c', `${file}x`]), { code: 2, out: '', err: /x: no such file\n/ })
})

void t.test('config show, defaults, schema', async t => {
  const environment = { FNLB_POOLS__FN__NODES: 'a:1', FNLB_LOG__LEVEL: 'debug' }
  const shown = await fnlb(['config', 'show'], environment)
  t.match(parse(shown.out), { listen: ':8080', log: { level: 'debug' }, pools: { fn: { nodes: ['a:1'] } } })
  const annotated = await fnlb(['config', 'show', '--origin'], environment)
  t.match(annotated.out, /^ {2}level: debug # env FNLB_LOG__LEVEL$/m)
  t.match(annotated.out, /^trusted_proxies: \[\] # default$/m)
  t.match(annotated.out, /^ {6}- a:1 # env FNLB_POOLS__FN__NODES$/m)
  t.same(parse(annotated.out), parse(shown.out), 'still the same configuration')
  const json = JSON.parse((await fnlb(['config', 'show', '-o', 'json', '--origin'], environment)).out)
  t.match(json, { config: { log: { level: 'debug' } }, origins: { 'log.level': 'env FNLB_LOG__LEVEL' } })
  const wrong = await fnlb(['config', 'show'], { FNLB_WORKERS: '0' })
  t.match(wrong, { code: 2, out: '', err: /env FNLB_WORKERS workers: / })

  const defaults = await fnlb(['config', 'defaults'])
  t.match(parse(defaults.out), { workers: 'auto', pools: { fn: { retry: { attempts: 3 } } } })
  t.match(JSON.parse((await fnlb(['config', 'schema'])).out), { title: 'fnlb configuration', type: 'object' })
  t.match(parse((await fnlb(['config', 'schema', '-o', 'yaml'])).out), { title: 'fnlb configuration' })
})

void t.test('help and version', async t => {
  const help = await fnlb(['--help'])
  t.equal(help.code, 0)
  for (const word of ['serve', 'check', 'config', 'version', 'Exit codes: 0 ok']) t.match(help.out, word)
  const serve = await fnlb(['serve', '--help'])
  t.match(serve, { code: 0, plans: [], err: '' })
  for (const word of ['--listen', '--node', '--workers', '--admin', '--demo']) t.match(serve.out, word)
  t.match(await fnlb(['version']), { code: 0, out: /^fnlb \d+\.\d+\.\d+ \(Node\.js \d+\.\d+\.\d+\)\n$/ })
  t.match(await fnlb(['--version']), { code: 0, out: /^fnlb / })
  t.match(JSON.parse((await fnlb(['version', '-o', 'json'])).out), { node_version: process.versions.node })
})

void t.test('failures of a running command', async t => {
  let err = ''
  const io = { out: () => {}, err: (text: string) => { err += text }, environment: {} }
  t.equal(reportFailure(new FnlbError('FNLB_LISTEN_FAILED', 'port taken', { hint: 'use another' }), io), 2)
  t.equal(err, 'fnlb: port taken\nhint: use another\n')
  err = ''
  t.equal(reportFailure(new TypeError('oops'), io), 70)
  t.match(err, /^fnlb: internal error: TypeError: oops\n.*at /s)
  t.equal(reportFailure('text', io), 70)
  await t.rejects(run(['serve', '--node', 'a:1'], io, () => Promise.reject(new TypeError('in the daemon'))), {
    message: 'in the daemon'
  })
  t.equal(await main(['config', 'nope'], io), 2)
})

void t.test('the plan comes from a process of its own', async t => {
  const plans: ServePlan[] = []
  const io = { out: t.fail, err: t.fail, environment: { ...process.env, FNLB_WORKERS: '3' } }
  const code = await launch(['serve', '--node', 'a:1', '--demo'], io, plan => {
    plans.push(plan)
    return Promise.resolve(7)
  })
  t.equal(code, 7)
  t.match(plans, [{ demo: true, config: { workers: 3, pools: [{ nodes: [{ id: 'a:1' }] }] } }])
})
