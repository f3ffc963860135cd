/** Persistent connections on both sides, and which message ends which of them (RFC 9112 §9.3, §9.6). */
import { answerOk } from '../../support/raw-runner.ts'
import { Gate, request, scene } from '../../support/stage.ts'

const GET = request('GET /invoke/f')

scene('both sides stay connected', { requests: 3 }, async (t, { client, runner, proxy }) => {
  const c = await client()
  for (let turn = 0; turn < 3; turn++) {
    c.write(GET)
    const response = await c.response()
    t.equal(response.status, 200)
    t.equal(response.body, 'ok')
    t.equal(response.header('connection'), undefined)
  }
  t.equal(runner.connections.length, 1, 'one upstream connection')
  t.equal(proxy.counters.sum('upstreamConnects', 0), 1)
  t.equal(proxy.counters.sum('upstreamReuses', 0), 2)
  t.notOk(c.hasEnded)
})

scene('the client says close: only its side closes', { requests: 2 }, async (t, { client, runner }) => {
  const c = await client()
  c.write(request('GET /invoke/f', 'Connection: close\r\n'))
  const response = await c.response()
  t.equal(response.header('connection'), 'close')
  t.equal(await c.closed(), 'fin')
  const d = await client()
  d.write(GET)
  t.equal((await d.response()).status, 200)
  t.equal(runner.connections.length, 1, 'the upstream connection serves the next client')
  t.equal(runner.calls[0]!.header('connection'), undefined, 'the close was not passed on')
})

scene('the runner says close: only its side closes', {
  requests: 2,
  script: (call) => {
    call.answer('ok', 'Connection: close\r\n')
    call.connection.end()
  }
}, async (t, { client, runner }) => {
  const c = await client()
  for (let turn = 0; turn < 2; turn++) {
    c.write(GET)
    const response = await c.response()
    t.equal(response.status, 200)
    t.equal(response.header('connection'), undefined)
  }
  t.equal(runner.connections.length, 2)
})

scene('a runner that says close but does not is not used again', {
  requests: 2, script: (call) => { call.answer('ok', 'Connection: close\r\n') }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(GET)
  await c.response()
  c.write(GET)
  await c.response()
  t.equal(runner.connections.length, 2)
})

scene('an HTTP/1.0 response ends its connection unless it says keep-alive', {
  requests: 4,
  script: (call) => {
    const isKept = call.runner.calls.length > 2
    call.write(`HTTP/1.0 200 Fine\r\n${isKept ? 'Connection: keep-alive\r\n' : ''}Content-Length: 2\r\n\r\nok`)
  }
}, async (t, { client, runner }) => {
  const c = await client()
  for (let turn = 0; turn < 4; turn++) {
    c.write(GET)
    const response = await c.response()
    t.equal(response.startLine.slice(0, 12), 'HTTP/1.1 200', 'our own version is written')
    t.equal(response.header('connection'), undefined)
  }
  t.equal(runner.connections.length, 3)
})

scene('a head may come in any pieces', { requests: 1 }, async (t, { client, runner }) => {
  const c = await client()
  for (const byte of GET) {
    c.write(byte)
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  t.equal((await c.response()).status, 200)
  t.equal(runner.calls[0]!.startLine, 'GET /invoke/f HTTP/1.1')
})

scene('a response may come in any pieces', {
  requests: 1,
  script: async (call) => {
    for (const byte of 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-A: 1\r\n\r\nbody') {
      call.write(byte)
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
}, async (t, { ask }) => {
  const response = await ask(GET)
  t.equal(response.body, 'body')
  t.equal(response.header('x-a'), '1')
})

scene('empty lines in front of a request are forgiven', { requests: 2 }, async (t, { client }) => {
  const c = await client()
  c.write('\r\n' + GET)
  t.equal((await c.response()).status, 200)
  c.write('\r\n\r\n' + GET)
  t.equal((await c.response()).status, 200)
})

scene('after so many requests the connection ends', { requests: 3, limits: { maxRequestsPerConnection: 3 } }, async (t, { client }) => {
  const c = await client()
  c.write(GET)
  t.equal((await c.response()).header('connection'), undefined)
  c.write(GET)
  t.equal((await c.response()).header('connection'), undefined)
  c.write(GET)
  t.equal((await c.response()).header('connection'), 'close')
  t.equal(await c.closed(), 'fin')
})

scene('a client that half-closes gets its answer', {
  requests: 1,
  script: async (call) => {
    // Only when the FIN has certainly arrived.
    await new Promise((resolve) => { setTimeout(resolve, 20) })
    await answerOk(call)
  }
}, async (t, { client }) => {
  const c = await client()
  c.write(GET).end()
  const response = await c.response()
  t.equal(response.status, 200)
  t.equal(response.body, 'ok')
  t.equal(response.header('connection'), 'close')
  t.equal(await c.closed(), 'fin')
})

scene('a half-closed client that waits long is asked whether it is there', {
  requests: 1,
  script: async (call) => {
    await held.opened
    await answerOk(call)
  }
}, async (t, { client }) => {
  const c = await client()
  c.write(request('POST /invoke/f', 'Content-Length: 2\r\n', 'hi')).end()
  t.equal((await c.response()).status, 102, 'an interim response is the question')
  held.open()
  let response = await c.response()
  while (response.status === 102) response = await c.response()
  t.equal(response.status, 200)
  t.equal(await c.closed(), 'fin')
})
const held = new Gate()

scene('a client that half-closes and leaves cancels its call', {
  requests: 1, own: 1, script: (call) => call.connection.ended()
}, async (t, { client, runner, proxy, idle }) => {
  const c = await client()
  c.write(GET).end()
  const call = await runner.call(1)
  c.destroy()
  await call.connection.ended()
  await idle()
  t.equal(proxy.refused('client_gone'), 1)
})
