/** Upgrade to WebSocket (RFC 6455 §4, RFC 9110 §7.8), and everything else that would turn a connection into a tunnel. */
import { createHash } from 'node:crypto'
import { valuesOf } from '../../support/raw-message.ts'
import type { RawClient } from '../../support/raw-client.ts'
import type { RunnerCall } from '../../support/raw-runner.ts'
import { Gate, request, scene, settled, until } from '../../support/stage.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const UPGRADE = 'Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  `Sec-WebSocket-Key: ${KEY}\r\n`
const ASK = request('GET /invoke/f', UPGRADE)
const switching = (accept: string, fields = 'Connection: Upgrade\r\nUpgrade: websocket\r\n') =>
  `HTTP/1.1 101 Switching Protocols\r\n${fields}Sec-WebSocket-Accept: ${accept}\r\n\r\n`

/** Switches, and sends back what comes. */
const echo = async (call: RunnerCall): Promise<void> => {
  const { connection } = call
  const { socket } = connection
  connection.isSink = true
  call.write(switching(ACCEPT))
  if (connection.unread !== '') call.write(connection.take(connection.unread.length))
  socket.on('data', (chunk: Buffer) => {
    if (!socket.write(chunk)) socket.pause()
  })
  socket.on('drain', () => { socket.resume() })
  await connection.ended()
  socket.end()
}

async function open (client: () => Promise<RawClient>): Promise<RawClient> {
  const c = await client()
  c.write(ASK)
  const response = await c.response()
  if (response.status !== 101) throw new Error(`status ${response.status}`)
  return c
}

