/** Sizes and numbers are bounded, and each refusal is counted by its reason. */
import type { Refusal } from '../../../lib/tables/counters.ts'
import { chunked } from '../../support/raw-message.ts'
import { answerOk } from '../../support/raw-runner.ts'
import { request, scene, until } from '../../support/stage.ts'

const GET = request('GET /invoke/f')

/** Sizes around a limit: the first is served, the second refused. */
function bound (
  what: string, limits: object, status: number, reason: Refusal, within: string, beyond: string, isClosed = true
): void {
  scene(`${what}: ${status}`, { requests: 3, own: 2, limits }, async (t, { client, runner, proxy }) => {
    const a = await client()
    a.write(within)
    t.equal((await a.response()).status, 200)
    for (const pieces of [1, 3]) {
      const b = await client()
      for (let at = 0; at < beyond.length;) {
        const size = Math.ceil(beyond.length / pieces)
        b.write(beyond.slice(at, at += size))
        await new Promise((resolve) => { setImmediate(resolve) })
      }
      const response = await b.response()
      t.equal(response.status, status)
      if (isClosed) t.equal(await b.closed(), 'fin')
      b.destroy()
    }
    t.equal(proxy.refused(reason), 2)
    t.equal(runner.calls.length, 1)
  })
}

const sized = (bytes: number) => request('GET /invoke/f', `X: ${'x'.repeat(bytes - GET.length - 5)}\r\n`)
bound('head size', { maxHeadBytes: 1024 }, 431, 'head_too_large', sized(1024), sized(1025))
bound('head size, without an end', { maxHeadBytes: 1024 }, 431, 'head_too_large', GET, sized(5000).slice(0, -2))
bound('head size, in one name', { maxHeadBytes: 1024 }, 431, 'head_too_large', GET, GET.slice(0, -2) + 'x'.repeat(5000))
const fields = (count: number) => request('GET /invoke/f', 'X: 1\r\n'.repeat(count - 1))
bound('field count', { maxFields: 10 }, 431, 'too_many_fields', fields(10), fields(11))
const target = (bytes: number) => request(`GET /invoke/${'x'.repeat(bytes - 8)}`)
bound('target length', { maxTargetBytes: 100 }, 414, 'target_too_long', target(100), target(101))
bound('target length, without an end', { maxTargetBytes: 100 }, 414, 'target_too_long', GET, 'GET /' + 'x'.repeat(5000))

scene('a response head beyond the limits: 502', {
  requests: 3,
  own: 3,
  limits: { maxHeadBytes: 1024, maxFields: 10 },
  script: async (call) => {
    if (call.target === '/invoke/size') call.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1024)}\r\nContent-Length: 0\r\n\r\n`)
    else if (call.target === '/invoke/endless') call.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`)
    else call.write(`HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(20)}Content-Length: 0\r\n\r\n`)
    await call.connection.ended()
  }
}, async (t, { client, proxy }) => {
  const c = await client()
  for (const path of ['size', 'endless', 'count']) {
    c.write(request(`GET /invoke/${path}`))
    t.equal((await c.response()).status, 502, path)
  }
  t.equal(proxy.refused('upstream_protocol'), 3)
})

scene('body size, by length: refused before a byte of it is read', { requests: 2, own: 1, pool: { maxBodyBytes: 1000 } },
  async (t, { client, proxy, runner }) => {
    const c = await client()
    c.write(request('POST /invoke/f', 'Content-Length: 1000\r\n', 'x'.repeat(1000)))
    t.equal((await c.response('POST')).status, 200)
    c.write(request('POST /invoke/f', 'Content-Length: 1001\r\n'))
    const response = await c.response('POST')
    t.equal(response.status, 413)
    t.equal(response.header('connection'), 'close')
    t.equal(await c.closed(), 'fin')
    t.equal(proxy.refused('body_too_large'), 1)
    t.equal(runner.calls.length, 1)
  })

scene('body size, chunked: refused when it is passed', { requests: 2, own: 1, garbage: true, pool: { maxBodyBytes: 1000 } },
  async (t, { client, proxy, runner }) => {
    const c = await client()
    c.write(request('POST /invoke/f', 'Transfer-Encoding: chunked\r\n', chunked('x'.repeat(1000), 10, 600)))
    t.equal((await c.response('POST')).status, 200)
    c.write(request('POST /invoke/f', 'Transfer-Encoding: chunked\r\n', '3e8\r\n' + 'x'.repeat(1000)))
    const call = await runner.call(2)
    c.write('\r\n1\r\nx')
    t.equal((await c.response('POST')).status, 413)
    t.equal(await c.closed(), 'fin')
    await call.connection.ended()
    t.equal(proxy.refused('body_too_large'), 1)
  })

// ── connections ───────────────────────────────────────────────────────────────────────────────────────────────────

for (const [limits, status, reason] of [
  [{ maxConnections: 2 }, 503, 'connection_limit'], [{ maxConnectionsPerAddress: 2 }, 429, 'address_limit']
] as const) {
  scene(`connections, ${reason}: ${status}`, { requests: 4, own: 1, limits }, async (t, { client, proxy }) => {
    const [a, b] = [await client(), await client()]
    a.write(GET)
    t.equal((await a.response()).status, 200)
    b.write(GET)
    t.equal((await b.response()).status, 200)
    const c = await client()
    const refusal = await c.response()
    t.equal(refusal.status, status)
    t.ok(Number(refusal.header('retry-after')) >= 1)
    t.equal(await c.closed(), 'fin')
    t.equal(proxy.refused(reason), 1)
    a.destroy()
    await until(() => proxy.engine.clients.size === 1, 'the place to be free')
    const d = await client()
    d.write(GET)
    t.equal((await d.response()).status, 200, 'a place that is given back is given out')
  })
}

scene('others are served while some drip, stall and do not read', {
  garbage: true, script: (call) => call.target === '/invoke/large' ? void call.answer('x'.repeat(5_000_000)) : answerOk(call)
}, async (t, { client, ask }) => {
  for (let i = 0; i < 20; i++) {
    const [dripping, stalled, deaf] = [await client(), await client(), await client()]
    dripping.write('GET /invoke/f HTT')
    stalled.write(request('POST /invoke/f', 'Content-Length: 10\r\n', 'hello'))
    deaf.socket.pause()
    deaf.write(request('GET /invoke/large'))
  }
  for (let i = 0; i < 10; i++) t.equal((await ask(GET)).status, 200)
})
