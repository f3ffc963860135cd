/** Which instance serves a call: cold and warm, concurrency, the limit, eviction, idling out. Real processes. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import t, { type Test } from 'tap'
import { startRunner, type Runner } from '../../../lib/demo/runner.ts'
import type { InstanceView } from '../../../lib/demo/instance-pool.ts'
import type { RunnerOptions } from '../../../lib/demo/options.ts'
import { call, holdCall, isAlive, until } from './client.ts'

// A directory of its own: what is left in it at the end was left by this file.
const temporary = mkdtempSync('/tmp/fnlb-t-')
process.env['TMPDIR'] = temporary
t.teardown(() => { rmSync(temporary, { recursive: true }) })

async function runner (t: Test, options: RunnerOptions = {}): Promise<Runner> {
  const node = await startRunner({ truth: true, ...options })
  t.teardown(() => node.stop())
  return node
}

function instances (node: Runner, fnId?: string): InstanceView[] {
  return node.state().functions.filter(fn => fnId === undefined || fn.fnId === fnId).flatMap(fn => fn.instances)
}

void t.test('the first call is cold, the next one is warm on the same process', async t => {
  const node = await runner(t)
  const cold = await call(`${node.url}/invoke/hello`, { body: '{"name":"Ann"}' })
  t.equal(cold.status, 200)
  t.match(cold.json, { message: 'Hello Ann', fn: 'hello', call: cold.headers['fn-call-id'] })
  t.match(cold.headers, { 'demo-cold': '1', 'demo-node': 'demo', 'demo-pid': String(cold.json['pid']) })
  t.ok(Number(cold.headers['demo-init-ms']) > 5, 'a process was started')
  t.not(cold.json['pid'], process.pid)

  const warm = await call(`${node.url}/invoke/hello`)
  t.match(warm.headers, { 'demo-cold': '0', 'demo-init-ms': '0', 'demo-pid': cold.headers['demo-pid'] })
  t.equal(warm.json['pid'], cold.json['pid'])
  t.match(instances(node), [{ state: 'idle', calls: 2, pid: cold.json['pid'] }])
})

void t.test('an instance has one call at a time; a second call starts a second instance', async t => {
  const node = await runner(t)
  const first = holdCall(`${node.url}/invoke/echo`)
  await until('the first call runs', () => instances(node).some(({ state }) => state === 'busy'))
  const second = await call(`${node.url}/invoke/echo`)
  t.equal(second.headers['demo-cold'], '1')
  const third = await call(`${node.url}/invoke/echo`)
  t.match(third.headers, { 'demo-cold': '0', 'demo-pid': second.headers['demo-pid'] })
  t.same(instances(node).map(({ state }) => state), ['busy', 'idle'])

  const finished = await first.finish()
  t.equal(finished.text, 'begin end')
  t.not(finished.headers['demo-pid'], second.headers['demo-pid'])
  for (let i = 0; i < 3; i++) {
    const next = await call(`${node.url}/invoke/echo`)
    t.equal(next.headers['demo-pid'], finished.headers['demo-pid'], 'the one that became idle last is taken')
  }
})

void t.test('a call that waits for a start takes an instance that becomes free first', async t => {
  const functions = { echo: { initMs: 200 } }
  const node = await runner(t, { functions })
  const first = holdCall(`${node.url}/invoke/echo`)
  await until('the first call runs', () => instances(node).some(({ state }) => state === 'busy'))
  const second = call(`${node.url}/invoke/echo`)
  await until('the second one waits', () => node.state().queued === 1)
  const { headers } = await first.finish()
  t.match((await second).headers, { 'demo-cold': '0', 'demo-pid': headers['demo-pid'] })
  await until('the start ends all the same', () => instances(node).filter(({ state }) => state === 'idle').length === 2)
})

void t.test('a full node refuses by Fn\'s busy contract, without executing', async t => {
  const node = await runner(t, { maxInstances: 1 })
  const running = holdCall(`${node.url}/invoke/echo`)
  await until('the call runs', () => instances(node).some(({ state }) => state === 'busy'))
  for (const target of ['/invoke/echo', '/invoke/hello', '/t/demo/hello']) {
    const id = `refused ${target}`
    const refused = await call(node.url + target, { headers: { 'x-call-id': id }, body: 'x'.repeat(99) })
    t.equal(refused.status, 503, target)
    t.equal(refused.headers['retry-after'], '15')
    t.equal(refused.text, '{"message":"Timed out - server too busy"}\n')
    t.equal(refused.headers['content-type'], 'application/json; charset=utf-8')
    t.type(refused.headers['fn-call-id'], 'string')
    t.match(node.calls().at(-1), { id, executed: false, outcome: 'busy', status: 503 })
  }
  t.equal(node.state().counters.serverBusy, 3)

  running.abandon()
  await until('the abandoned instance is gone', () => instances(node).length === 0)
  t.equal((await call(`${node.url}/invoke/hello`)).status, 200, 'there is room again')
  t.match(node.calls()[0], { executed: true, outcome: 'gone', status: 0 })
})

void t.test('when full, the longest idle instance of another function makes room', async t => {
  const node = await runner(t, { maxInstances: 2 })
  const a = await call(`${node.url}/invoke/hello-a`)
  const b = await call(`${node.url}/invoke/hello-b`)
  const c = await call(`${node.url}/invoke/hello-c`)
  t.equal(c.status, 200)
  t.notOk(isAlive(Number(a.json['pid'])), 'never more processes than allowed')
  t.ok(isAlive(Number(b.json['pid'])))
  t.match(node.state().functions, [
    { fnId: 'hello-a', evictions: 1, instances: [] },
    { fnId: 'hello-b', evictions: 0, instances: [{ state: 'idle' }] },
    { fnId: 'hello-c', evictions: 0, instances: [{ state: 'idle' }] }
  ])
  t.equal((await call(`${node.url}/invoke/hello-a`)).headers['demo-cold'], '1', 'the evicted one is cold again')
})

void t.test('an idle instance ends after its idle timeout, and leaves nothing', async t => {
  const node = await runner(t, { functions: { 'hello-short': { idleTimeoutMs: 30 } } })
  const reply = await call(`${node.url}/invoke/hello-short`)
  t.equal(readdirSync(temporary).length, 1)
  const kept = await call(`${node.url}/invoke/hello`)
  const pid = Number(reply.json['pid'])
  await until('the process has ended', () => !isAlive(pid))
  await until('the node has seen it', () => instances(node, 'hello-short').length === 0)
  t.equal(readdirSync(temporary).length, 1, 'its directory is gone')
  t.ok(isAlive(Number(kept.json['pid'])), 'one with another timeout stays')
})

void t.test('calls may queue for room when the node is told so', async t => {
  const node = await runner(t, { maxInstances: 1, maxQueued: 1 })
  const first = holdCall(`${node.url}/invoke/echo`)
  await until('the call runs', () => instances(node).some(({ state }) => state === 'busy'))
  const queued = call(`${node.url}/invoke/hello`)
  await until('the call waits', () => node.state().queued === 1)
  t.equal((await call(`${node.url}/invoke/hello`)).status, 503, 'the queue is bounded')
  t.equal((await first.finish()).status, 200)
  t.equal((await queued).headers['demo-cold'], '1', 'the other function was evicted for the waiting call')
  t.equal(node.state().queued, 0)
})

void t.test('a call queues no longer than its limit, nor longer than its client waits', async t => {
  const node = await runner(t, { maxInstances: 1, maxQueued: 2, queueTimeoutMs: 60 })
  const first = holdCall(`${node.url}/invoke/echo`)
  await until('the call runs', () => instances(node).some(({ state }) => state === 'busy'))
  const leaving = holdCall(`${node.url}/invoke/hello`)
  await until('the call waits', () => node.state().queued === 1)
  leaving.abandon()
  await until('the client has left the queue', () => node.state().queued === 0)
  t.match(node.calls()[1], { executed: false, outcome: 'gone' })
  t.equal((await call(`${node.url}/invoke/hello`)).status, 503)
  t.equal((await first.finish()).status, 200)
})

void t.test('an added initialisation time counts into the cold start', async t => {
  const node = await runner(t, { defaults: { initMs: 120 } })
  const cold = await call(`${node.url}/invoke/hello`)
  t.ok(Number(cold.headers['demo-init-ms']) >= 120)
})

void t.test('stop ends every process, also one that is starting', async t => {
  const node = await runner(t)
  await call(`${node.url}/invoke/hello`)
  const starting = call(`${node.url}/invoke/mute`).catch((error: unknown) => error)
  await until('a process starts', () => instances(node, 'mute').some(({ pid }) => pid !== 0))
  const pids = instances(node).map(({ pid }) => pid)
  await node.stop()
  t.equal(pids.length, 2)
  t.same(pids.filter(isAlive), [])
  t.type(await starting, Error, 'its connection was closed')
})

void t.test('no instance left its directory', async t => {
  t.same(readdirSync(temporary), [])
})
