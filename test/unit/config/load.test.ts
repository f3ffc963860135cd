/**
 * Loading a configuration: every mistake that an operator can make in a file gives its exact message at its place, all
 * at once, and a good one gives numbers with units.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { POLICY_NAMES } from '../../../lib/core/placement/registry.ts'
import type { Test } from 'tap'
import { loadConfig } from '../../../lib/config/load.ts'
import type { ConfigSources, LoadResult } from '../../../lib/config/load.ts'
import { formatProblem } from '../../../lib/config/problem.ts'

function load (t: Test, text: string | Buffer, more: Partial<ConfigSources> = {}): LoadResult {
  const file = join(t.testdir({}), 'f.yaml')
  writeFileSync(file, text)
  return loadConfig({ file, environment: {}, ...more })
}

/** The messages, with the directory of the file cut off. */
function problems (t: Test, text: string | Buffer): string[] {
  const result = load(t, text)
  const list = result.ok ? result.warnings : result.problems
  return list.map(problem => formatProblem(problem).replaceAll(/\S*\/f\.yaml/g, 'f.yaml'))
}

const POOLS = 'pools: {fn: {nodes: [a:1]}}\n'

const POLICIES = POLICY_NAMES.map((name) => `"${name}"`).join(', ')

void t.test('the smallest file', async t => {
  const result = load(t, 'pools:\n  fn:\n    nodes:\n      - 10.42.1.7:8080\n      - 10.42.1.9:8080\n')
  if (!result.ok) throw new Error('refused')
  t.same(result.warnings, [])
  t.equal(result.config.defaultPool, 'fn')
  t.same(result.config.pools[0]?.nodes, [
    { id: '10.42.1.7:8080', host: '10.42.1.7', port: 8080, capacity: 16, cap: 64 },
    { id: '10.42.1.9:8080', host: '10.42.1.9', port: 8080, capacity: 16, cap: 64 }
  ])
})

void t.test('all mistakes of a file at once, in its order', async t => {
  t.same(problems(t, `listen: 8080
drain_timeout: 30
lmits: {}
limits:
  max_head_size: 16KB
  max_fileds: 3
  max_fields: 2.5
log:
  level: inf
  access: false
headers:
  via: no
nodes: [a]
trusted_proxies: 10.0.0.0/8
routes:
  - pool: fnn
  - host: "a:80"
    pool: fn
pools:
  fn:
    nodes:
      - 10.0.0.1:8080
      - 10.0.0.1:8080
      - address: 10.0.0.2
        capacty: 3
      - [1, 2]
      - {id: x}
    probe:
      intervall: 3s
      timeout: 5s
    policy: consistant-hash
    retry:
  FN: {nodes: [a:1]}
  b:
    nodes: []
  c: 5
`), [
    'f.yaml:1:9 listen: expected an address like ":8080", "127.0.0.1:8080", "[::1]:8080" or "unix:/run/fnlb.sock", ' +
      'got the number 8080 (write ":8080")',
    'f.yaml:2:16 drain_timeout: expected a duration like "250ms", "5s", "2m" or "1h", got the number 30 (add a unit)',
    'f.yaml:3:1 lmits: unknown key, did you mean "limits"?',
    'f.yaml:5:18 limits.max_head_size: expected a size like "512B", "16KiB", "8MiB" or "2GiB", got "16KB" ' +
      '(did you mean "16KiB"?)',
    'f.yaml:6:3 limits.max_fileds: unknown key, did you mean "max_fields"?',
    'f.yaml:7:15 limits.max_fields: expected a whole number from 8 to 1000, got the number 2.5',
    'f.yaml:9:10 log.level: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", got "inf", ' +
      'did you mean "info"?',
    'f.yaml:10:11 log.access: expected one of "off", "errors", "sampled", "all", got false (write "off")',
    'f.yaml:12:8 headers.via: expected true or false, got "no"',
    'f.yaml:13:1 nodes: unknown key here, it belongs under "pools.<name>"',
    'f.yaml:14:18 trusted_proxies: expected a list of networks, for example ["10.0.0.0/8"]',
    'f.yaml:16:11 routes[0].pool: there is no pool "fnn", did you mean "fn"?',
    'f.yaml:17:11 routes[1].host: expected a host name like "fn.example.com" or "*.example.com", got "a:80" ' +
      '(without a port)',
    'f.yaml:23:9 pools.fn.nodes[1]: "10.0.0.1:8080" is already the address of pools.fn.nodes[0]',
    'f.yaml:24:18 pools.fn.nodes[2].address: expected a node address "host:port", got "10.0.0.2" (the port is missing)',
    'f.yaml:25:9 pools.fn.nodes[2].capacty: unknown key, did you mean "capacity"?',
    'f.yaml:26:9 pools.fn.nodes[3]: expected a node address "host:port", got a list (quote an IPv6 address: ' +
      '"[::1]:8080")',
    'f.yaml:27:9 pools.fn.nodes[4].address: is required ("host:port")',
    'f.yaml:29:7 pools.fn.probe.intervall: unknown key, did you mean "interval"?',
    'f.yaml:30:16 pools.fn.probe.timeout: the timeout (5s) is longer than the interval (2s); probes of one ' +
      'node never overlap',
    `f.yaml:31:13 pools.fn.policy: expected one of ${POLICIES}, got "consistant-hash", ` +
      'did you mean "consistent-hash"?',
    'f.yaml:32:11 pools.fn.retry: is empty: give it a value or remove the key',
    'f.yaml:33:3 pools.FN: a pool name has 1 to 32 lower-case letters, digits and "-", and starts with a letter',
    'f.yaml:35:12 pools.b.nodes: needs at least one node',
    'f.yaml:36:6 pools.c: expected a mapping, got the number 5'
  ])
})

