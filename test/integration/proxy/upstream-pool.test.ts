/** The kept connections to a node: which one is used next, how long they live, what ends them at once. */
import net from 'node:net'
import { request, scene, settled, until } from '../../support/stage.ts'
import type { Stage } from '../../support/stage.ts'
import type { RunnerCall } from '../../support/raw-runner.ts'

const GET = request('GET /invoke/f')
const UPSTREAM = { maxConnectionsPerNode: 256, maxIdlePerNode: 64, idleMs: 4000 }
const idleCount = ({ proxy }: Stage) => proxy.counters.sum('upstreamConnectionsIdle')

/** `count` calls at once, answered in the order in which they came. */
async function together (stage: Stage, count: number): Promise<void> {
  const { runner, client } = stage
  const { script } = runner
  const before = runner.calls.length
  runner.script = async (call) => {
    await runner.call(before + count)
    await script(call)
  }
  await Promise.all(Array.from({ length: count }, async () => {
    const c = await client()
    c.write(GET)
    await c.response()
    c.destroy()
  }))
  runner.script = script
}

scene('last in, first out', { requests: 7 }, async (t, stage) => {
  await together(stage, 3)
  const { runner, ask, proxy } = stage
  t.equal(runner.connections.length, 3)
  t.equal(idleCount(stage), 3)
  for (let turn = 0; turn < 4; turn++) await ask(GET)
  t.equal(runner.connections.length, 3)
  const last = runner.calls[3]!.connection
  t.ok(runner.calls.slice(3).every(({ connection }) => connection === last), 'the same one each time')
  t.equal(proxy.counters.sum('upstreamConnects', 0), 3)
  t.equal(proxy.counters.sum('upstreamReuses', 0), 4)
})

scene('no more idle ones than allowed', { pool: { upstream: { ...UPSTREAM, maxIdlePerNode: 2 } } }, async (t, stage) => {
  await together(stage, 5)
  t.equal(idleCount(stage), 2)
  await until(() => stage.runner.connections.filter(({ hasEnded }) => hasEnded).length === 3, 'three to be closed')
})

scene('no more open ones than allowed: the node counts as full', {
  runners: 2,
  requests: 3,
  own: 1,
  pool: { upstream: { ...UPSTREAM, maxConnectionsPerNode: 1 } },
  script: async (call) => { await call.runner.call(2) }
}, async (t, { client, runners, homedAt, proxy }) => {
  const path = homedAt(0)
  const [a, b, c] = [await client(), await client(), await client()]
  a.write(request(`GET ${path}`))
  const first = await runners[0]!.call(1)
  b.write(request(`GET ${path}`))
  const second = await runners[1]!.call(1)
  c.write(request(`GET ${path}`))
  const refusal = await c.response()
  t.equal(refusal.status, 503)
  t.ok(Number(refusal.header('retry-after')) >= 1)
  t.equal(proxy.refused('all_nodes_full'), 1)
  first.answer()
  second.answer()
  t.equal((await a.response()).status, 200)
  t.equal((await b.response()).status, 200)
})

scene('closed after the idle time', { requests: 2, pool: { upstream: { ...UPSTREAM, idleMs: 150 } } }, async (t, { ask, runner }) => {
  await ask(GET)
  await runner.connections[0]!.ended()
  await ask(GET)
  t.equal(runner.connections.length, 2)
})

scene('Keep-Alive: timeout ends it a second earlier, or at once', {
  requests: 6, script: (call) => { call.answer('ok', `Keep-Alive: ${call.target.slice(8).replaceAll('_', ' ')}\r\n`) }
}, async (t, stage) => {
  const { ask, runner } = stage
  for (const value of ['timeout=1', 'timeout=0', 'max=5,_timeout=1']) {
    await ask(request(`GET /invoke/${value}`))
    t.equal(idleCount(stage), 0, value)
  }
  t.equal(runner.connections.length, 3)
  for (const value of ['timeout=100', 'timeout=', 'max=100']) {
    const response = await ask(request(`GET /invoke/${value}`))
    t.equal(response.header('keep-alive'), undefined, 'it is the connection\'s, not the message\'s')
    t.equal(idleCount(stage), 1, value)
  }
})

