import { connect } from 'node:net'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { startAdmin } from '../../../lib/admin/server.ts'
import { ControlPlane } from '../../../lib/control/control-plane.ts'
import type { ListenTarget } from '../../../lib/config/config.ts'
import type { CheckResult } from '../../../lib/control/probe-check.ts'
import type { Supervisor } from '../../../lib/control/supervisor.ts'
import { hashKey } from '../../../lib/core/hash.ts'
import { homeOf } from '../../../lib/core/ring-image.ts'
import { MetricsText } from '../../../lib/metrics/registry.ts'
import { config, node, pool } from '../../support/config.ts'
import { LogKeeper } from '../../support/log-keeper.ts'
import { get } from '../control/support.ts'

const NODES = [node('a', { port: 81 }), node('b', { capacity: 32, cap: 128 }), node('c')]
const PROBE = {
  type: 'tcp', path: '/', intervalMs: 60_000, timeoutMs: 100, rise: 1, fall: 1, expect: []
} as const

/** The data threads as the admin server sees them. */
const THREADS = {
  isListening: true,
  reusePort: true,
  appliedGeneration: 1,
  addresses: [{ host: '', port: 8080 }],
  status: () => [{ thread: 0, state: 'listening', sinceMs: 0, restarts: 1, applied: 1, lastEnd: 'exit code 3' }],
  publish: () => {}
} as unknown as Supervisor

async function start (t: Test, options: { probed?: boolean, listen?: ListenTarget } = {}) {
  const logger = new LogKeeper()
  const answers: Array<(result: CheckResult) => void> = []
  const control = new ControlPlane({
    version: '1.2.3',
    threads: 1,
    addressSeed: 1,
    logger,
    check: () => new Promise((resolve) => { answers.push(resolve) })
  })
  const metrics = new MetricsText(control)
  const admin = await startAdmin(options.listen ?? { host: '127.0.0.1', port: 0 }, { control, metrics, log: logger })
  t.teardown(async () => {
    control.probes.stop()
    await admin.close()
  })
  control.publish(config([pool('fn', NODES, options.probed === true ? { probe: PROBE } : {})]))
  const port = Number(admin.url.split(':')[2])
  const json = async (path: string): Promise<Record<string, any>> => JSON.parse((await get({ port }, path)).body)
  return { control, admin, port, answers, json, logger }
}

void t.test('livez, startupz and readyz follow the phases', async (t) => {
  const { control, port, answers } = await start(t, { probed: true })
  const statuses = async (): Promise<number[]> => await Promise.all(
    ['/livez', '/startupz', '/readyz'].map(async (path) => (await get({ port }, path)).status))
  t.same(await statuses(), [200, 503, 503])
  t.equal((await get({ port }, '/readyz')).body, 'starting\n')
  control.running(THREADS)
  t.same(await statuses(), [200, 200, 503])
  t.equal((await get({ port }, '/readyz?verbose')).body, 'pool fn: not all nodes have been probed once\n')
  while (answers.length < 3) await new Promise((resolve) => setImmediate(resolve))
  for (const answer of answers) answer({ outcome: 'refused', reason: 'connection refused', durationMs: 1 })
  await new Promise((resolve) => setImmediate(resolve))
  t.same(await statuses(), [200, 200, 200], 'nodes that are all down do not make this process unready')
  control.publish(config([pool('fn', [...NODES, node('d')], { probe: PROBE })]))
  t.equal((await get({ port }, '/readyz')).status, 200, 'nor does a newcomer')
  control.draining()
  t.same(await statuses(), [200, 200, 503])
})

