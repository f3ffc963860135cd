/**
 * A data thread for tests of the control thread: honours lib/proxy/protocol.ts on a plain node:http server.
 * Paths make it misbehave: /crash, /exit, /hang, /hold (keeps a lease on slot 0), /log.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromThread, ListenAddress, ThreadInit, ToThread } from '../../../lib/proxy/protocol.ts'
import { ThreadCounters } from '../../../lib/tables/counters.ts'
import { NodeTable } from '../../../lib/tables/node-table.ts'

const init = workerData as ThreadInit
const port = parentPort!
const counters = new ThreadCounters(init.counters, init.thread)
const nodes = NodeTable.from(init.nodeTable)
let generation = init.snapshot.generation
let isClosing = false
let inFlight = 0

const tell = (message: FromThread): void => port.postMessage(message)
const beat = setInterval(() => counters.set('heartbeat', Date.now()), 50)
counters.set('heartbeat', Date.now())
counters.set('functionsKnown', 7)

const serve: RequestListener = (request, response): void => {
  counters.request(0, 200, 0)
  if (isClosing) response.setHeader('connection', 'close')
  response.setHeader('x-thread', init.thread)
  response.setHeader('x-generation', generation)
  const { url } = request
  if (url === '/crash') throw new Error('crash on request')
  if (url === '/exit') return process.exit(3)
  if (url === '/hang') for (;;) Math.random()
  if (url === '/log') tell({ type: 'log', lines: '{"msg":"request"}\n', dropped: 2 })
  if (url !== '/hold') {
    response.end(String(init.thread))
    return
  }
  nodes.tryAcquire(init.thread, 0)
  inFlight++
  response.writeHead(200).write('held\n')
  request.once('close', () => {
    nodes.release(init.thread, 0)
    inFlight--
  })
}

async function listen (address: ListenAddress): Promise<Server> {
  const server = createServer(serve)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    if (address.fd !== undefined) server.listen({ fd: address.fd }, resolve)
    else {
      const host = address.host === '' ? {} : { host: address.host }
      server.listen({ ...host, port: address.port, reusePort: init.reusePort }, resolve)
    }
  })
  return server
}

const servers: Server[] = []
for (const address of init.listen) {
  try {
    servers.push(await listen(address))
  } catch (error) {
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException
    tell({ type: 'listen-failed', address: `${address.host}:${address.port}`, code, message })
  }
}
if (servers.length === init.listen.length) {
  tell({ type: 'listening', ports: servers.map((server) => portOf(server.address())) })
}

function portOf (address: AddressInfo | string | null): number {
  return address !== null && typeof address === 'object' ? address.port : 0
}

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'snapshot':
      generation = message.snapshot.generation
      tell({ type: 'applied', generation })
      break
    case 'closing':
      isClosing = true
      break
    case 'drain': {
      const end = (cut: number): void => {
        tell({ type: 'drained', cut })
        clearInterval(beat)
        port.close()
      }
      const timer = setTimeout(() => {
        const cut = inFlight
        for (const server of servers) server.closeAllConnections()
        end(cut)
      }, message.graceMs)
      let open = servers.length
      for (const server of servers) {
        server.close(() => {
          if (--open > 0) return
          clearTimeout(timer)
          end(0)
        })
      }
    }
  }
})