void t.test('text that is no configuration at all', async t => {
  const noPool = 'f.yaml pools: no pool is configured; name the runner nodes under pools.<name>.nodes'
  for (const [name, text, expected] of [
    ['empty', '', [noPool]],
    ['only a comment', '# nothing\n', [noPool]],
    ['a text', 'hello', ['f.yaml:1:1: expected a mapping with keys like "listen:" and "pools:" at the top']],
    ['a list', '\n- a\n', ['f.yaml:2:1: expected a mapping with keys like "listen:" and "pools:" at the top']],
    ['broken', 'a: [1\nb: 2\n', /^f\.yaml:2:1: not valid YAML: /],
    ['tab', 'log:\n\tlevel: info\n', /^f\.yaml:2:1: .*tab/i],
    ['two documents', `${POOLS}---\n${POOLS}`,
      ['f.yaml:2:1: a second document ("---") in the same file; one is expected']],
    ['custom tag', `${POOLS}workers: !secret x\n`, /^f\.yaml:2:10: the tag is not supported: /],
    ['IPv6 node without quotes', 'pools: {fn: {nodes: [[::1]:80]}}',
      ['f.yaml:1:22: a key must be a plain text (quote the IPv6 address: "[::1]:80")']],
    ['IPv6 node in a block list', 'pools:\n  fn:\n    nodes:\n      - [::1]:8080\n',
      /^f\.yaml:4:14: not valid YAML: .* \(quote the IPv6 address: "\[::1\]:8080"\)$/],
    ['not UTF-8', Buffer.from([0x61, 0xff, 0xfe]), ['f.yaml: is not UTF-8 text']],
    ['too large', `# ${'x'.repeat(4 * 1024 * 1024)}\n`, ['f.yaml: is larger than 4 MiB']],
    ['an alias of itself', `${POOLS}a: &a [*a]\n`, /^f\.yaml:/]
  ] as const) {
    const found = problems(t, text)
    if (expected instanceof RegExp) t.match(found[0], expected, name)
    else t.same(found, expected, name)
  }
})

void t.test('files that can not be read', async t => {
  const directory = t.testdir({ sub: {} })
  for (const [file, message] of [['none.yaml', 'no such file'], ['sub', 'is a directory, not a file'],
    ['sub/../none/x', 'no such file']] as const) {
    const path = join(directory, file)
    const result = loadConfig({ file: path, environment: {} })
    t.same(result.ok ? [] : result.problems.map(formatProblem), [`${path}: ${message}`])
  }
  const locked = join(directory, 'locked.yaml')
  writeFileSync(locked, POOLS, { mode: 0o000 })
  const result = loadConfig({ file: locked, environment: {} })
  // Root may read everything.
  if (process.getuid?.() !== 0) t.match(result, { problems: [{ message: 'permission denied' }] })
})

void t.test('duplicate keys and aliases', async t => {
  t.same(problems(t, `${POOLS}workers: 2\nlog: {level: nope}\nworkers: 3\n`), [
    'f.yaml:3:14 log.level: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", got "nope"',
    'f.yaml:4:1: this key is given twice in the same mapping'
  ], 'the rest of the file is still checked')
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
  for (let level = 1; level < 9; level++) {
    const name = String.fromCharCode(97 + level)
    const below = `*${String.fromCharCode(96 + level)}`
    bomb.push(`${name}: &${name} [${Array(10).fill(below).join(',')}]`)
  }
  t.same(problems(t, bomb.join('\n')), ['f.yaml:1:1: aliases (*name) expand to too much; write the values out'])
  const policy = `expected one of ${POLICIES}, got "nope"`
  t.same(problems(t, 'pools:\n  a: &a {nodes: [x:1], policy: nope}\n  b: *a\ndefault_pool: a\nroutes: [{pool: b}]'), [
    `f.yaml:2:32 pools.a.policy: ${policy}`,
    `f.yaml:2:32 pools.b.policy: ${policy}`
  ], 'a value behind an alias is found where it is written')
})

