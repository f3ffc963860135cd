/** Interim responses and expectations (RFC 9110 §10.1.1, §15.2), and final answers that come before the request's end. */
import type { RawClient } from '../../support/raw-client.ts'
import { answerOk } from '../../support/raw-runner.ts'
import { Gate, request, scene, settled } from '../../support/stage.ts'

const EXPECT = request('POST /invoke/f', 'Expect: 100-continue\r\nContent-Length: 5\r\n')

scene('Expect: the runner says go on, the client goes on', {
  requests: 1,
  script: async (call) => {
    call.write('HTTP/1.1 100 Continue\r\n\r\n')
    call.answer(await call.body())
  }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(EXPECT)
  const interim = await c.response()
  t.equal(interim.status, 100)
  t.equal(runner.calls[0]!.header('expect'), '100-continue')
  c.write('hello')
  const response = await c.response('POST')
  t.equal(response.status, 200)
  t.equal(response.body, 'hello')
  t.equal(response.header('connection'), undefined)
})

scene('Expect: the runner refuses at once, the body is never sent', {
  requests: 1, script: (call) => { call.answer('no', '', '403 Forbidden') }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(EXPECT)
  const response = await c.response('POST')
  t.equal(response.status, 403)
  t.equal(response.header('connection'), 'close', 'what follows could be the body or a request')
  t.equal(await c.closed(), 'fin')
  await runner.calls[0]!.connection.ended()
})

scene('Expect: a runner that answers without 100, after the body', { requests: 1 }, async (t, { client }) => {
  const c = await client()
  c.write(EXPECT).write('hello')
  const response = await c.response('POST')
  t.equal(response.status, 200)
  t.equal(response.header('connection'), undefined)
})

scene('Expect: what we do not know is refused', { requests: 2, own: 1 }, async (t, { client, proxy }) => {
  const c = await client()
  c.write(request('GET /invoke/f', 'Expect: miracles\r\n'))
  t.equal((await c.response()).status, 417)
  t.equal(proxy.refused('expectation'), 1)
  c.write(request('GET /invoke/f'))
  t.equal((await c.response()).status, 200)
})

scene('100 is passed on once, and only to who waits for it', {
  requests: 2,
  script: async (call) => {
    call.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n')
    await answerOk(call)
  }
}, async (t, { client }) => {
  const c = await client()
  c.write(EXPECT + 'hello')
  t.equal((await c.response()).status, 100)
  t.equal((await c.response('POST')).status, 200)
  c.write(request('POST /invoke/f', 'Content-Length: 5\r\n', 'hello'))
  t.equal((await c.response('POST')).status, 200)
})

scene('other interim responses are passed on, without hop-by-hop fields', {
  requests: 2,
  script: async (call) => {
    call.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 5\r\n\r\n')
    call.write('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 Odd\r\nX-A: 1\r\n\r\n')
    await answerOk(call)
  }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(request('GET /invoke/f'))
  const hints = await c.response()
  t.equal(hints.status, 103)
  t.same(hints.fields, [['Link', '</a.css>']])
  t.equal((await c.response()).status, 102)
  t.equal((await c.response()).status, 199)
  t.equal((await c.response()).status, 200)
  c.write(request('GET /invoke/f'))
  runner.script = answerOk
  t.equal((await c.response()).status, 200)
})

scene('interim responses without end are cut off', {
  requests: 1, own: 1, script: (call) => { call.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(200)) }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(request('GET /invoke/f'))
  let count = 0
  let response = await c.response()
  for (; response.status === 102; count++) response = await c.response()
  t.ok(count <= 64, `${count} were passed on`)
  t.equal(response.status, 502)
  await runner.calls[0]!.connection.ended()
})

scene('interim responses alone do not hold off first_byte', {
  requests: 1,
  own: 1,
  pool: { timeouts: { connectMs: 1000, firstByteMs: 150, idleBodyMs: 10_000 } },
  script: async (call) => {
    const chatter = setInterval(() => { call.write('HTTP/1.1 102 Processing\r\n\r\n') }, 20)
    await call.connection.ended()
    clearInterval(chatter)
  }
}, async (t, { client }) => {
  const c = await client()
  c.write(request('GET /invoke/f'))
  let response = await c.response()
  while (response.status === 102) response = await c.response()
  t.equal(response.status, 504)
})

