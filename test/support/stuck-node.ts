/**
 * A node whose host answers no connection attempt: its listener never accepts and its queue is full, so that the kernel
 * drops what comes. The listener is in a thread of its own, which is stopped; in ours, Node would accept by itself.
 */
import net from 'node:net'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export interface StuckNode {
  readonly port: number
  close (): Promise<void>
}

const BODY = `
const { parentPort, workerData } = require('node:worker_threads')
const server = require('node:net').createServer()
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(new Int32Array(workerData), 0, 0)
})`

export async function startStuckNode (): Promise<StuckNode> {
  const lock = new SharedArrayBuffer(4)
  const worker = new Worker(BODY, { eval: true, workerData: lock })
  const [port] = await once(worker, 'message') as [number]
  // Linux queues one more than it is told to.
  const queued = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')]
  await Promise.all(queued.map((socket) => once(socket, 'connect')))
  return {
    port,
    close: async () => {
      for (const socket of queued) socket.destroy()
      Atomics.store(new Int32Array(lock), 0, 1)
      Atomics.notify(new Int32Array(lock), 0)
      await worker.terminate()
    }
  }
}
