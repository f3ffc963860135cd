/** What a runner node says over HTTP: Fn's paths, errors, header rules and metrics, with real functions behind them. */
import { mkdtempSync, rmSync } from 'node:fs'
import t, { type Test } from 'tap'
import { startRunner, type Runner } from '../../../lib/demo/runner.ts'
import type { RunnerOptions } from '../../../lib/demo/options.ts'
import { call, holdCall, isAlive, until } from './client.ts'

const temporary = mkdtempSync('/tmp/fnlb-t-')
process.env['TMPDIR'] = temporary
t.teardown(() => { rmSync(temporary, { recursive: true }) })

async function runner (t: Test, options: RunnerOptions = {}): Promise<Runner> {
  const node = await startRunner(options)
  t.teardown(() => node.stop())
  return node
}

void t.test('the paths of every fnserver', async t => {
  const node = await runner(t)
  const version = await call(`${node.url}/version`, { method: 'GET' })
  t.equal(version.text, '{"version":"0.3.753"}')
  const hello = await call(node.url, { method: 'GET' })
  t.same(hello.json, { goto: 'https://github.com/fnproject/fn', hello: 'world!' })
  for (const [method, path, status, message] of [
    ['POST', '/invoke/nosuch', 404, 'Fn not found'],
    ['POST', '/invoke/', 404, 'Path not found: POST /invoke/'],
    ['POST', '/invoke/hello/more', 404, 'Path not found: POST /invoke/hello/more'],
    ['POST', '/invoke/%ff', 404, 'Path not found: POST /invoke/%ff'],
    ['POST', '/invoke/constructor', 404, 'Fn not found'],
    ['GET', '/invoke/hello', 405, 'Method not allowed: GET /invoke/hello'],
    ['POST', '/version', 405, 'Method not allowed: POST /version'],
    ['GET', '/t/other/hello', 404, 'App not found'],
    ['GET', '/t/demo', 404, 'Trigger not found'],
    ['GET', '/t/demo/hello/more', 404, 'Trigger not found'],
    ['GET', '/r/demo/hello', 404, 'Path not found: GET /r/demo/hello'],
    ['GET', '/v2/apps', 404, 'Path not found: GET /v2/apps']
  ] as const) {
    const reply = await call(node.url + path, { method, headers: { 'x-call-id': 'refused' } })
    t.equal(reply.status, status, `${method} ${path}`)
    t.equal(reply.text, `${JSON.stringify({ message })}\n`)
  }
  t.ok(node.calls().every(record => record.outcome === 'refused' && !record.executed && record.status >= 404))
  t.same(node.state().functions, [], 'nothing was started')
})

void t.test('an invoked function gets the headers, and its own all come back', async t => {
  const node = await runner(t)
  const reply = await call(`${node.url}/invoke/status`, {
    headers: { 'X-Demo-Status': '503', 'x-call-id': 'one' }
  })
  t.equal(reply.status, 200, 'the status of a function is for triggers')
  t.match(reply.headers, {
    'fn-http-status': '503',
    'fn-http-h-x-demo-status': '503',
    'fn-fdk-version': /^fdk-node/,
    'content-length': '14',
    'fn-call-id': /^[0-9a-f-]{36}$/
  })
  t.notMatch(reply.headers, { 'demo-cold': String })
  t.same(node.calls(), [{ seq: 1, id: 'one', target: 'status', executed: true, outcome: 'done', status: 200 }])
})

