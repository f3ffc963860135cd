/**
 * The server that every Node rival puts its proxy into: `node rival.js <port> <backend port>,<backend port>,…`.
 * Client connections stay open for an hour (Node's five seconds would close the idle ones that the bench holds).
 */
import { createServer, type RequestListener } from 'node:http'

export interface RivalArguments {
  readonly port: number
  /** `http://127.0.0.1:<port>` of each node. */
  readonly origins: readonly string[]
}

/** @throws Error on bad arguments */
export function rivalArguments (): RivalArguments {
  const port = Number(process.argv[2])
  const backends = (process.argv[3] ?? '').split(',').map(Number)
  if (![port, ...backends].every(number => Number.isInteger(number) && number > 0 && number < 65536)) {
    throw new Error('usage: node rival.js <port> <backend port>,<backend port>,…')
  }
  return { port, origins: backends.map(backend => `http://127.0.0.1:${backend}`) }
}

export function serve (port: number, listener: RequestListener): void {
  const server = createServer({ keepAliveTimeout: 3_600_000, requestTimeout: 0 }, listener)
  server.listen({ port, host: '127.0.0.1', backlog: 4096 })
  process.once('SIGTERM', () => {
    server.close(() => { process.exitCode = 0 })
    server.closeAllConnections()
    setImmediate(() => { process.exit() })
  })
}
