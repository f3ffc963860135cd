/** Back-pressure: large bodies in constant memory, each side as fast as the other and no faster. */
import type net from 'node:net'
import { chunked } from '../../support/raw-message.ts'
import { request, scene, settled, until } from '../../support/stage.ts'

const PIECE = Buffer.alloc(64 * 1024, 'p')
const MIB = 1024 * 1024
/**
 * What may be under way between two ends: the buffers of the kernel on both connections, and our own. A proxy that held
 * what it can not pass on would be ahead by the whole body.
 */
const UNDER_WAY = 24 * MIB

/** A body on its way: what its sender wrote, and how far that was ever ahead of what its receiver got. */
class Flow {
  sent = 0
  mostAhead = 0
  readonly done: Promise<void>

  /** Writes `total` bytes as fast as they are taken. */
  constructor (to: net.Socket, total: number) {
    this.done = new Promise((resolve) => {
      const push = (): void => {
        while (this.sent < total) {
          this.sent += PIECE.length
          if (!to.write(PIECE)) return
        }
        to.off('drain', push)
        resolve()
      }
      to.on('drain', push)
      push()
    })
  }

  watch (receiver: { readonly socket: net.Socket, readonly receivedBytes: number }): void {
    receiver.socket.on('data', () => { this.mostAhead = Math.max(this.mostAhead, this.sent - receiver.receivedBytes) })
  }
}

let flow: Flow
let resume = (): void => {}

for (const [framing, mib] of [['length', 200], ['chunked', 40], ['close', 40]] as const) {
  const total = mib * MIB
  scene(`a download of ${mib} MiB, ${framing}, runs no further ahead than the buffers`, {
    requests: 1,
    script: async (call) => {
      const { connection } = call
      if (framing === 'length') call.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
      else if (framing === 'close') call.write('HTTP/1.1 200 OK\r\n\r\n')
      else call.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${total.toString(16)}\r\n`)
      flow = new Flow(connection.socket, total)
      await flow.done
      if (framing === 'chunked') call.write('\r\n0\r\n\r\n')
      else if (framing === 'close') connection.end()
    }
  }, async (t, { client, runner }) => {
    const c = await client()
    c.isSink = true
    c.write(request('GET /invoke/f', 'Connection: close\r\n'))
    c.socket.pause()
    await runner.call(1)
    await settled(() => flow.sent, 30)
    t.ok(flow.sent < UNDER_WAY, `the runner wrote ${flow.sent} bytes to a client that reads none`)
    flow.watch(c)
    c.socket.resume()
    await c.closed()
    t.ok(c.receivedBytes >= total && c.receivedBytes < total * 1.01, `${c.receivedBytes} bytes came`)
    t.ok(flow.mostAhead < UNDER_WAY, `the runner was never more than ${flow.mostAhead} bytes ahead`)
  })
}

for (const [framing, mib] of [['length', 200], ['chunked', 40]] as const) {
  const total = mib * MIB
  scene(`an upload of ${mib} MiB, ${framing}, runs no further ahead than the buffers`, {
    requests: 1,
    script: async (call) => {
      const { connection } = call
      const { socket } = connection
      let tail = connection.take(connection.unread.length)
      connection.receivedBytes = tail.length
      connection.isSink = true
      socket.on('data', (chunk: Buffer) => { tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 8))).slice(-8) })
      socket.pause()
      await new Promise<void>((resolve) => { resume = resolve })
      socket.resume()
      const isAll = () => connection.receivedBytes >= total && (framing === 'length' || tail.endsWith('\n0\r\n\r\n'))
      if (await connection.when(isAll)) call.answer()
    }
  }, async (t, { client, runner }) => {
    const c = await client()
    c.write(request('POST /invoke/f', framing === 'length' ? `Content-Length: ${total}\r\n` : 'Transfer-Encoding: chunked\r\n'))
    if (framing === 'chunked') c.write(`${total.toString(16)}\r\n`)
    flow = new Flow(c.socket, total)
    if (framing === 'chunked') void flow.done.then(() => { c.write('\r\n0\r\n\r\n') })
    const { connection } = await runner.call(1)
    await settled(() => flow.sent, 30)
    t.ok(flow.sent < UNDER_WAY, `the client wrote ${flow.sent} bytes to a runner that reads none`)
    flow.watch(connection)
    resume()
    t.equal((await c.response('POST')).status, 200)
    t.ok(flow.mostAhead < UNDER_WAY, `the client was never more than ${flow.mostAhead} bytes ahead`)
  })
}

scene('an upload waits for the connection to stand, in bounded memory', {
  script: async (call) => {
    const body = await call.body()
    call.answer(String(body.length))
  }
}, async (t, { client, runner }) => {
  // The runner's process is too busy to accept: here it is the same as ours, so the client simply writes at once.
  const body = 'z'.repeat(3_000_000)
  const c = await client()
  c.write(request('POST /invoke/f', 'Transfer-Encoding: chunked\r\n') + chunked(body, 100_000, 7, 900_000))
  t.equal((await c.response('POST')).body, '3000000')
  t.equal(runner.calls.length, 1)
})

for (const ends of [false, true]) {
  scene(`a slow reader ${ends ? 'that has half-closed ' : ''}gets all of the answer that ends its connection`, {
    requests: 1,
    limits: { lingerTimeoutMs: 50, writeTimeoutMs: 5000 },
    // As much as the kernel takes and a little more: all of it has left the runner, and some waits in the proxy.
    script: (call) => {
      call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const timer = setInterval(() => {
        call.write(`7d00\r\n${'x'.repeat(32_000)}\r\n`)
        written += 32_000
        if (waiting() === 0) return
        clearInterval(timer)
        call.write('0\r\n\r\n')
      }, 1)
    }
  }, async (t, { client, proxy, idle }) => {
    waiting = () => Math.max(...[...proxy.engine.clients].map(({ socket }) => socket.writableLength))
    written = 0
    const c = await client()
    c.socket.pause()
    c.write(request('GET /invoke/f', 'Connection: close\r\n'))
    if (ends) c.end()
    await until(() => proxy.inFlight() === 1, 'the call')
    await idle()
    t.ok(waiting() > 0)
    // Longer than the linger: what waits must not be thrown away.
    await new Promise((resolve) => { setTimeout(resolve, 350) })
    c.socket.resume()
    t.equal((await c.response()).body.length, written)
    t.equal(await c.closed(), 'fin')
  })
}
let waiting = (): number => 0
let written = 0