void t.test('keys that are special in JavaScript are ordinary unknown keys', async t => {
  const [proto, constructor, ...rest] = problems(t, `${POOLS}__proto__: {listen: ":1"}\nconstructor: 1\n`)
  t.match(proto, /^f\.yaml:2:1 __proto__: unknown key/)
  t.match(constructor, /^f\.yaml:3:1 constructor: unknown key/)
  t.same(rest, [])
  t.equal(({} as Record<string, unknown>)['listen'], undefined)
})

void t.test('what contradicts itself', async t => {
  for (const [name, text, expected] of [
    ['port in use twice', `listen: [":80", "127.0.0.1:80"]\n${POOLS}`,
      ['f.yaml:1:17 listen[1]: "127.0.0.1:80" can not be bound beside ":80" (listen[0])']],
    ['admin on a port of listen', `listen: ":9901"\n${POOLS}`,
      ['f.yaml admin.listen: "127.0.0.1:9901" can not be bound beside ":9901" (listen)']],
    ['the same socket', `listen: unix:/a\nadmin: {listen: "unix:/a"}\n${POOLS}`,
      ['f.yaml:2:17 admin.listen: "unix:/a" can not be bound beside "unix:/a" (listen)']],
    ['target in head', `limits: {max_head_size: 4KiB}\n${POOLS}`,
      ['f.yaml:1:25 limits.max_head_size: limits.max_target_size is larger than limits.max_head_size, of which the ' +
        'target is a part']],
    ['id twice', 'pools: {fn: {nodes: [{address: a:1, id: x}, {address: b:1, id: x}]}}',
      ['f.yaml:1:64 pools.fn.nodes[1].id: "x" is already the id of pools.fn.nodes[0].id']],
    ['id of another address', 'pools: {fn: {nodes: [a:1, {address: b:1, id: "a:1"}]}}',
      ['f.yaml:1:46 pools.fn.nodes[1].id: "a:1" is already the id of pools.fn.nodes[0]']],
    ['address in other letters', 'pools: {fn: {nodes: [a:1, A:1]}}',
      ['f.yaml:1:27 pools.fn.nodes[1]: "a:1" is already the address of pools.fn.nodes[0]']],
    ['api node unknown', 'pools: {fn: {nodes: [worker:1], api: [worker:1, worker:2]}}',
      ['f.yaml:1:49 pools.fn.api[1]: no node of this pool has the id "worker:2", did you mean "worker:1"?']],
    ['no retry possible', 'pools: {fn: {nodes: [a:1], retry: {budget: 0%, budget_min: 0}}}',
      ['f.yaml:1:44 pools.fn.retry.budget: budget and budget_min are 0, which allows no retry; ' +
        'set attempts: 0 instead']],
    ['more idle than all', 'pools: {fn: {nodes: [a:1], upstream: {max_connections: 10, max_idle: 11}}}',
      ['f.yaml:1:70 pools.fn.upstream.max_idle: more than max_connections (10)']],
    ['slow probe', 'pools: {fn: {nodes: [a:1], probe: {interval: 500ms}}}',
      ['f.yaml:1:46 pools.fn.probe.interval: the timeout (1s) is longer than the interval (500ms); probes of one ' +
        'node never overlap']],
    ['default pool unknown', `default_pool: main\n${POOLS}`,
      ['f.yaml:1:15 default_pool: there is no pool "main"; the pools are: fn']],
    ['seventeen pools', `default_pool: p0\npools:\n${
      Array.from({ length: 17 }, (_, index) => `  p${index}: {nodes: [a:1]}\n`).join('')}`,
    ['f.yaml:2:1 pools: 17 pools; at most 16 are possible in one daemon']]
  ] as const) t.same(problems(t, text).filter(line => !line.startsWith('warning')), expected, name)
})