void t.test('a trigger takes any method, and the function chooses status and headers', async t => {
  const node = await runner(t, { triggers: { '/orders/new': 'status' } })
  for (const [method, status] of [['GET', 200], ['PUT', 404], ['DELETE', 503], ['PATCH', 307]] as const) {
    const reply = await call(`${node.url}/t/demo/orders/new?status=${status}`, { method })
    t.equal(reply.status, status)
    t.equal(reply.headers['x-demo-status'], String(status))
    t.notOk(reply.rawHeaders.some(name => /^fn-(http|fdk)/i.test(name)), 'what was for the gateway stays there')
    t.type(reply.headers['fn-call-id'], 'string')
    t.notOk(status === 503 && reply.headers['retry-after'], 'a 503 of a function is not the refusal of a node')
  }
  const head = await call(`${node.url}/t/demo/hello`, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(head.body.length, 0)
  const noContent = await call(`${node.url}/t/demo/status?status=204`, { method: 'GET' })
  t.equal(noContent.status, 204)
  t.equal(noContent.body.length, 0)
})

void t.test('bodies of all kinds go in and come out whole', async t => {
  const node = await runner(t)
  const bytes = Buffer.alloc(300_000, 'x\0\xff', 'latin1')
  for (const path of ['/invoke/echo', '/t/demo/echo']) {
    for (const headers of [{}, { 'Content-Length': String(bytes.length) }] as Array<Record<string, string>>) {
      const reply = await call(node.url + path, { body: bytes, headers: { ...headers, 'Content-Type': 'a/b' } })
      t.equal(reply.headers['content-type'], 'a/b')
      t.ok(reply.body.equals(bytes), `${path} ${JSON.stringify(headers)}`)
    }
  }
  const chunked = holdCall(`${node.url}/invoke/echo`)
  t.equal((await chunked.finish()).text, 'begin end')
  const big = await call(`${node.url}/t/demo/big?bytes=3000001`, { method: 'GET' })
  t.equal(big.body.length, 3_000_001)
  t.equal(big.headers['transfer-encoding'], 'chunked', 'a large answer is not held')
  const expecting = await call(`${node.url}/invoke/echo`, { headers: { Expect: '100-continue' }, body: 'after 100' })
  t.equal(expecting.text, 'after 100')
})

void t.test('a detached call is answered 202 without a body', async t => {
  const node = await runner(t)
  const reply = await call(`${node.url}/invoke/hello`, { headers: { 'Fn-Invoke-Type': 'detached' } })
  t.equal(reply.status, 202)
  t.equal(reply.text, '')
  t.match(node.calls(), [{ executed: true, outcome: 'done', status: 202 }])
})

void t.test('a function that fails', async t => {
  const node = await runner(t, { functions: { 'sleep-short': { timeoutMs: 50 }, mute: { initTimeoutMs: 200 } } })
  const thrown = await call(`${node.url}/invoke/crash`, { headers: { 'X-Demo-Throw': '1' } })
  t.equal(thrown.status, 502)
  t.equal(thrown.text, '{"message":"function failed"}\n')
  const [{ pid } = { pid: 0 }] = node.state().functions[0]?.instances ?? []
  t.ok(isAlive(pid), 'the FDK survives what its function throws')

  const crashed = await call(`${node.url}/invoke/crash`, { body: 'x'.repeat(1000) })
  t.equal(crashed.status, 502)
  t.equal(crashed.text, '{"message":"error receiving function response"}\n')
  await until('its process has ended', () => !isAlive(pid))
  t.same(node.state().functions[0]?.instances, [])

  const slow = await call(`${node.url}/invoke/sleep-short`, { headers: { 'X-Demo-Ms': '60000' } })
  t.equal(slow.status, 504)
  t.equal(slow.text, '{"message":"Timed out"}\n')
  await until('what timed out was ended', () => node.state().functions[1]?.instances.length === 0)

  const broken = await call(`${node.url}/invoke/broken`)
  t.equal(broken.status, 502)
  t.match(broken.json, { message: /^Container failed to initialize/ })
  const mute = await call(`${node.url}/invoke/mute`)
  t.equal(mute.status, 504)
  t.match(mute.json, { message: /^Container initialization timed out/ })

  t.same(node.calls().map(({ target, executed, outcome, status }) => [target, executed, outcome, status]), [
    ['crash', true, 'failed', 502], ['crash', true, 'failed', 502], ['sleep-short', true, 'timed-out', 504],
    ['broken', false, 'failed', 502], ['mute', false, 'failed', 504]
  ])
  t.equal((await call(`${node.url}/invoke/hello`)).status, 200, 'the node goes on')
  t.match(node.state(), { queued: 0, counters: { running: 0, errors: 4, timeouts: 1, completed: 1 } })
})

void t.test('a body over the limit is refused, before or while it comes', async t => {
  const node = await runner(t, { maxRequestBytes: 1000 })
  const known = await call(`${node.url}/invoke/echo`, { body: Buffer.alloc(1001) })
  t.equal(known.status, 413)
  t.equal(known.text, '{"message":"Request content too large"}\n')
  t.match(node.calls(), [{ executed: false }])
  const unknown = await call(`${node.url}/invoke/echo`, {
    body: Buffer.alloc(5000), headers: { 'Transfer-Encoding': 'chunked' }
  })
  t.equal(unknown.status, 413)
  t.equal((await call(`${node.url}/invoke/echo`, { body: Buffer.alloc(1000) })).status, 200)
})

void t.test('metrics in the words of fnserver', async t => {
  const node = await runner(t, { maxInstances: 4 })
  const metrics = async (): Promise<string> => (await call(`${node.url}/metrics`, { method: 'GET' })).text
  t.match(await metrics(), /^fn_running 0$/m)
  t.notMatch(await metrics(), /^fn_container_idle_total\{/m, 'no series before the first call')
  const running = holdCall(`${node.url}/invoke/echo`)
  await call(`${node.url}/invoke/hello`)
  await until('both run', async () => /^fn_running 1$/m.test(await metrics()))
  const text = await metrics()
  for (const line of [
    '# TYPE fn_running counter', 'fn_queued 0', 'fn_calls 2', 'fn_completed 1',
    'fn_container_busy_total{app_id="demo",fn_id="echo",image_name="fnlb/demo-echo:1"} 1',
    'fn_container_idle_total{app_id="demo",fn_id="hello",image_name="fnlb/demo-hello:1"} 1',
    'fn_container_paused_total{app_id="demo",fn_id="hello",image_name="fnlb/demo-hello:1"} 0',
    `fn_util_mem_used ${2 * 128 * 1024 * 1024}`, `fn_util_mem_avail ${2 * 128 * 1024 * 1024}`
  ]) t.ok(text.split('\n').includes(line), line)
  await running.finish()
  t.match(await metrics(), /^fn_running 0$/m, 'a "counter" that falls, as with Fn')
})