scene('101 that matches opens a tunnel', { requests: 1, script: echo }, async (t, { client, runner, proxy, idle }) => {
  const c = await client()
  c.write(ASK)
  const response = await c.response()
  t.equal(response.status, 101)
  t.equal(response.header('connection'), 'Upgrade')
  t.equal(response.header('upgrade'), 'websocket')
  t.equal(response.header('sec-websocket-accept'), ACCEPT)
  t.equal(createHash('sha1').update(KEY + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64'), ACCEPT)
  const call = runner.calls[0]!
  t.same(valuesOf(call.fields, 'connection'), ['Upgrade'])
  t.same(valuesOf(call.fields, 'upgrade'), ['websocket'])
  t.equal(call.header('sec-websocket-key'), KEY)
  // What looks like HTTP is none any more.
  for (const text of ['hello', '\x00\xff\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n']) {
    c.write(text)
    t.equal(await c.bytes(text.length), text)
  }
  t.equal(proxy.inFlight(), 1, 'the lease is held as long as the tunnel stands')
  c.end()
  t.equal(await c.closed(), 'fin')
  await idle()
})

scene('bytes sent in front of the 101, and behind it in one piece', {
  requests: 1,
  script: async (call) => {
    const { connection } = call
    await waiting.opened
    call.write(switching(ACCEPT) + 'welcome')
    await connection.when(() => connection.unread.length >= 100_000)
    call.write(connection.take(100_000))
    await connection.ended()
    connection.end()
  }
}, async (t, { client }) => {
  const c = await client()
  const early = 'e'.repeat(100_000)
  c.write(ASK + early.slice(0, 10)).write(early.slice(10))
  // So much that the proxy stops to read until the tunnel stands.
  await settled(() => c.socket.bytesWritten - c.socket.writableLength)
  waiting.open()
  const response = await c.response()
  t.equal(response.status, 101)
  t.equal(await c.bytes(7), 'welcome')
  t.ok(await c.bytes(100_000) === early)
  c.end()
  await c.closed()
})
const waiting = new Gate()

scene('a FIN in front of the 101 is passed on', {
  requests: 1,
  script: async (call) => {
    await waiting.opened
    call.write(switching(ACCEPT))
    await call.connection.ended()
    call.write(call.connection.take(5)).connection.end()
  }
}, async (t, { client }) => {
  const c = await client()
  c.write(ASK + 'hello').end()
  t.equal((await c.response()).status, 101)
  t.equal(await c.bytes(5), 'hello')
  t.equal(await c.closed(), 'fin')
})

scene('back-pressure in both directions', { requests: 1, script: echo }, async (t, { client, runner }) => {
  const c = await open(client)
  const before = c.receivedBytes
  c.isSink = true
  c.socket.pause()
  const total = 24 * 1024 * 1024
  const piece = Buffer.alloc(64 * 1024, 'y')
  let sent = 0
  const push = () => {
    while (sent < total) {
      sent += piece.length
      if (!c.socket.write(piece)) return
    }
  }
  c.socket.on('drain', push)
  push()
  const taken = await settled(() => runner.connections[0]!.receivedBytes)
  t.ok(taken < total, `the runner got ${taken} bytes while the client read none`)
  c.socket.resume()
  await c.when(() => c.receivedBytes - before >= total, 'the echo')
  t.equal(c.receivedBytes - before, total)
  c.end()
  await c.closed()
})

scene('each side may end first, and the other still speak', {
  requests: 2,
  script: async (call) => {
    call.write(switching(ACCEPT))
    if (call.target === '/invoke/runner') {
      call.write('bye').connection.end()
      await call.connection.when(() => call.connection.unread === 'last words')
      call.connection.take(10)
      heard.open()
    } else {
      await call.connection.ended()
      call.write('last words').connection.end()
    }
  }
}, async (t, { client }) => {
  const c = await client()
  c.write(request('GET /invoke/client', UPGRADE))
  await c.response()
  c.end()
  await c.closed()
  t.equal(c.received, 'last words')
  const d = await client()
  d.write(request('GET /invoke/runner', UPGRADE))
  await d.response()
  await d.closed()
  t.equal(d.received, 'bye')
  d.write('last words')
  await heard.opened
  d.end()
})
const heard = new Gate()

for (const who of ['client', 'runner'] as const) {
  scene(`a tunnel that the ${who} resets ends on both sides`, { requests: 1, script: echo }, async (t, { client, runner, idle }) => {
    const c = await open(client)
    const { connection } = runner.calls[0]!
    if (who === 'client') {
      c.reset()
      await connection.ended()
    } else {
      connection.reset()
      await c.closed()
      c.destroy()
    }
    await idle()
    t.pass('both are gone')
  })
}

scene('a silent tunnel ends', { requests: 1, script: echo, limits: { tunnelIdleTimeoutMs: 200, lingerTimeoutMs: 50 } },
  async (t, { client, proxy, idle }) => {
    const c = await open(client)
    await c.closed()
    await idle()
    t.equal(proxy.refused('idle_timeout'), 1)
  })

scene('the runner may refuse the upgrade', { requests: 2, script: (call) => { call.answer('no', '', '426 Upgrade Required') } },
  async (t, { client }) => {
    const c = await client()
    c.write(ASK)
    t.equal((await c.response()).status, 426)
    c.write(request('GET /invoke/f'))
    t.equal((await c.response()).status, 426, 'the connection still speaks HTTP')
  })

const WRONG: Record<string, string> = {
  'another accept': switching('AAAAAAAAAAAAAAAAAAAAAAAAAAA='),
  'no accept': 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'another protocol': switching(ACCEPT, 'Connection: Upgrade\r\nUpgrade: h2c\r\n'),
  'two protocols': switching(ACCEPT, 'Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n'),
  'no Connection': switching(ACCEPT, 'Upgrade: websocket\r\n'),
  'no Upgrade': switching(ACCEPT, 'Connection: Upgrade\r\n')
}
for (const [what, answer] of Object.entries(WRONG)) {
  scene(`101 with ${what} is 502`, { requests: 1, own: 1, script: (call) => { call.write(answer + 'secret') } },
    async (t, { ask, runner, proxy }) => {
      const response = await ask(ASK)
      t.equal(response.status, 502)
      t.notMatch(response.body, /secret/)
      t.equal(proxy.refused('upstream_protocol'), 1)
      await runner.calls[0]!.connection.ended()
    })
}

const NOT_ASKED: Record<string, string> = {
  'a plain request': request('GET /invoke/f'),
  h2c: request('GET /invoke/f', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n'),
  'websocket or h2c': request('GET /invoke/f', UPGRADE.replace('websocket', 'websocket, h2c')),
  'no Connection': request('GET /invoke/f', UPGRADE.replace('keep-alive, Upgrade', 'keep-alive')),
  POST: request('POST /invoke/f', UPGRADE),
  'a body': request('GET /invoke/f', UPGRADE + 'Content-Length: 2\r\n', 'hi')
}
for (const [what, text] of Object.entries(NOT_ASKED)) {
  scene(`no upgrade with ${what}: the fields are dropped, a 101 is 502`, {
    requests: 2,
    own: 1,
    script: async (call) => {
      await call.body()
      if (call.runner.calls.length === 1) call.answer()
      else call.write(switching(ACCEPT) + 'secret')
    }
  }, async (t, { ask, runner }) => {
    t.equal((await ask(text)).status, 200)
    const call = runner.calls[0]!
    for (const name of ['connection', 'upgrade', 'http2-settings']) t.equal(call.header(name), undefined, name)
    const response = await ask(text)
    t.equal(response.status, 502)
    t.notMatch(response.body, /secret/)
  })
}

scene('CONNECT is refused, and ends the connection', { requests: 2, own: 2 }, async (t, { client, runner, proxy }) => {
  for (const target of ['fn.example:443', '/invoke/f']) {
    const c = await client()
    c.write(`CONNECT ${target} HTTP/1.1\r\nHost: fn.example:443\r\n\r\n` + request('GET /invoke/f'))
    const response = await c.response()
    t.equal(response.status, 501)
    t.equal(response.header('connection'), 'close')
    t.equal(await c.closed(), 'fin')
    t.equal(c.received, '')
  }
  t.equal(proxy.refused('connect_method'), 2)
  t.equal(runner.calls.length, 0)
})

scene('a tunnel cut by the end of the process gives its lease back', { script: echo }, async (t, { client, proxy }) => {
  await open(client)
  t.equal(proxy.inFlight(), 1)
  for (const each of [...proxy.engine.clients]) t.ok(each.cut())
  await until(() => proxy.inFlight() === 0, 'the lease')
})
