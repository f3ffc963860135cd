/**
 * A client that writes the bytes it is told and shows the bytes it gets: nothing between the test and the socket.
 */
import net from 'node:net'
import { readChunked, readHead, valuesOf } from './raw-message.ts'
import type { RawBody, RawHead } from './raw-message.ts'

export interface RawResponse {
  readonly status: number
  readonly startLine: string
  readonly fields: RawHead['fields']
  readonly body: string
  readonly trailers: RawHead['fields']
  /** How the end of the body was known. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  /** The only value of a field; undefined without one. Throws when it is repeated. */
  header (name: string): string | undefined
}

export class RawClient {
  readonly socket: net.Socket
  /** Bytes received and not yet taken. */
  received = ''
  /** Bytes received in all. */
  receivedBytes = 0
  /** Bytes are counted and dropped. */
  isSink = false
  #ending: 'fin' | 'reset' | null = null
  #wakers: (() => void)[] = []

  constructor (socket: net.Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length
      if (!this.isSink) this.received += chunk.toString('latin1')
      this.#wake()
    })
    socket.on('end', () => { this.#end('fin') })
    socket.on('error', () => { this.#end('reset') })
    socket.on('close', () => { this.#end('reset') })
  }

  static connect (port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawClient(socket))
      })
    })
  }

  write (bytes: string | Buffer): this {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1')
    else this.socket.write(bytes)
    return this
  }

  /** Sends a FIN and goes on reading. */
  end (): this {
    this.socket.end()
    return this
  }

  /** Leaves without a word. */
  reset (): void {
    this.socket.resetAndDestroy()
  }

  destroy (): void {
    this.socket.destroy()
  }

  /** Waits for a text to come and takes everything up to its end. */
  async until (text: string): Promise<string> {
    await this.when(() => this.received.includes(text), text)
    return this.take(this.received.indexOf(text) + text.length)
  }

  /** Waits for so many bytes and takes them. */
  async bytes (count: number): Promise<string> {
    await this.when(() => this.received.length >= count, `${count} bytes`)
    return this.take(count)
  }

  take (count: number): string {
    const taken = this.received.slice(0, count)
    this.received = this.received.slice(count)
    return taken
  }

  /** The next response, interim ones included. */
  async response (method = 'GET'): Promise<RawResponse> {
    let head: RawHead | null = null
    await this.when(() => (head = readHead(this.received)) !== null, 'a response head')
    const { startLine, fields, length } = head!
    const match = /^HTTP\/1\.1 ([1-9]\d\d) [\t -~\x80-\xff]*$/.exec(startLine)
    if (match === null) throw new Error(`malformed status line ${JSON.stringify(startLine)}`)
    const status = Number(match[1])
    this.take(length)
    const { framing, body, trailers } = await this.#body(method, status, fields)
    const header = (name: string): string | undefined => {
      const values = valuesOf(fields, name)
      if (values.length > 1) throw new Error(`${name} is repeated: ${values.join(' | ')}`)
      return values[0]
    }
    return { status, startLine, fields, body, trailers, framing, header }
  }

  /** How the connection ended. Resolves when it has; what came before is in `received`. */
  async closed (): Promise<'fin' | 'reset'> {
    while (this.#ending === null) await this.#change()
    return this.#ending
  }

  get hasEnded (): boolean {
    return this.#ending !== null
  }

  async #body (method: string, status: number, fields: RawHead['fields']): Promise<Pick<RawResponse, 'framing' | 'body' | 'trailers'>> {
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { framing: 'none', body: '', trailers: [] }
    const lengths = valuesOf(fields, 'content-length')
    const codings = valuesOf(fields, 'transfer-encoding')
    if (codings.length + lengths.length > 1) throw new Error('the framing of the response is ambiguous')
    if (codings.length === 1) {
      if (codings[0] !== 'chunked') throw new Error(`transfer coding ${codings[0]!}`)
      let read: RawBody | null = null
      await this.when(() => (read = readChunked(this.received)) !== null, 'the last chunk')
      const { content, trailers, length } = read!
      this.take(length)
      return { framing: 'chunked', body: content, trailers }
    }
    if (lengths.length === 1) {
      if (!/^\d+$/.test(lengths[0]!)) throw new Error(`Content-Length ${lengths[0]!}`)
      return { framing: 'length', body: await this.bytes(Number(lengths[0])), trailers: [] }
    }
    if (await this.closed() === 'reset') throw new Error('the response was cut off by a reset')
    return { framing: 'close', body: this.take(this.received.length), trailers: [] }
  }

  #end (how: 'fin' | 'reset'): void {
    this.#ending ??= how
    this.#wake()
  }

  #wake (): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const wake of wakers) wake()
  }

  #change (): Promise<void> {
    return new Promise((resolve) => { this.#wakers.push(resolve) })
  }

  /** Waits until `isThere`, asked whenever something came. */
  async when (isThere: () => boolean, what: string): Promise<void> {
    while (!isThere()) {
      if (this.#ending !== null) {
        throw new Error(`${this.#ending} before ${what}; received ${JSON.stringify(this.received.slice(0, 400))}`)
      }
      await this.#change()
    }
  }
}
