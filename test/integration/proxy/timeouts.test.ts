/** Nobody can hold a connection for ever by doing nothing, or next to nothing; the one who stalls is the one who is told. */
import type { Client } from '../../../lib/proxy/client.ts'
import { atOnce, request, scene, until } from '../../support/stage.ts'
import type { Stage } from '../../support/stage.ts'

const GET = request('GET /invoke/f')
atOnce(6)

/** Bytes at intervals, until the connection ends. */
async function drip (stage: Stage, text: string, everyMs: number): Promise<{ answer: string, ms: number }> {
  const c = await stage.client()
  const start = performance.now()
  let at = 0
  const timer = setInterval(() => { if (!c.hasEnded && at < text.length) c.write(text[at++]!) }, everyMs)
  await c.closed()
  clearInterval(timer)
  return { answer: c.received, ms: performance.now() - start }
}

scene('a head that drips in: 408', { requests: 2, own: 2, limits: { headerTimeoutMs: 300 } }, async (t, stage) => {
  const [first, second] = await Promise.all([drip(stage, GET, 40), drip(stage, GET.slice(0, -2) + 'X: 1\r\n'.repeat(60), 5)])
  for (const { answer, ms } of [first, second]) {
    t.match(answer, /^HTTP\/1\.1 408 /)
    t.match(answer, /connection: close/i)
    t.ok(ms > 250 && ms < 1500, `${ms} ms`)
  }
  t.equal(stage.proxy.refused('header_timeout'), 2)
})

scene('a head that drips in behind a good request: 408', { requests: 2, own: 1, limits: { headerTimeoutMs: 300 } }, async (t, { client, proxy }) => {
  const c = await client()
  c.write(GET + GET.slice(0, 10))
  t.equal((await c.response()).status, 200)
  t.equal((await c.response()).status, 408)
  t.equal(await c.closed(), 'fin')
  t.equal(proxy.refused('header_timeout'), 1)
})

scene('a connection that says nothing at all just ends', { requests: 0, limits: { headerTimeoutMs: 300 } }, async (t, { client, proxy }) => {
  const c = await client()
  await c.closed()
  t.equal(c.received, '')
  t.equal(proxy.refused('header_timeout'), 1)
})

scene('an idle connection ends', { requests: 1, limits: { idleTimeoutMs: 300, headerTimeoutMs: 10_000 } }, async (t, { client, proxy }) => {
  const c = await client()
  c.write(GET)
  await c.response()
  const start = performance.now()
  t.equal(await c.closed(), 'fin')
  t.ok(performance.now() - start > 200)
  t.equal(c.received, '')
  t.equal(proxy.refused('idle_timeout'), 1)
})

for (const coding of ['Content-Length: 100\r\n', 'Transfer-Encoding: chunked\r\n']) {
  scene(`a body that stops: 408 (${coding.trim()})`, { requests: 1, own: 1, garbage: true, limits: { bodyTimeoutMs: 300 } },
    async (t, { client, runner, proxy }) => {
      const c = await client()
      c.write(request('POST /invoke/f', coding, coding.startsWith('T') ? '64\r\nhello' : 'hello'))
      const call = await runner.call(1)
      const response = await c.response('POST')
      t.equal(response.status, 408)
      t.equal(await c.closed(), 'fin')
      await call.connection.ended()
      t.equal(proxy.refused('body_timeout'), 1)
    })
}

scene('a body that drips in may take its time', { requests: 1, limits: { bodyTimeoutMs: 300 } }, async (t, { client }) => {
  const c = await client()
  c.write(request('POST /invoke/f', 'Content-Length: 12\r\n'))
  for (let i = 0; i < 12; i++) {
    await new Promise((resolve) => { setTimeout(resolve, 40) })
    c.write('x')
  }
  t.equal((await c.response('POST')).status, 200)
})

scene('a runner that does not read is not the client\'s fault: 504, not 408', {
  requests: 1,
  own: 1,
  garbage: true,
  limits: { bodyTimeoutMs: 300 },
  pool: { timeouts: { connectMs: 1000, firstByteMs: 600, idleBodyMs: 5000 } },
  script: async (call) => {
    call.connection.socket.pause()
    await call.connection.ended()
  }
}, async (t, { client, proxy, runner }) => {
  const c = await client()
  c.write(request('POST /invoke/f', 'Content-Length: 50000000\r\n'))
  c.socket.write(Buffer.alloc(50_000_000))
  const { connection } = await runner.call(1)
  t.equal((await c.response('POST')).status, 504)
  connection.socket.resume()
  t.equal(proxy.refused('upstream_timeout'), 1)
  t.equal(proxy.refused('body_timeout'), 0)
})

