/** The WebSocket echo, spoken to by hand, frame by frame. */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startRunner } from '../../../lib/demo/runner.ts'
import { OPCODES, acceptKey, closePayload, encodeFrame } from '../../../lib/demo/websocket.ts'
import { open, until, wire } from './client.ts'

const node = await startRunner({ inline: true })
t.teardown(() => node.stop())

/** Masks a server's frame into a client's. */
function masked (opcode: number, payload: Buffer, isFinal = true): Buffer {
  const frame = encodeFrame(opcode, payload, isFinal)
  const head = Buffer.from(frame.subarray(0, frame.length - payload.length))
  head[1] = (head[1] ?? 0) | 0x80
  const mask = randomBytes(4)
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0))])
}

interface Opened {
  readonly socket: Socket
  /** What came after the handshake's answer. */
  readonly received: () => Buffer
  readonly closed: Promise<void>
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const HANDSHAKE = [
  'GET /raw/ws HTTP/1.1', 'Host: x', 'Connection: keep-alive, Upgrade', 'Upgrade: WebSocket',
  'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: chat, other', `Sec-WebSocket-Key: ${KEY}`, '', ''
].join('\r\n')

async function opened (t: Test, first: Buffer = Buffer.alloc(0)): Promise<Opened> {
  const socket = await open(node.port)
  t.teardown(() => socket.destroy())
  let all = Buffer.alloc(0)
  socket.on('data', (piece: Buffer) => { all = Buffer.concat([all, piece]) })
  const closed = new Promise<void>(resolve => { socket.on('close', () => { resolve() }) })
  socket.on('end', () => { socket.end() })
  socket.write(Buffer.concat([Buffer.from(HANDSHAKE), first]))
  await until('the handshake is answered', () => all.includes('\r\n\r\n'))
  const end = all.indexOf('\r\n\r\n') + 4
  const head = all.subarray(0, end).toString()
  t.match(head, /^HTTP\/1.1 101 /)
  // The example of RFC 6455 §1.3.
  t.match(head, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
  t.match(head, /\r\nSec-WebSocket-Protocol: chat\r\n/)
  return { socket, received: () => all.subarray(end), closed }
}

async function echoes (sent: Buffer, expected: Buffer, { socket, received }: Opened, t: Test): Promise<void> {
  const before = received().length
  socket.write(sent)
  await until('the echo is there', () => received().length >= before + expected.length)
  t.ok(received().subarray(before).equals(expected))
}

void t.test('text, binary, fragments, pings and long frames come back', async t => {
  const first = Buffer.from('with the handshake')
  const ws = await opened(t, masked(OPCODES.text, first))
  await until('the early frame is echoed', () => ws.received().equals(encodeFrame(OPCODES.text, first)))
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    const payload = randomBytes(size)
    await echoes(masked(OPCODES.binary, payload), encodeFrame(OPCODES.binary, payload), ws, t)
  }
  const [a, b] = [Buffer.from('Hel'), Buffer.from('lo')]
  await echoes(
    Buffer.concat([masked(OPCODES.text, a, false), masked(OPCODES.ping, b), masked(OPCODES.continuation, b)]),
    Buffer.concat([encodeFrame(OPCODES.text, a, false), encodeFrame(OPCODES.pong, b), encodeFrame(0, b)]), ws, t
  )
  const slow = masked(OPCODES.text, Buffer.from('byte by byte'))
  for (const byte of slow) ws.socket.write(Buffer.from([byte]))
  const expected = encodeFrame(OPCODES.text, Buffer.from('byte by byte'))
  await until('it is echoed', () => ws.received().subarray(-expected.length).equals(expected))
  const close = closePayload(1000)
  await echoes(masked(OPCODES.close, close), encodeFrame(OPCODES.close, close), ws, t)
  await ws.closed
  await until('the node has seen the end', () => node.calls().at(-1)?.outcome === 'done')
  t.match(node.calls().at(-1), { target: '/raw/ws', executed: true, status: 101 })
})

void t.test('frames against the protocol end the connection with the right code', async t => {
  const long = Buffer.alloc(14)
  long.set([0x82, 0xff])
  long.writeBigUInt64BE(2n ** 40n, 2)
  for (const [what, bytes, code] of [
    ['without a mask', encodeFrame(OPCODES.text, Buffer.from('x')), 1002],
    ['reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), 1002],
    ['unknown opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0]), 1002],
    ['ping in parts', Buffer.from([0x09, 0x80, 0, 0, 0, 0]), 1002],
    ['too long', long, 1009]
  ] as const) {
    const ws = await opened(t)
    ws.socket.write(bytes)
    await ws.closed
    t.ok(ws.received().equals(encodeFrame(OPCODES.close, closePayload(code))), what)
  }
})

void t.test('what is no handshake', async t => {
  t.equal(acceptKey(KEY), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  for (const [from, to] of [['Version: 13', 'Version: 8'], [KEY, 'short'], ['GET', 'POST']] as const) {
    const { bytes } = await wire(node.port, HANDSHAKE.replace(from, to))
    t.match(bytes.toString(), /^HTTP\/1.1 400 /)
  }
})

void t.test('an upgrade on another path', async t => {
  const reply = await wire(node.port, HANDSHAKE.replace('/raw/ws', '/version').replace('keep-alive, ', 'close, '))
  // Where Node lets us, it is ignored as Go's server does; else it is refused. Never a 101.
  t.match(reply.bytes.toString(), /^HTTP\/1.1 (200|400) /)
})
