/** Environment variables and flags are as strict as the file, and win over it in the promised order. */
import { join } from 'node:path'
import t from 'tap'
import { settingsFromEnvironment, variableNames } from '../../../lib/config/env.ts'
import { loadConfig } from '../../../lib/config/load.ts'
import type { ConfigSources } from '../../../lib/config/load.ts'
import { formatProblem } from '../../../lib/config/problem.ts'

function problems (sources: ConfigSources): string[] {
  const result = loadConfig(sources)
  const all = result.ok ? [] : result.problems
  return all.filter(problem => problem.severity === 'error').map(formatProblem)
}

function valuesOf (environment: Record<string, string>): unknown[] {
  return settingsFromEnvironment(environment, []).overrides.map(({ path, value }) => [path.join('.'), value])
}

void t.test('names and kinds of values', async t => {
  t.same(valuesOf({
    FNLB_WORKERS: '4',
    FNLB_LISTEN: ':80,unix:/x',
    FNLB_ADMIN__LISTEN: '',
    FNLB_HEADERS__VIA: 'true',
    FNLB_LIMITS__MAX_FIELDS: '50',
    FNLB_TRUSTED_PROXIES: '',
    FNLB_POOLS__MY_POOL__NODES: '[::1]:80, 10.0.0.1:80',
    FNLB_POOLS__B__NODES: '[{"address": "a:1", "id": "x"}]',
    FNLB_POOLS__B__PROBE__EXPECT: '200-299,404',
    FNLB_POOLS__B__CONCURRENCY__CAP_FACTOR: '2.5',
    FNLB_POOLS__B__API: 'a,b',
    FNLB_POOLS__C__API: 'refuse',
    FNLB_ROUTES: '[]',
    OTHER: 'x'
  }), [
    ['admin.listen', ''],
    ['headers.via', true],
    ['limits.max_fields', 50],
    ['listen', [':80', 'unix:/x']],
    ['pools.b.api', ['a', 'b']],
    ['pools.b.concurrency.cap_factor', 2.5],
    ['pools.b.nodes', [{ address: 'a:1', id: 'x' }]],
    ['pools.b.probe.expect', ['200-299', '404']],
    ['pools.c.api', 'refuse'],
    ['pools.my-pool.nodes', ['[::1]:80', '10.0.0.1:80']],
    ['routes', []],
    ['trusted_proxies', []],
    ['workers', 4]
  ])
})

void t.test('a name that sets nothing is an error', async t => {
  const messages = (environment: Record<string, string>): string[] =>
    settingsFromEnvironment(environment, ['web']).problems.map(formatProblem)
  for (const [name, message] of [
    ['FNLB_LOG_LEVEL', 'no setting has this name, did you mean "FNLB_LOG__LEVEL"?'],
    ['FNLB_WORKRES', 'no setting has this name, did you mean "FNLB_WORKERS"?'],
    ['FNLB_POOLS__WEB__RETRY__ATTEMPS', 'no setting has this name, did you mean "FNLB_POOLS__WEB__RETRY__ATTEMPTS"?'],
    ['FNLB_workers', 'no setting has this name, did you mean "FNLB_WORKERS"?'],
    ['FNLB_WORKERS__X', /^no setting has this name/],
    ['FNLB_POOLS__web__POLICY', /^no setting has this name/],
    ['FNLB_COMPLETELY_DIFFERENT_THING', 'no setting has this name; see docs/configuration.md'],
    ['FNLB_', /^no setting has this name/],
    ['FNLB_LOG', 'names a group of settings; set one of them, for example "FNLB_LOG__LEVEL"'],
    ['FNLB_POOLS__WEB', 'names a group of settings; set one of them, for example "FNLB_POOLS__WEB__NODES"']
  ] as const) {
    const found = messages({ [name]: 'x' })
    t.equal(found.length, 1, name)
    const prefix = `env ${name}: `
    if (message instanceof RegExp) t.match(found[0]!.slice(prefix.length), message)
    else t.equal(found[0], prefix + message)
  }
  t.match(messages({ FNLB_ROUTES: '[{' })[0], /^env FNLB_ROUTES routes: is not valid JSON: /)
})

void t.test('names of others are left alone', async t => {
  const names = ['FNLB_CONFIG', 'FNLB_ADMIN', 'FNLB_SERVICE_HOST', 'FNLB_SERVICE_PORT', 'FNLB_SERVICE_PORT_HTTP',
    'FNLB_PORT', 'FNLB_PORT_8080_TCP', 'FNLB_PORT_8080_TCP_ADDR', 'FNLB_PORT_53_UDP_PROTO', 'FNLB_ADMIN_SERVICE_HOST',
    'FNLB_ADMIN_PORT_9901_TCP_PORT']
  t.same(settingsFromEnvironment(Object.fromEntries(names.map(name => [name, 'tcp://10.0.0.1:80'])), []),
    { overrides: [], problems: [] })
  const service = settingsFromEnvironment(Object.fromEntries(variableNames(['a-b']).map(name => [name, 'x'])), [])
  t.equal(service.overrides.length + service.problems.length, variableNames(['a-b']).length,
    'no setting looks like what Kubernetes sets for a Service')
})

