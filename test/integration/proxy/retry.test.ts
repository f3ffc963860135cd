/** What is sent again, where to, and what never is: a call may be lost, but it is not executed twice. */
import net from 'node:net'
import { RETRY_CAUSES } from '../../../lib/tables/counters.ts'
import type { RetryCause } from '../../../lib/tables/counters.ts'
import { chunked } from '../../support/raw-message.ts'
import type { RunnerCall } from '../../support/raw-runner.ts'
import { Gate, request, scene, until } from '../../support/stage.ts'
import type { Stage } from '../../support/stage.ts'
import { startStuckNode } from '../../support/stuck-node.ts'

const retries = ({ proxy }: Stage, cause: RetryCause) => proxy.counters.retries(0, RETRY_CAUSES.indexOf(cause))
const calls = ({ runners }: Stage) => runners.reduce((sum, { calls }) => sum + calls.length, 0)
const reset = (call: RunnerCall) => { call.connection.reset() }
const end = (call: RunnerCall) => { call.connection.end() }

/** A port where nobody listens. */
async function closedPort (): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => { server.close(resolve) })
  return port
}

// ── no connection ─────────────────────────────────────────────────────────────────────────────────────────────────

scene('connect refused: the next candidate, body and all', {
  others: async () => [await closedPort(), await closedPort()],
  requests: 3,
  script: async (call) => { call.answer(await call.body()) }
}, async (t, stage) => {
  const { ask, homedAt } = stage
  const body = 'b'.repeat(200_000)
  for (const [fields, coded] of [
    [`Content-Length: ${body.length}\r\n`, body], ['Transfer-Encoding: chunked\r\n', chunked(body, 99, 50_000)]
  ] as const) {
    const response = await ask(request(`POST ${homedAt(1)}`, fields, coded), 'POST')
    t.equal(response.status, 200)
    t.ok(response.body === body)
  }
  t.equal((await ask(request(`GET ${homedAt(2)}`))).status, 200)
  t.ok(retries(stage, 'connect') >= 3)
  t.equal(stage.proxy.refused('upstream_connect'), 0)
})

scene('connect refused everywhere: 502 that says so', {
  runners: 0, others: () => Promise.all([closedPort(), closedPort(), closedPort()]), requests: 1, own: 1
}, async (t, stage) => {
  const response = await stage.ask(request('POST /invoke/f', 'Content-Length: 2\r\n', 'hi'), 'POST')
  t.equal(response.status, 502)
  t.equal(response.header('content-type'), 'application/problem+json')
  t.equal(response.header('proxy-status'), 'fnlb; error=destination_unavailable')
  const problem = JSON.parse(response.body) as Record<string, unknown>
  t.match(problem, { code: 'upstream_connect', status: 502, attempts: 3 })
  t.equal(retries(stage, 'connect'), 3)
  t.equal(stage.proxy.refused('upstream_connect'), 1)
  t.equal(response.header('connection'), undefined)
})

scene('so many attempts and no more', {
  runners: 0,
  others: () => Promise.all([closedPort(), closedPort(), closedPort(), closedPort(), closedPort()]),
  requests: 1,
  own: 1,
  pool: { retry: { attempts: 1, budgetRatio: 0.2, budgetMin: 3 } }
}, async (t, stage) => {
  const response = await stage.ask(request('GET /invoke/f'))
  t.match(JSON.parse(response.body) as object, { attempts: 2 })
  t.equal(retries(stage, 'connect'), 1)
})

const stuck = await startStuckNode()
scene('a node that does not answer the connection is given up after connect', {
  others: async () => [stuck.port],
  requests: 1,
  pool: { timeouts: { connectMs: 150, firstByteMs: 5000, idleBodyMs: 5000 } }
}, async (t, stage) => {
  const start = performance.now()
  t.equal((await stage.ask(request(`GET ${stage.homedAt(1)}`))).status, 200)
  const ms = performance.now() - start
  t.ok(ms > 100 && ms < 1000, `${ms} ms`)
  t.equal(retries(stage, 'connect'), 1)
  await stuck.close()
})

// ── a new connection that breaks ──────────────────────────────────────────────────────────────────────────────────

for (const [how, script] of [['reset', reset], ['end', end]] as const) {
  scene(`a call on a new connection that breaks (${how}) is not made again`, { runners: 2, requests: 2, own: 2, script },
    async (t, stage) => {
      for (const line of ['GET /invoke/f', 'POST /invoke/f']) {
        const response = await stage.ask(request(line, 'Content-Length: 0\r\n'))
        t.equal(response.status, 502)
        t.equal(response.header('proxy-status'), 'fnlb; error=connection_terminated')
      }
      t.equal(calls(stage), 2)
      t.equal(stage.proxy.refused('upstream_reset'), 2)
    })
}

// ── a kept connection that breaks ─────────────────────────────────────────────────────────────────────────────────

/** One good call, so that the connection is kept; then the next one meets `script`. */
async function warm (stage: Stage, script: (call: RunnerCall) => void): Promise<void> {
  const { runner, ask } = stage
  await ask(request('GET /invoke/f'))
  const answer = runner.script
  runner.script = (call) => {
    if (call.connection === runner.connections[0]) return script(call)
    return answer(call)
  }
}

/** Sends a request such that the runner closes its kept connection before it comes, and the proxy learns of it after. */
async function race (stage: Stage, text: string) {
  const c = await stage.client()
  // One round trip, so that the client's connection is surely accepted.
  c.write(request('OPTIONS *', 'Expect: never\r\n'))
  await c.response()
  c.write(text)
  // In the same turn: the loop sees the client's bytes first.
  stage.runner.connections[0]!.destroy()
  return await c.response(text.slice(0, text.indexOf(' ')))
}

