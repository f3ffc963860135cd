/** The same engine behind TLS: its sockets are streams of Node's own, with other ends and other buffers. */
import net from 'node:net'
import tls from 'node:tls'
import { RawClient } from '../../support/raw-client.ts'
import { selfSigned } from '../../support/self-signed.ts'
import { request, scene, settled, until } from '../../support/stage.ts'
import type { Stage } from '../../support/stage.ts'

const PAIR = selfSigned()
const LISTEN = { listen: { tls: PAIR } }
const GET = request('GET /invoke/f')

async function secure (stage: Stage, options: tls.ConnectionOptions = {}): Promise<RawClient> {
  const socket = tls.connect({
    host: '127.0.0.1', port: stage.proxy.port, ca: PAIR.cert, allowHalfOpen: true, ALPNProtocols: ['http/1.1'], ...options
  } as tls.ConnectionOptions)
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  const client = new RawClient(socket)
  stage.clients.push(client)
  return client
}

scene('keep-alive, pipelining and the scheme told to the runner', { requests: 3, ...LISTEN }, async (t, stage) => {
  const c = await secure(stage)
  t.equal((c.socket as tls.TLSSocket).alpnProtocol, 'http/1.1')
  c.write(GET + GET)
  t.equal((await c.response()).status, 200)
  t.equal((await c.response()).status, 200)
  c.write(request('GET /invoke/f', 'Connection: close\r\n'))
  t.equal((await c.response()).header('connection'), 'close')
  t.equal(await c.closed(), 'fin')
  t.equal(stage.runner.calls[0]!.header('x-forwarded-proto'), 'https')
  t.equal(stage.runner.calls[0]!.header('x-forwarded-for'), '127.0.0.1')
})

scene('large bodies both ways, byte for byte', {
  requests: 1, script: async (call) => { call.answer(await call.body()) }, ...LISTEN
}, async (t, stage) => {
  let body = ''
  for (let i = 0; i < 500_000; i++) body += String.fromCharCode(i * 7 % 256)
  const c = await secure(stage)
  c.write(request('POST /invoke/f', `Content-Length: ${body.length}\r\n`, body))
  t.ok((await c.response('POST')).body === body)
})

scene('a client that half-closes gets its answer', { requests: 1, ...LISTEN }, async (t, stage) => {
  const c = await secure(stage)
  c.write(GET).end()
  t.equal((await c.response()).status, 200)
  t.equal(await c.closed(), 'fin')
})

scene('a slow reader holds the runner back and gets everything', {
  requests: 1, limits: { lingerTimeoutMs: 50 }, script: (call) => { call.answer('x'.repeat(30_000_000)) }, ...LISTEN
}, async (t, stage) => {
  const c = await secure(stage)
  c.socket.pause()
  c.write(request('GET /invoke/f', 'Connection: close\r\n'))
  const { connection } = await stage.runner.call(1)
  const waiting = await settled(() => connection.socket.writableLength)
  t.ok(waiting > 0, `${waiting} bytes wait at the runner`)
  c.socket.resume()
  t.equal((await c.response()).body.length, 30_000_000)
  t.equal(await c.closed(), 'fin')
})

scene('a client that leaves cancels its call', { requests: 1, own: 1, script: (call) => call.connection.ended(), ...LISTEN },
  async (t, stage) => {
    const c = await secure(stage)
    c.write(GET)
    const call = await stage.runner.call(1)
    c.destroy()
    await call.connection.ended()
    await stage.idle()
    t.equal(stage.proxy.refused('client_gone'), 1)
  })

scene('a client that stops to read is cut off', {
  requests: 1, own: 1, limits: { writeTimeoutMs: 200, idleTimeoutMs: 10_000 }, script: (call) => { call.answer('x'.repeat(30_000_000)) }, ...LISTEN
}, async (t, stage) => {
  const c = await secure(stage)
  c.socket.pause()
  c.write(GET)
  await until(() => stage.proxy.refused('write_timeout') === 1, 'the timeout')
  await stage.idle()
  t.pass('cut off')
})

scene('malformed requests: 400 and the end', { requests: 1, own: 1, ...LISTEN }, async (t, stage) => {
  const c = await secure(stage)
  c.write('GET / HTTP/1.1\r\nHost : a\r\n\r\n' + GET)
  t.equal((await c.response()).status, 400)
  t.equal(await c.closed(), 'fin')
  t.equal(c.received, '')
})

scene('a WebSocket', {
  requests: 1,
  script: async (call) => {
    call.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n')
    await call.connection.when(() => call.connection.unread === 'hello')
    call.write(call.connection.take(5))
    await call.connection.ended()
    call.connection.end()
  },
  ...LISTEN
}, async (t, stage) => {
  const c = await secure(stage)
  c.write(request('GET /invoke/f', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'))
  t.equal((await c.response()).status, 101)
  c.write('hello')
  t.equal(await c.bytes(5), 'hello')
  c.end()
  t.equal(await c.closed(), 'fin')
})

scene('what is no TLS, or stops in the middle of a handshake, harms nobody', { requests: 1, ...LISTEN }, async (t, stage) => {
  const plain = await stage.client()
  plain.write(GET)
  await plain.closed()
  t.notMatch(plain.received, /HTTP/)
  const half = net.connect(stage.proxy.port, '127.0.0.1')
  half.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]))
  const c = await secure(stage)
  c.write(GET)
  t.equal((await c.response()).status, 200)
  half.destroy()
})
