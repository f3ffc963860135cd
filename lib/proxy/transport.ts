/**
 * Sockets without ceremony.
 *
 * All plain sockets of a thread read into one shared buffer (`onread` of node:net) instead of allocating a buffer a read
 * and sending it through a stream: measured on a bare relay, that saves a tenth of the CPU per request. The price is a rule:
 * **bytes given to `onBytes` are only valid until it returns**; what must live longer is copied by the receiver.
 *
 * Listeners are shared functions that find their receiver on the socket, so a connection costs no closures.
 */
import net from 'node:net'

/** What a connection object must answer. No call comes after `onClosed`. */
export interface Receiver {
  /** Bytes came: [start, end) of `bytes`, valid until this returns. */
  onBytes (bytes: Buffer, start: number, end: number): void
  /** The peer has sent its FIN. */
  onEnd (): void
  /** The socket is gone. `error` is what killed it, if anything did. */
  onClosed (error: NodeJS.ErrnoException | null): void
  /** After a write returned false: everything has left. */
  onDrain (): void
  /** The connection stands (outgoing ones only). */
  onConnected (): void
}

const READ_BUFFER_BYTES = 64 * 1024
/** Twice what one read can bring, so that one full read does not look like a slow peer. */
export const WRITE_BUFFER_BYTES = 2 * READ_BUFFER_BYTES

const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)

export interface WiredSocket extends net.Socket {
  receiver?: Receiver | null
  lastError?: NodeJS.ErrnoException | null
  hearsLastWords?: boolean
}

function onRead (this: WiredSocket, length: number, buffer: Uint8Array): boolean {
  this.receiver?.onBytes(buffer as Buffer, 0, length)
  return true
}

const onread = { buffer: readBuffer, callback: onRead as (bytes: number, buffer: Uint8Array) => boolean }

function onData (this: WiredSocket, chunk: Buffer): void {
  this.receiver?.onBytes(chunk, 0, chunk.length)
}

function onEnd (this: WiredSocket): void {
  this.receiver?.onEnd()
}

function onError (this: WiredSocket, error: NodeJS.ErrnoException): void {
  this.lastError = error
}

function onClose (this: WiredSocket): void {
  const receiver = this.receiver
  this.receiver = null
  receiver?.onClosed(this.lastError ?? null)
}

function onDrain (this: WiredSocket): void {
  this.receiver?.onDrain()
}

function onConnect (this: WiredSocket): void {
  this.receiver?.onConnected()
}

function wire (socket: WiredSocket, receiver: Receiver): WiredSocket {
  socket.receiver = receiver
  socket.on('end', onEnd)
  socket.on('error', onError)
  socket.on('close', onClose)
  socket.on('drain', onDrain)
  return socket
}

/** The part of node:net that is not in its types: a socket is a stream around a handle, and can be made around one. */
interface HandleOwner { _handle: object | null }
type SocketAroundHandle = new (options: net.SocketConstructorOpts & { handle: object }) => net.Socket

/**
 * Takes over a socket that a server with `pauseOnConnect` accepted.
 *
 * node:net lets only outgoing connections choose where they read to. The accepted handle is therefore moved into a socket
 * made with `onread`; where a version of Node has no such handle, plain 'data' events do the same, a little slower.
 */
export function adoptSocket (accepted: net.Socket, receiver: Receiver): WiredSocket {
  const owner = accepted as net.Socket & HandleOwner
  const handle = owner._handle
  if (handle === null || typeof handle !== 'object' || !('useUserBuffer' in handle)) return adoptStream(accepted, receiver)
  const socket: WiredSocket = new (net.Socket as unknown as SocketAroundHandle)({
    handle, allowHalfOpen: true, onread, highWaterMark: WRITE_BUFFER_BYTES
  } as unknown as net.SocketConstructorOpts & { handle: object })
  owner._handle = null
  return wire(socket, receiver)
}

/** Takes over any duplex socket (TLS) by its 'data' events. */
export function adoptStream (socket: net.Socket, receiver: Receiver): WiredSocket {
  wire(socket, receiver)
  socket.on('data', onData)
  socket.resume()
  return socket
}

/** Opens a connection; `onConnected` or `onClosed` of the receiver follows. */
export function openSocket (host: string, port: number, lookup: net.LookupFunction, receiver: Receiver): WiredSocket {
  const socket: WiredSocket = net.connect({
    host,
    port,
    lookup,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    allowHalfOpen: true,
    onread,
    highWaterMark: WRITE_BUFFER_BYTES
  } as net.NetConnectOpts)
  wire(socket, receiver)
  socket.on('connect', onConnect)
  return socket
}

/** Bytes written to a socket that its peer's host has not taken yet. */
export function queuedBytes (socket: net.Socket): number {
  const { _handle: handle } = socket as net.Socket & { _handle: { writeQueueSize?: number } | null }
  return handle?.writeQueueSize ?? socket.writableLength
}

/** How long a socket is still read after a write to it has failed. What the peer sent has come before that. */
const LAST_WORDS_MS = 50

/**
 * For a socket that takes a long upload: a peer may answer and close before it has read everything, and then a write fails
 * while its answer lies unread in the kernel. Node would destroy the socket, answer and all (RFC 9112 §9.6 asks servers to
 * wait, but not all do). Here a failed write only ends the writing; the socket is destroyed a moment later.
 */
export function hearLastWords (socket: WiredSocket): void {
  if (socket.hearsLastWords === true) return
  socket.hearsLastWords = true
  const destroy = socket.destroy.bind(socket)
  let isFailing = false
  socket.destroy = (error?: NodeJS.ErrnoException) => {
    if (error?.syscall !== 'write') return destroy(error)
    if (!isFailing) setTimeout(destroy, LAST_WORDS_MS, error)
    isFailing = true
    return socket
  }
}
