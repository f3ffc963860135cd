/** HTTP/1.0 clients: no chunked coding, no interim responses, and keep-alive only when asked for (RFC 9112 §9.3, C.2). */
import { chunked } from '../../support/raw-message.ts'
import { answerOk } from '../../support/raw-runner.ts'
import { scene } from '../../support/stage.ts'

scene('closes after one answer', { requests: 1 }, async (t, { client, runner }) => {
  const c = await client()
  c.write('GET /invoke/f HTTP/1.0\r\nHost: fn.example\r\n\r\n')
  const response = await c.response()
  t.equal(response.startLine, 'HTTP/1.1 200 OK')
  t.equal(response.header('connection'), 'close')
  t.equal(await c.closed(), 'fin')
  t.equal(runner.calls[0]!.startLine, 'GET /invoke/f HTTP/1.1')
})

scene('keeps the connection when asked, and says so', { requests: 2 }, async (t, { client }) => {
  const c = await client()
  for (let turn = 0; turn < 2; turn++) {
    c.write('GET /invoke/f HTTP/1.0\r\nHost: fn.example\r\nConnection: keep-alive\r\n\r\n')
    t.equal((await c.response()).header('connection'), 'keep-alive')
  }
  t.notOk(c.hasEnded)
})

scene('a missing Host is made up from where the client came in', { requests: 1 }, async (t, { ask, proxy, runner }) => {
  t.equal((await ask('GET /invoke/f HTTP/1.0\r\n\r\n')).status, 200)
  t.equal(runner.calls[0]!.header('host'), `127.0.0.1:${proxy.port}`)
})

for (const keeps of ['', 'Connection: keep-alive\r\n']) {
  scene(`a chunked response ends with the connection ${keeps}`, {
    requests: 1, script: (call) => { call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' + chunked('hello world', 5)) }
  }, async (t, { ask }) => {
    const response = await ask(`GET /invoke/f HTTP/1.0\r\nHost: a\r\n${keeps}\r\n`)
    t.equal(response.framing, 'close')
    t.equal(response.header('connection'), 'close')
    t.equal(response.header('transfer-encoding'), undefined)
    t.equal(response.body, 'hello world')
  })
}

scene('a response cut off looks cut off: its end would be taken for the body\'s', {
  requests: 2,
  own: 2,
  script: (call) => {
    call.write(call.target === '/invoke/chunked'
      ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
      : 'HTTP/1.1 200 OK\r\n\r\nhello')
  }
}, async (t, { client, runner }) => {
  for (const path of ['chunked', 'close']) {
    const c = await client()
    c.write(`GET /invoke/${path} HTTP/1.0\r\nHost: a\r\n\r\n`)
    // Only now: on Node 20, bytes that come together with a reset look as if a FIN were behind them (libuv).
    await c.until('hello')
    runner.connections.at(-1)!.reset()
    t.equal(await c.closed(), 'reset', path)
  }
})

scene('interim responses are not passed on', {
  requests: 1,
  script: async (call) => {
    await call.body()
    call.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n').answer()
  }
}, async (t, { ask, runner }) => {
  const response = await ask('POST /invoke/f HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi', 'POST')
  t.equal(response.status, 200)
  t.equal(runner.calls[0]!.header('expect'), undefined, 'HTTP/1.0 has no expectations')
})

scene('an unknown expectation of an HTTP/1.0 client is ignored', { requests: 1 }, async (t, { ask }) => {
  t.equal((await ask('GET /invoke/f HTTP/1.0\r\nHost: a\r\nExpect: miracles\r\n\r\n')).status, 200)
})

scene('Upgrade is ignored', { requests: 1, script: answerOk }, async (t, { ask, runner }) => {
  const { status } = await ask('GET /invoke/f HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
  t.equal(status, 200)
  t.equal(runner.calls[0]!.header('upgrade'), undefined)
})

scene('an own error keeps or closes as asked', { requests: 2, own: 2, pool: { missingKey: 'reject' } }, async (t, { client }) => {
  const c = await client()
  c.write('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n')
  t.equal((await c.response()).header('connection'), 'keep-alive')
  c.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  t.equal((await c.response()).header('connection'), 'close')
  t.equal(await c.closed(), 'fin')
})