/** Uploads until it may not. Ends when the connection does. */
async function flood (client: RawClient): Promise<number> {
  const piece = Buffer.alloc(64 * 1024, 'x')
  let sent = 0
  while (!client.socket.destroyed && client.socket.writable && !client.hasEnded) {
    sent += piece.length
    if (!client.socket.write(piece)) {
      await new Promise<void>((resolve) => {
        client.socket.once('drain', resolve)
        client.socket.once('close', resolve)
        void client.closed().then(() => { resolve() })
      })
    }
  }
  return sent
}

for (const [name, closes] of [['and then closes', true], ['and stays', false]] as const) {
  scene(`an early refusal reaches a client that is still uploading: the runner answers ${name}`, {
    requests: 1,
    script: async (call) => {
      await call.connection.when(() => call.connection.receivedBytes > 100_000)
      call.connection.isSink = true
      call.answer('too much', '', '413 Content Too Large')
      if (closes) call.connection.end()
      await call.connection.ended()
      call.connection.take(call.connection.unread.length)
    }
  }, async (t, { client, runner, idle }) => {
    const c = await client()
    c.write(request('POST /invoke/f', 'Content-Length: 10000000000\r\n'))
    const [response] = await Promise.all([c.response('POST'), flood(c)])
    t.equal(response.status, 413)
    t.equal(response.body, 'too much')
    t.equal(response.header('connection'), 'close')
    t.equal(await c.closed(), 'fin', 'not lost to a reset')
    await idle()
    await runner.calls[0]!.connection.ended()
  })
}

scene('an early refusal of a runner that closes with the upload unread', {
  requests: 20,
  garbage: true,
  script: async (call) => {
    const { connection } = call
    await connection.when(() => connection.receivedBytes > 100_000)
    connection.socket.pause()
    // So that there certainly is something unread: the close is a reset, and what the proxy writes next fails.
    await settled(() => connection.receivedBytes, 5)
    call.answer('too much', 'Connection: close\r\n', '413 Content Too Large')
    connection.destroy()
  }
}, async (t, { client }) => {
  for (let turn = 0; turn < 20; turn++) {
    const c = await client()
    c.write(request('POST /invoke/f', 'Content-Length: 10000000000\r\n'))
    const [response] = await Promise.all([c.response('POST'), flood(c)])
    t.equal(response.status, 413)
    t.equal(response.body, 'too much')
    t.equal(await c.closed(), 'fin')
  }
})

scene('our own 413 reaches a client that is still uploading', {
  requests: 2,
  own: 2,
  garbage: true,
  pool: { maxBodyBytes: 1_000_000 },
  script: (call) => {
    call.connection.isSink = true
    return call.connection.ended()
  }
}, async (t, { client, proxy }) => {
  for (const fields of ['Content-Length: 10000000\r\n', 'Transfer-Encoding: chunked\r\n']) {
    const c = await client()
    c.write(request('POST /invoke/f', fields))
    if (fields.startsWith('T')) c.write('fffffff\r\n')
    const [response] = await Promise.all([c.response('POST'), flood(c)])
    t.equal(response.status, 413)
    t.equal(response.header('connection'), 'close')
    t.notMatch(response.body, /malformed/)
    t.equal(await c.closed(), 'fin')
  }
  t.equal(proxy.refused('body_too_large'), 2)
})

scene('a response that begins early may run on beside the upload', {
  requests: 1,
  script: async (call) => {
    call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n')
    const body = await call.body()
    call.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
  }
}, async (t, { client }) => {
  const c = await client()
  c.write(request('POST /invoke/f', 'Content-Length: 10\r\n', 'hello'))
  t.match(await c.until('early\r\n'), /connection: close/i)
  c.write('world')
  t.equal(await c.until('0\r\n\r\n'), 'a\r\nhelloworld\r\n0\r\n\r\n')
  t.equal(await c.closed(), 'fin')
})

scene('server-sent events leave at once', {
  requests: 1,
  script: async (call) => {
    call.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (const gate of events) {
      await gate.opened
      call.write('8\r\ndata: 1\n\r\n')
    }
    call.write('0\r\n\r\n')
  }
}, async (t, { client }) => {
  const c = await client()
  c.write(request('GET /invoke/f'))
  t.match(await c.until('\r\n\r\n'), /^HTTP\/1\.1 200/, 'the head does not wait for the body')
  for (const gate of events) {
    t.equal(c.received, '')
    gate.open()
    t.equal(await c.bytes(13), '8\r\ndata: 1\n\r\n')
  }
  t.equal(await c.bytes(5), '0\r\n\r\n')
})
const events = [new Gate(), new Gate(), new Gate()]