void t.test('status says it on one page', async (t) => {
  const { control, json } = await start(t)
  control.running(THREADS)
  t.match(await json('/v1/status'), {
    apiVersion: 'fnlb/v1',
    kind: 'Status',
    instance: String,
    snapshot: 1,
    generated_at: /^\d{4}-/,
    version: '1.2.3',
    node_version: process.version,
    phase: 'running',
    ready: true,
    not_ready: [],
    listen: [':8080'],
    listen_mode: 'reuse_port',
    threads: [{ thread: 0, state: 'listening', restarts: 1, snapshot: 1, last_end: 'exit code 3' }],
    pools: [{
      name: 'fn',
      policy: 'consistent-hash',
      nodes: { total: 3, eligible: 3, up: 0, unknown: 3 },
      in_flight: 0,
      capacity: 64,
      ring: { digest: /^[0-9a-f]{32}$/, changes: 0 }
    }]
  })
  t.equal((await json('/v1/pools'))['items'][0].name, 'fn')
})

void t.test('nodes and ring', async (t) => {
  const { control, json } = await start(t)
  const { slot } = control.registry.get('fn', 'a')!
  control.nodeTable.tryAcquire(0, slot)
  control.registry.setAdmin('fn', 'c', 'drain')
  const nodes = await json('/v1/pools/fn/nodes')
  t.match(nodes, { kind: 'NodeList', pool: 'fn' })
  t.match(nodes['items'], [
    { id: 'a', address: '127.0.0.1:81', state: 'unknown', eligible: true, in_flight: 1, capacity: 16, cap: 64 },
    { id: 'b', capacity: 32 },
    { id: 'c', state: 'drain', operational: 'unknown', admin: 'drain', eligible: false }
  ])
  const ring = await json('/v1/pools/fn/ring')
  t.match(ring, { kind: 'Ring', points: 640, ring_version: 1, digest: control.published.pools[0]!.ring.image.digest })
  t.same(ring['items'].map((item: { points: number }) => item.points), [160, 320, 160])
  const total = ring['items'].reduce((sum: number, item: { share: number }) => sum + item.share, 0)
  t.ok(Math.abs(total - 1) < 1e-9)
})

void t.test('route: home, preference list and verdicts, by the code that places calls', async (t) => {
  const { control, json } = await start(t)
  const { view } = control.published.pools[0]!
  const home = view.nodes[homeOf(view.ring, hashKey('fn/resize'))]!
  const plain = await json('/v1/pools/fn/route?key=fn/resize')
  t.match(plain, { kind: 'Route', key: 'fn/resize', home: home.id, decision: home.id, reason: 'home' })
  t.equal(plain['policy'], 'consistent-hash')
  t.match(plain['items'][0], { rank: 0, verdict: 'take' })
  t.same(plain['items'].map((item: { id: string }) => item.id).sort(), ['a', 'b', 'c'])
  t.match(plain['hash'], /^[0-9a-f]{8}$/)
  const byPath = await json('/v1/pools/fn/route?path=/invoke/resize')
  t.same(byPath['items'], plain['items'])
  t.equal(byPath['key'], 'fn/resize')

  control.registry.setAdmin('fn', home.id, 'maint')
  const spilled = await json('/v1/pools/fn/route?key=fn/resize&limit=2')
  t.match(spilled, { home: home.id, decision: plain['items'][1].id, reason: 'spill' })
  t.match(spilled['items'], [{ verdict: 'not_ready' }, { verdict: 'take' }])
  t.equal(spilled['items'].length, 2)

  for (const { id } of NODES) control.registry.setAdmin('fn', id, 'drain')
  t.match(await json('/v1/pools/fn/route?key=fn/resize'), { decision: null, reason: 'no_eligible_node' })
  t.match(await json('/v1/pools/fn/route?path=/other'), { key: '', hash: null, home: null })
})