void t.test('what is only worth knowing', async t => {
  for (const [name, text, expected] of [
    ['long shutdown', `drain_timeout: 55s\n${POOLS}`,
      ['warning: f.yaml:1:16 drain_timeout: readiness_delay + drain_timeout is 65s; the pod\'s ' +
        'terminationGracePeriodSeconds must be longer, or Kubernetes kills the daemon before it has drained']],
    ['open admin', `admin: {listen: ":9901"}\n${POOLS}`,
      ['warning: f.yaml:1:17 admin.listen: the admin server has no authentication, and other machines can reach it ' +
        'here']],
    ['shadowed route', 'routes: [{path_prefix: /t, pool: fn}, {host: a, path_prefix: /t/x, pool: fn}]\n' + POOLS,
      ['warning: f.yaml:1:39 routes[1]: never reached: routes[0] matches all its requests first']],
    ['not shadowed', 'routes: [{host: "*.a", pool: fn}, {host: a, pool: fn}, {path_prefix: /t, pool: fn}, ' +
      '{path_prefix: /tt, pool: fn}]\n' + POOLS, []],
    ['unused pool', 'default_pool: a\npools:\n  a: {nodes: [a:1]}\n  b: {nodes: [a:1]}\n',
      ['warning: f.yaml:4:6 pools.b: no request ever comes here: no route names this pool, and it is not default_pool']]
  ] as const) {
    t.same(problems(t, text), expected, name)
    t.ok(load(t, text).ok, `${name} does not keep it from starting`)
  }
})

void t.test('certificates', async t => {
  const tls = (cert: string): string => `tls: {cert_file: ${cert}, key_file: key.pem}\n${POOLS}`
  const directory = t.testdir({ 'bad.pem': 'no certificate' })
  mkdirSync(join(directory, 'sub'))
  const file = join(directory, 'f.yaml')
  writeFileSync(file, tls('none.pem'))
  const missing = loadConfig({ file, environment: {} })
  t.same(missing.ok ? [] : missing.problems.map(formatProblem),
    [`${file}:1:1 tls: can not read ${join(directory, 'none.pem')}: no such file`], 'relative to the file')
  writeFileSync(join(directory, 'key.pem'), 'no key')
  writeFileSync(file, tls('bad.pem'))
  const unusable = loadConfig({ file, environment: {} })
  t.match(unusable.ok ? '' : formatProblem(unusable.problems[0]!),
    /f\.yaml:1:1 tls: the certificate and key can not be used: /)
})

void t.test('a configuration without pools is for the demo alone', async t => {
  t.notOk(loadConfig({ environment: {} }).ok)
  const result = loadConfig({ environment: {}, allowNoPools: true })
  t.ok(result.ok && result.config.pools.length === 0 && result.config.defaultPool === undefined)
})

void t.test('everything resolved', async t => {
  const result = load(t, `
listen: [":8080", "unix:/run/x.sock"]
admin: {listen: ""}
workers: 4
trusted_proxies: [10.0.0.0/8, "::1"]
log: {access: sampled, sample: 5%, slow: 0}
routes:
  - {host: FN.example, path_prefix: /t/, pool: web}
  - {path_prefix: /, pool: api}
default_pool: ""
pools:
  web:
    nodes: [{address: b:1, capacity: 3}, {address: a:1, id: zz}]
    concurrency: {cap_factor: 1.5}
    api: [zz]
    key: {from: ["header:Fn-Key", fn]}
    probe: {expect: [200, 300-399]}
  api: {nodes: [c:1], api: refuse, max_body_size: 1MiB}
`)
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  const { config } = result
  t.same(config.listen, [{ host: '', port: 8080 }, { path: '/run/x.sock' }])
  t.same(config.admin, {})
  t.equal(config.workers, 4)
  t.same(config.trustedProxies, ['10.0.0.0/8', '::1/128'])
  t.same(config.log, { level: 'info', access: 'sampled', sampleRatio: 0.05, slowMs: 0 })
  t.same(config.routes, [{ host: 'fn.example', pathPrefix: '/t', pool: 'web' }, { pool: 'api' }])
  t.equal(config.defaultPool, undefined)
  t.same(config.pools.map(pool => pool.name), ['api', 'web'], 'by name')
  const [api, web] = config.pools
  t.same(api?.api, { action: 'refuse' })
  t.equal(api?.maxBodyBytes, 1_048_576)
  t.same(web?.nodes.map(({ id, capacity, cap }) => [id, capacity, cap]), [['b:1', 3, 5], ['zz', 16, 24]], 'by id')
  t.same(web?.api, { action: 'route', nodeIds: ['zz'] })
  t.same(web?.keyRules, [{ kind: 'header', name: 'fn-key' }, { kind: 'fn' }])
  t.same(web?.probe.expect, [{ from: 200, to: 200 }, { from: 300, to: 399 }])
  t.same(JSON.parse(JSON.stringify(config)), config, 'plain data')
})