void t.test('each name that is offered is accepted', async t => {
  const { problems, overrides } = settingsFromEnvironment(
    Object.fromEntries(variableNames(['a-b']).map(name => [name, 'x'])), [])
  t.same(problems, [])
  t.ok(overrides.some(({ path }) => path.join('.') === 'pools.a-b.upstream.max_idle'))
})

void t.test('values are checked like those of a file', async t => {
  t.same(problems({
    environment: {
      FNLB_WORKERS: '99', FNLB_DRAIN_TIMEOUT: '30', FNLB_POOLS__FN__NODES: 'a:1,b', FNLB_HEADERS__VIA: 'yes'
    }
  }), [
    'env FNLB_DRAIN_TIMEOUT drain_timeout: expected a duration like "250ms", "5s", "2m" or "1h", got "30" (add a unit)',
    'env FNLB_HEADERS__VIA headers.via: expected true or false, got "yes"',
    'env FNLB_POOLS__FN__NODES pools.fn.nodes[1]: expected a node address "host:port", got "b" (the port is missing)',
    'env FNLB_WORKERS workers: expected "auto" or a whole number from 1 to 64, got the number 99'
  ])
})

void t.test('flag over environment over file over default', async t => {
  const file = join(t.testdir({
    'f.yaml': 'workers: 2\nlog: {level: warn, access: all}\nadmin: {listen: ":1"}\npools: {web: {nodes: [f:1]}}\n'
  }), 'f.yaml')
  const result = loadConfig({
    file,
    environment: { FNLB_WORKERS: '3', FNLB_LOG__LEVEL: 'debug', FNLB_POOLS__WEB__NODES: 'e:1' },
    flags: { workers: '4', node: ['n:1', 'n:2'], admin: '', listen: ['127.0.0.1:0'] }
  })
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  const { config, origins } = result
  t.equal(config.workers, 4)
  t.equal(config.log.level, 'debug')
  t.equal(config.log.access, 'all')
  t.same(config.admin, {})
  t.same(config.pools.map(pool => [pool.name, pool.nodes.map(node => node.id)]), [['web', ['n:1', 'n:2']]])
  t.match(origins, {
    workers: 'flag --workers',
    'listen[0]': 'flag --listen',
    'admin.listen': 'flag --admin',
    'pools.web.nodes[1]': 'flag --node',
    'log.level': 'env FNLB_LOG__LEVEL',
    'log.access': `${file}:2`,
    'log.slow': 'default',
    trusted_proxies: 'default'
  })
})

void t.test('an environment list replaces the list of the file, and its mistakes are its own', async t => {
  const file = join(t.testdir({ 'f.yaml': 'pools:\n  fn:\n    nodes: [a:1, b:1]\n' }), 'f.yaml')
  const environment = { FNLB_POOLS__FN__NODES: 'c' }
  t.match(problems({ file, environment }), [/^env FNLB_POOLS__FN__NODES pools\.fn\.nodes\[0\]: /])
})

void t.test('flags alone', async t => {
  const result = loadConfig({ environment: {}, flags: { node: ['a:1'] } })
  t.ok(result.ok && result.config.defaultPool === 'fn' && result.config.pools[0]?.nodes[0]?.host === 'a')
  const two = 'default_pool: a\npools: {a: {nodes: [x:1]}, b-c: {nodes: [x:1]}}'
  const file = join(t.testdir({ 'f.yaml': two }), 'f.yaml')
  t.same(problems({ file, environment: {}, flags: { node: ['a:1'] } }), [
    'flag --node: there are several pools (a, b-c); name the nodes in the file, or set FNLB_POOLS__A__NODES'
  ])
  t.same(problems({ environment: {}, flags: { node: ['a'], workers: 'many', listen: ['x'] } }), [
    'flag --listen listen[0]: expected an address like ":8080", "127.0.0.1:8080", "[::1]:8080" or ' +
      '"unix:/run/fnlb.sock", got "x" (the port is missing)',
    'flag --workers workers: expected "auto" or a whole number from 1 to 64, got "many"',
    'flag --node pools.fn.nodes[0]: expected a node address "host:port", got "a" (the port is missing)'
  ])
})