for (const [what, fields, pieces] of [
  ['a body', 'Content-Length: 3\r\n', ['a', 'b', 'c']],
  ['a chunked body', 'Transfer-Encoding: chunked\r\n', ['2\r\n', 'ab\r\n', '0\r\n\r\n']]
] as const) {
  scene(`a client that takes its time over ${what} is not the runner's fault`, {
    requests: 1, pool: { timeouts: { connectMs: 1000, firstByteMs: 200, idleBodyMs: 5000 } }
  }, async (t, { client, runner }) => {
    const c = await client()
    c.write(request('POST /invoke/f', fields))
    await runner.call(1)
    for (const piece of pieces) {
      await new Promise((resolve) => { setTimeout(resolve, 500) })
      c.write(piece)
    }
    t.equal((await c.response('POST')).status, 200)
  })
}

scene('a runner that does not say whether to go on: 504', {
  requests: 1,
  own: 1,
  pool: { timeouts: { connectMs: 1000, firstByteMs: 200, idleBodyMs: 5000 } },
  script: (call) => call.connection.ended()
}, async (t, { client }) => {
  const c = await client()
  c.write(request('POST /invoke/f', 'Expect: 100-continue\r\nContent-Length: 3\r\n'))
  t.equal((await c.response('POST')).status, 504)
})

for (const isClosing of [false, true]) {
  scene(`a client that stops to read${isClosing ? ' its last answer' : ''} is cut off`, {
    requests: 1,
    own: 1,
    limits: { writeTimeoutMs: 300, idleTimeoutMs: 10_000, lingerTimeoutMs: 50 },
    script: (call) => { call.answer('x'.repeat(20_000_000)) }
  }, async (t, { client, proxy, idle }) => {
    const c = await client()
    c.socket.pause()
    c.write(request('GET /invoke/f', isClosing ? 'Connection: close\r\n' : ''))
    await until(() => proxy.inFlight() === 1, 'the call')
    const start = performance.now()
    await idle()
    const ms = performance.now() - start
    t.ok(ms > 250 && ms < 3000, `${ms} ms`)
    await until(() => proxy.engine.clients.size === 0, 'the end')
    t.equal(proxy.refused('write_timeout'), 1)
    t.equal(proxy.refused('client_gone'), 0, 'counted once')
  })
}

scene('a client that stops to read while it goes on to write is cut off', {
  requests: 1,
  own: 1,
  garbage: true,
  limits: { writeTimeoutMs: 300, bodyTimeoutMs: 300 },
  script: (call) => { call.answer('x'.repeat(20_000_000)) }
}, async (t, { client, proxy }) => {
  const c = await client()
  c.socket.pause()
  c.write(request('POST /invoke/f', 'Content-Length: 100000\r\n'))
  const timer = setInterval(() => { c.write('x') }, 50)
  await until(() => proxy.refused('write_timeout') === 1, 'the timeout')
  clearInterval(timer)
  t.equal(proxy.refused('body_timeout'), 0)
})

let clients = (): Client[] => []
scene('a client that stops to read when all has been received from the runner is cut off too', {
  requests: 1,
  limits: { writeTimeoutMs: 300, idleTimeoutMs: 300, lingerTimeoutMs: 50 },
  // What the kernel takes, and a little more, so that the rest waits in the proxy without holding the runner back.
  script: (call) => {
    call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    const timer = setInterval(() => {
      const [client] = clients()
      if (client === undefined || client.socket.writableLength > 0) {
        clearInterval(timer)
        call.write('0\r\n\r\n')
      } else call.write(`7d00\r\n${'x'.repeat(32_000)}\r\n`)
    }, 1)
  }
}, async (t, { client, proxy, runner, idle }) => {
  clients = () => [...proxy.engine.clients]
  const c = await client()
  c.socket.pause()
  c.write(GET)
  await runner.call(1)
  await idle()
  await until(() => proxy.engine.clients.size === 0, 'the end')
  t.equal(proxy.refused('write_timeout'), 1)
})

scene('a slow reader that makes progress is not', {
  requests: 1, limits: { writeTimeoutMs: 400 }, script: (call) => { call.answer('x'.repeat(60_000_000)) }
}, async (t, { client, proxy }) => {
  const c = await client()
  c.isSink = true
  c.socket.pause()
  c.write(GET)
  let allowed = 0
  c.socket.on('data', () => { if (c.receivedBytes >= allowed) c.socket.pause() })
  // In steps that the kernel passes on: it tells of free space only when there is much of it.
  const timer = setInterval(() => {
    allowed += 1_000_000
    c.socket.resume()
  }, 40)
  const start = performance.now()
  await until(() => performance.now() - start > 1300 || c.hasEnded, 'three timeouts to pass')
  clearInterval(timer)
  t.notOk(c.hasEnded)
  t.equal(proxy.refused('write_timeout'), 0)
  allowed = Infinity
  c.socket.resume()
  await c.when(() => c.receivedBytes > 60_000_000, 'the rest')
})
