/**
 * A switched connection (WebSocket): bytes both ways, untouched, with back-pressure, until either side ends. The call's
 * lease is held as long as the tunnel stands, because the runner's instance is.
 */
import type { Client } from './client.ts'
import type { Engine } from './engine.ts'
import type { Receiver, WiredSocket } from './transport.ts'
import { writeFramed } from './copies.ts'
import type { UpstreamConnection, UpstreamUser } from './upstream.ts'

export class Tunnel implements UpstreamUser {
  readonly #engine: Engine
  readonly #client: Client
  readonly #upstream: UpstreamConnection
  readonly #onEnd: (sentBytes: number, receivedBytes: number) => void
  #sentBytes = 0
  #receivedBytes = 0
  #isOver = false

  /** @param onEnd called once, with the bytes sent to the runner and received from it */
  constructor (
    engine: Engine, client: Client, upstream: UpstreamConnection, onEnd: (sentBytes: number, receivedBytes: number) => void
  ) {
    this.#engine = engine
    this.#client = client
    this.#upstream = upstream
    this.#onEnd = onEnd
  }

  /** Takes over both sockets; [start, end) came from the runner behind its 101. */
  start (bytes: Buffer, start: number, end: number): void {
    this.#upstream.user = this
    this.#client.tunnel = this
    this.#touch()
    if (end > start) this.onUpstreamBytes(bytes, start, end)
    const early = this.#client.takePending()
    // A client that ran ahead of the switch was held back.
    if (this.#client.socket.isPaused()) this.#client.socket.resume()
    if (early !== null) this.onClientBytes(early, 0, early.length)
    if (this.#client.hasEnded) this.onClientEnd()
  }

  onClientBytes (bytes: Buffer, start: number, end: number): void {
    this.#sentBytes += end - start
    this.#touch()
    this.#pass(bytes, start, end, this.#upstream.socket, this.#client.socket)
  }

  onUpstreamBytes (bytes: Buffer, start: number, end: number): void {
    this.#receivedBytes += end - start
    this.#touch()
    this.#pass(bytes, start, end, this.#client.socket, this.#upstream.socket)
  }

  #pass (bytes: Buffer, start: number, end: number, to: WiredSocket, from: WiredSocket): void {
    if (!writeFramed(to, '', bytes, start, end, '')) from.pause()
  }

  onUpstreamReady (): void {}

  onUpstreamDrain (): void {
    this.#client.socket.resume()
  }

  onClientDrain (): void {
    this.#upstream.socket.resume()
  }

  /** Each side's FIN is passed on; the other may still have something to say. */
  onUpstreamEnd (): void {
    this.#client.socket.end()
  }

  onClientEnd (): void {
    this.#upstream.socket.end()
  }

  onUpstreamLost (): void {
    this.#finish()
  }

  /** Nothing went either way for the tunnel's idle time. */
  onUpstreamTimeout (): void {
    this.#engine.counters.refusal(this.#client.poolIndex, 'idle_timeout')
    this.#finish()
  }

  onClientClosed (): void {
    this.#finish()
  }

  #touch (): void {
    this.#upstream.deadline = this.#engine.clock + this.#engine.settings.limits.tunnelIdleTimeoutMs
  }

  #finish (): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#upstream.close()
    this.#client.tunnel = null
    this.#client.closesAfter = true
    this.#onEnd(this.#sentBytes, this.#receivedBytes)
  }
}

/** The receiving half of a tunnel, for a client connection that hands its events on. */
export type TunnelReceiver = Pick<Tunnel, 'onClientBytes' | 'onClientDrain' | 'onClientEnd' | 'onClientClosed'> &
  Partial<Receiver>
