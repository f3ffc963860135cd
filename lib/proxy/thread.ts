/** Entry of a data thread: engine and listeners, steered by messages of the control thread (protocol.ts). */
import { parentPort, workerData } from 'node:worker_threads'
import type net from 'node:net'
import { trimMemory } from '../memory.ts'
import { Engine } from './engine.ts'
import { ListenError, listen } from './listener.ts'
import type { FromThread, ThreadInit, ToThread } from './protocol.ts'

const init = workerData as ThreadInit
const port = parentPort
if (port === null) throw new Error('thread.ts runs as a worker thread only')

const post = (message: FromThread): void => { port.postMessage(message) }
const engine = new Engine(init, post)
const servers: net.Server[] = []

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'snapshot':
      engine.apply(message.snapshot)
      post({ type: 'applied', generation: message.snapshot.generation })
      return
    case 'closing':
      engine.isClosing = true
      return
    case 'drain':
      drain(message.graceMs)
  }
})

try {
  for (const address of init.listen) servers.push(await listen(engine, address, init.reusePort))
  post({
    type: 'listening',
    ports: servers.map((server) => {
      const address = server.address()
      return address === null || typeof address === 'string' ? 0 : address.port
    })
  })
} catch (error) {
  if (!(error instanceof ListenError)) throw error
  post({ type: 'listen-failed', address: error.address, code: error.code, message: error.message })
}

/**
 * Starting is over by then, and a thread that has nothing to do may take a moment to tidy up, once. Later it has code worth
 * keeping, so after a minute without such a moment it is left alone.
 */
const TRIM_EVERY_MS = 2000
const TRIM_UNTIL_MS = 60_000
const startedMs = performance.now()
const trimming = setInterval(() => {
  if (engine.clients.size === 0) trimMemory()
  if (engine.clients.size === 0 || performance.now() - startedMs > TRIM_UNTIL_MS) clearInterval(trimming)
}, TRIM_EVERY_MS)
trimming.unref()

/** Stops accepting, lets calls finish, and ends the thread when the last has gone or the grace period is over. */
function drain (graceMs: number): void {
  if (engine.isDraining) return
  engine.isDraining = engine.isClosing = true
  for (const server of servers) server.close()
  for (const client of [...engine.clients]) client.drain()
  const until = performance.now() + graceMs
  const wait = setInterval(() => {
    if (engine.clients.size > 0 && performance.now() < until) return
    clearInterval(wait)
    let cut = 0
    for (const client of [...engine.clients]) if (client.cut()) cut++
    engine.stop()
    post({ type: 'drained', cut })
    port!.close()
  }, 10)
}