scene('Keep-Alive: a timeout of two seconds leaves one', {
  requests: 1, script: (call) => { call.answer('ok', 'Keep-Alive: timeout=2\r\n') }
}, async (t, { ask, runner }) => {
  await ask(GET)
  const start = performance.now()
  await runner.connections[0]!.ended()
  const ms = performance.now() - start
  t.ok(ms > 900 && ms < 1500, `${ms} ms`)
})

for (const [what, bytes] of [['a response nobody asked for', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'], ['one byte', '\n']] as const) {
  scene(`${what} on an idle connection ends it`, { requests: 2 }, async (t, stage) => {
    const { ask, runner } = stage
    await ask(GET)
    runner.connections[0]!.write(bytes)
    await runner.connections[0]!.ended()
    t.equal(idleCount(stage), 0)
    t.equal((await ask(GET)).body, 'ok')
    t.equal(runner.connections.length, 2)
  })
}

for (const how of ['end', 'reset'] as const) {
  scene(`an idle connection that the runner ends (${how}) is forgotten`, { requests: 2 }, async (t, stage) => {
    const { ask, runner } = stage
    await ask(GET)
    runner.connections[0]![how]()
    await until(() => idleCount(stage) === 0, 'the connection to be forgotten')
    t.equal((await ask(GET)).status, 200)
    t.equal(stage.proxy.counters.retries(0, 2), 0)
  })
}

const STRAY: Record<string, (call: RunnerCall) => void> = {
  'more than Content-Length': (call) => { call.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil') },
  'more than the last chunk': (call) => { call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n0\r\n\r\n') },
  'a body with 204': (call) => { call.write('HTTP/1.1 204 No Content\r\n\r\nok') },
  'a body with 304': (call) => { call.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok') },
  'a body with HEAD': (call) => { call.answer() }
}
for (const [what, script] of Object.entries(STRAY)) {
  scene(`${what}: the rest is dropped, and so is the connection`, { requests: 2, script }, async (t, { client, runner }) => {
    const method = what.endsWith('HEAD') ? 'HEAD' : 'GET'
    const c = await client()
    for (let turn = 1; turn <= 2; turn++) {
      c.write(request(`${method} /invoke/f`))
      const response = await c.response(method)
      t.ok(response.status < 400)
      t.notMatch(response.body, /evil/)
      await runner.connections[turn - 1]!.ended()
    }
    t.equal(c.received, '')
    t.equal(runner.connections.length, 2)
  })
}

scene('a connection with an upload half done is not used again', {
  requests: 2,
  garbage: true,
  script: (call) => {
    if (call.method === 'POST') return call.answer().connection.ended()
    call.answer('second')
    return undefined
  }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(request('POST /invoke/f', 'Content-Length: 100\r\n', 'half'))
  t.equal((await c.response('POST')).status, 200)
  const d = await client()
  d.write(GET)
  t.equal((await d.response()).body, 'second')
  t.equal(runner.connections.length, 2)
})

scene('a node that leaves loses its idle connections at once, and its busy ones after their call', {
  requests: 2, script: async (call) => { if (call.runner.calls.length === 2) await settled(() => 1, 20); call.answer() }
}, async (t, { proxy, client, runner }) => {
  const { engine } = proxy
  const [a, b] = [await client(), await client()]
  a.write(GET)
  await a.response()
  b.write(GET)
  await runner.call(2)
  const view = engine.poolFor('', '/invoke/f')!.view
  const gone = net.createServer()
  await new Promise<void>((resolve) => { gone.listen(0, '127.0.0.1', resolve) })
  const { port } = gone.address() as net.AddressInfo
  engine.apply({ generation: 2, pools: [{ ...view, nodes: view.nodes.map((node) => ({ ...node, port })) }], routes: [], defaultPool: 0 })
  t.equal((await b.response()).status, 200)
  await runner.connections[0]!.ended()
  gone.close()
})
