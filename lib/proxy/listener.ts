/**
 * The doors of a data thread: accepts connections, refuses those over a bound, and wires the rest to the engine.
 */
import { createRequire } from 'node:module'
import net from 'node:net'
import type tls from 'node:tls'
import type { Refusal } from '../tables/counters.ts'
import { answerText } from './answer.ts'
import { Client } from './client.ts'
import type { Engine } from './engine.ts'
import type { Peer } from './message-text.ts'
import type { ListenAddress } from './protocol.ts'
import { adoptSocket, adoptStream } from './transport.ts'

/** Connections that the kernel holds for us (it cuts this to its own somaxconn). */
const BACKLOG = 4096
/** A TLS handshake that takes longer is given up. */
const HANDSHAKE_TIMEOUT_MS = 10_000

export class ListenError extends Error {
  readonly code: string
  readonly address: string

  constructor (address: string, cause: NodeJS.ErrnoException) {
    super(cause.message, { cause })
    this.code = cause.code ?? 'UNKNOWN'
    this.address = address
  }
}

/** Opens a listener; resolves when it accepts. Rejects with a ListenError. */
export function listen (engine: Engine, address: ListenAddress, reusePort: boolean): Promise<net.Server> {
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }
  const server = address.tls === undefined
    ? net.createServer({ ...options, pauseOnConnect: true }, (socket) => { accept(engine, socket, 'http') })
    : nodeTls().createServer({ ...options, cert: address.tls.cert, key: address.tls.key, ALPNProtocols: ['http/1.1'], handshakeTimeout: HANDSHAKE_TIMEOUT_MS },
      (socket) => { accept(engine, socket, 'https') })
  // A client that does not finish its handshake is its own affair.
  server.on('tlsClientError', (_error: Error, socket: tls.TLSSocket) => { socket.destroy() })
  const name = address.path ?? `${address.host === '' ? '*' : address.host}:${address.port}`
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => { reject(new ListenError(name, error)) })
    server.listen(listenOptions(address, reusePort), () => {
      server.removeAllListeners('error')
      // Running out of file descriptors is reported here and passes; the listener stays.
      server.on('error', () => {})
      resolve(server)
    })
  })
}

/** node:tls costs 5 MB of memory as soon as it is imported: only daemons that speak TLS pay for it. */
function nodeTls (): typeof tls {
  return createRequire(import.meta.url)('node:tls') as typeof tls
}

function listenOptions (address: ListenAddress, reusePort: boolean): net.ListenOptions & { fd?: number } {
  if (address.fd !== undefined) return { fd: address.fd }
  if (address.path !== undefined) return { path: address.path, backlog: BACKLOG }
  const host = address.host === '' ? {} : { host: address.host }
  return { port: address.port, backlog: BACKLOG, reusePort, ...host }
}

function accept (engine: Engine, socket: net.Socket, proto: 'http' | 'https'): void {
  const address = plainAddress(socket.remoteAddress)
  const { limits } = engine.settings
  if (engine.totalClients >= limits.maxConnections) return turnAway(engine, socket, 'connection_limit')
  if (limits.maxConnectionsPerAddress > 0 && engine.addresses.count(address) >= limits.maxConnectionsPerAddress) {
    return turnAway(engine, socket, 'address_limit')
  }
  const peer: Peer = {
    address: address === '' ? 'unknown' : address,
    isTrusted: engine.trusted.has(address),
    proto,
    localAuthority: authority(plainAddress(socket.localAddress), socket.localPort)
  }
  const client = new Client(engine, peer)
  client.socket = proto === 'http' ? adoptSocket(socket, client) : adoptStream(socket, client)
  engine.addClient(client, peer.address)
}

/** One short answer and out. It is written without reading, so a client that talks first may see only a reset. */
function turnAway (engine: Engine, socket: net.Socket, refusal: Refusal): void {
  const facts = { method: '', path: '', host: '', requestId: engine.nextRequestId(), isHttp10: false, traceId: '' }
  const { status, text } = answerText(engine, refusal, '', facts, true, '', 0)
  engine.counters.refusal(engine.noPool, refusal)
  engine.counters.request(engine.noPool, status, 1)
  socket.on('error', () => {})
  socket.end(text, 'latin1', () => { socket.destroy() })
}

const MAPPED_PREFIX = '::ffff:'

/** An IPv4 client on a dual-stack socket is an IPv4 client. '' for unix sockets. */
function plainAddress (address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith(MAPPED_PREFIX) && address.includes('.') ? address.slice(MAPPED_PREFIX.length) : address
}

function authority (address: string, port: number | undefined): string {
  if (address === '' || port === undefined) return 'localhost'
  return address.includes(':') ? `[${address.split('%')[0]!}]:${port}` : `${address}:${port}`
}