void t.test('what is wrong is a problem+json that says what to do', async (t) => {
  const { port } = await start(t)
  const cases: Array<[string, number, string, RegExp]> = [
    ['/nothing', 404, 'no_such_path', /nothing at \/nothing/],
    ['/v1/pools/fnn/nodes', 404, 'no_such_pool', /the pools are fn/],
    ['/v1/status?verbos=1', 400, 'bad_query', /no query parameter "verbos": it takes none/],
    ['/v1/pools/fn/route', 400, 'bad_query', /either \?key=/],
    ['/v1/pools/fn/route?key=a&path=/b', 400, 'bad_query', /either/],
    ['/v1/pools/fn/route?key=a&limit=0', 400, 'bad_query', /1 to 9999/],
    ['/v1/pools/%zz/ring', 400, 'bad_path', /percent-encoding/]
  ]
  for (const [path, status, code, detail] of cases) {
    const answer = await get({ port }, path)
    t.equal(answer.status, status, path)
    t.equal(answer.headers['content-type'], 'application/problem+json')
    t.match(JSON.parse(answer.body), { status, code, detail, type: `tag:fnlb,2026:admin:${code}` })
  }
})

void t.test('GET and HEAD only', async (t) => {
  const { port } = await start(t)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const answer = await get({ port }, '/v1/status', { method })
    t.equal(answer.status, 405)
    t.equal(answer.headers['allow'], 'GET, HEAD')
  }
  const head = await get({ port }, '/livez', { method: 'HEAD' })
  t.match(head, { status: 200, body: '', headers: { 'content-length': '3' } })
})

void t.test('on loopback a foreign Host is refused (DNS rebinding)', async (t) => {
  const { port } = await start(t)
  for (const host of ['localhost', 'localhost:9901', '127.0.0.1', '[::1]:9901', '10.1.2.3:80']) {
    t.equal((await get({ port }, '/livez', { headers: { host } })).status, 200, host)
  }
  for (const host of ['evil.example', 'evil.example:9901', 'localhost.evil.example', '127.0.0.1.evil.example']) {
    t.equal((await get({ port }, '/livez', { headers: { host } })).status, 421, host)
  }
})

void t.test('metrics are there, and admin requests are counted by pattern', async (t) => {
  const { port } = await start(t)
  await get({ port }, '/v1/pools/fn/ring')
  await get({ port }, '/v1/pools/other/ring')
  await get({ port }, '/any/thing')
  const answer = await get({ port }, '/metrics')
  t.match(answer, { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })
  t.match(answer.body, 'fnlb_admin_requests_total{route="/v1/pools/{pool}/ring",code_class="2xx"} 1\n')
  t.match(answer.body, 'fnlb_admin_requests_total{route="/v1/pools/{pool}/ring",code_class="4xx"} 1\n')
  t.match(answer.body, 'fnlb_admin_requests_total{route="unknown",code_class="4xx"} 1\n')
  t.match(answer.body, /^fnlb_node_ring_share_ratio\{pool="fn",node="a"\} 0\.\d+$/m)
})

void t.test('a request with a body, or none at all, does not hold the server up', async (t) => {
  const { port } = await start(t)
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  let text = ''
  socket.setEncoding('utf8').on('data', (part: string) => { text += part })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write('POST /v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nxx')
  await closed
  t.match(text, /^HTTP\/1\.1 405 [\s\S]*connection: close/i)
  const big = connect(port, '127.0.0.1')
  let answer = ''
  big.setEncoding('utf8').on('data', (part: string) => { answer += part }).on('error', () => {})
  const ended = new Promise((resolve) => big.once('close', resolve))
  big.write(`GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
  await ended
  t.match(answer, /^HTTP\/1\.1 431 /)
})

void t.test('a unix socket: rights, a stale file, no Host check', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'fnlb-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'admin.sock')
  const { admin } = await start(t, { listen: { path } })
  t.equal(admin.url, `unix:${path}`)
  t.equal(statSync(path).mode & 0o777, 0o660)
  t.equal((await get({ socketPath: path }, '/livez', { headers: { host: 'fnlb' } })).status, 200)
  await t.rejects(start(t, { listen: { path } }), { code: 'EADDRINUSE' }, 'a live one is not pushed aside')
  chmodSync(path, 0o600)
})