for (const [method, fields, body] of [
  ['GET', '', ''], ['PUT', 'Content-Length: 5\r\n', 'hello'], ['POST', '', ''], ['POST', 'Content-Length: 5\r\n', 'hello'],
  ['POST', 'Transfer-Encoding: chunked\r\n', chunked('hello', 2)]
] as const) {
  scene(`${method} ${fields.trim()} that meets the close of an idle connection is sent again`, {
    requests: 3, own: 1, script: async (call) => { call.answer(await call.body()) }
  }, async (t, stage) => {
    await warm(stage, (call) => { call.answer('stale') })
    const response = await race(stage, request(`${method} /invoke/f`, fields, body))
    t.equal(response.status, 200)
    t.equal(response.body, body === '' ? '' : 'hello')
    t.equal(calls(stage), 2, 'executed once')
    t.equal(stage.runner.connections.length, 2)
    t.equal(retries(stage, 'reused_socket'), 1)
  })
}

for (const [how, script] of [['reset', reset], ['end', end]] as const) {
  scene(`GET on a kept connection that breaks (${how}) after it was read is sent again, once`, { requests: 2 }, async (t, stage) => {
    await warm(stage, script)
    t.equal((await stage.ask(request('GET /invoke/f'))).status, 200)
    t.equal(calls(stage), 3)
    t.equal(retries(stage, 'reused_socket'), 1)
  })

  scene(`POST on a kept connection that breaks (${how}) after it was read is not sent again`, { requests: 3, own: 2, garbage: true }, async (t, stage) => {
    await warm(stage, script)
    const response = await stage.ask(request('POST /invoke/f', 'Content-Length: 2\r\n', 'hi'), 'POST')
    t.equal(response.status, 502)
    t.equal(response.header('proxy-status'), 'fnlb; error=connection_terminated')
    t.equal(calls(stage), 2, 'executed once')
    t.equal(retries(stage, 'reused_socket'), 0)
    stage.runner.script = script
    t.equal((await stage.ask(request('GET /invoke/f'))).status, 502, 'nor a GET, on a new connection')
    t.equal(calls(stage), 3)
  })
}

scene('POST whose body goes on after the runner closed is not sent again: its head may have been read', {
  requests: 2, own: 1, garbage: true
}, async (t, stage) => {
  const { runner, client } = stage
  await warm(stage, (call) => { call.connection.destroy() })
  const c = await client()
  c.write(request('POST /invoke/f', 'Content-Length: 10\r\n', 'hello'))
  await runner.call(2)
  c.write('world')
  t.equal((await c.response('POST')).status, 502)
  t.equal(calls(stage), 2)
})

scene('a body larger than what is kept is not sent again', { requests: 2, own: 1, garbage: true }, async (t, stage) => {
  await warm(stage, reset)
  const response = await stage.ask(request('PUT /invoke/f', 'Content-Length: 300000\r\n', 'x'.repeat(300_000)), 'PUT')
  t.equal(response.status, 502)
  t.equal(calls(stage), 2)
})

scene('sent again once, not twice', { requests: 3, own: 1 }, async (t, stage) => {
  const { runner, ask, client } = stage
  // Two kept connections.
  const both = new Gate()
  runner.script = async (call) => { await both.opened; call.answer() }
  const [a, b] = [await client(), await client()]
  a.write(request('GET /invoke/f'))
  b.write(request('GET /invoke/f'))
  await runner.call(2)
  both.open()
  await Promise.all([a.response(), b.response()])
  runner.script = reset
  t.equal((await ask(request('GET /invoke/f'))).status, 502)
  t.equal(calls(stage), 4, 'on the kept connection, and on a new one')
})

scene('an answer that has begun is not asked for again', { requests: 2, own: 1 }, async (t, stage) => {
  await warm(stage, (call) => { call.write('HTTP/1.1 2'); setImmediate(() => { call.connection.reset() }) })
  const response = await stage.ask(request('GET /invoke/f'))
  t.equal(response.status, 502)
  t.equal(calls(stage), 2)
})

scene('a client that leaves while it is decided whether to send again', { requests: 2, own: 1 }, async (t, stage) => {
  const { client, runner, proxy, idle } = stage
  await warm(stage, end)
  const c = await client()
  c.write(request('POST /invoke/f', 'Content-Length: 0\r\n'))
  await runner.call(2)
  c.reset()
  await idle()
  t.equal(proxy.refused('client_gone'), 1)
})

scene('a runner that does not answer in time is not asked again', {
  runners: 2,
  requests: 1,
  own: 1,
  pool: { timeouts: { connectMs: 1000, firstByteMs: 100, idleBodyMs: 5000 } },
  script: (call) => call.connection.ended()
}, async (t, stage) => {
  const response = await stage.ask(request('GET /invoke/f'))
  t.equal(response.status, 504)
  t.equal(response.header('proxy-status'), 'fnlb; error=connection_read_timeout')
  t.equal(calls(stage), 1)
  await until(() => stage.runners.some(({ connections }) => connections[0]?.hasEnded === true), 'the end of the call')
})

scene('an answer that stops for too long is cut off', {
  requests: 1,
  own: 1,
  pool: { timeouts: { connectMs: 1000, firstByteMs: 5000, idleBodyMs: 100 } },
  script: (call) => {
    call.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
    return call.connection.ended()
  }
}, async (t, { client, proxy }) => {
  const c = await client()
  c.write(request('GET /invoke/f'))
  await c.until('hello')
  await c.closed()
  t.equal(proxy.refused('upstream_timeout'), 1)
})
