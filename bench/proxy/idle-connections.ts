/**
 * Holds client connections open, each after one served request, so that the memory a proxy keeps for an idle
 * connection can be seen. Runs as a process of its own, on the load's core: its memory and descriptors must not be
 * the bench's. `idle-connections.js --port=N --count=N --keys=N` writes `ready` when all are idle, holds until
 * its stdin ends, then writes how many were still open.
 */
import { connect, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { responseBytes } from './open-loop.ts'

const openedAtOnce = 50
const answerTimeoutMs = 5000

async function openAndServe (port: number, path: string): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let received = Buffer.alloc(0)
    socket.setTimeout(answerTimeoutMs, () => { socket.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)) })
    socket.once('error', reject)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      try {
        if (responseBytes(received) === 0) return
      } catch (error) {
        socket.destroy(error as Error)
        return
      }
      socket.setTimeout(0)
      socket.removeAllListeners('data').resume()
      resolve(socket)
    })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  })
}

const { values } = parseArgs({
  options: { port: { type: 'string' }, count: { type: 'string' }, keys: { type: 'string' } }
})
const [port, count, keys] = [Number(values.port), Number(values.count), Number(values.keys)]
if (!(port > 0 && count > 0 && keys > 0)) throw new Error('usage: idle-connections.js --port=N --count=N --keys=N')

const sockets: Socket[] = []
while (sockets.length < count) {
  const batch = Math.min(openedAtOnce, count - sockets.length)
  sockets.push(...await Promise.all(Array.from({ length: batch }, async (_, i) =>
    await openAndServe(port, `/invoke/fn${(sockets.length + i) % keys + 1}`))))
}
let open = sockets.length
for (const socket of sockets) {
  socket.on('error', () => {})
  socket.once('close', () => { open-- })
}
process.stdout.write('ready\n')
process.stdin.resume().once('end', () => {
  process.stdout.write(`open ${open}\n`, () => { process.exit() })
})
