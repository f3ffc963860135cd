/**
 * A runner node as a bare server: it hands each request, taken apart but unjudged, to a script, which answers with whatever
 * bytes it likes, or with none. What reaches it that is no request is kept in `garbage`.
 */
import net from 'node:net'
import { readChunked, readHead, valuesOf } from './raw-message.ts'
import type { RawBody, RawHead } from './raw-message.ts'

export class RunnerConnection {
  readonly socket: net.Socket
  readonly calls: RunnerCall[] = []
  /** Bytes read in all. */
  receivedBytes = 0
  /** The other side sent its FIN, or is gone. */
  hasEnded = false
  isClosed = false
  /** Bytes are counted and dropped. */
  isSink = false
  #buffer = ''
  #wakers: (() => void)[] = []

  constructor (socket: net.Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length
      if (!this.isSink) this.#buffer += chunk.toString('latin1')
      this.#wake()
    })
    socket.on('end', () => { this.hasEnded = true; this.#wake() })
    socket.on('error', () => { this.hasEnded = true; this.#wake() })
    socket.on('close', () => { this.hasEnded = this.isClosed = true; this.#wake() })
  }

  /** Bytes that have come and belong to nothing yet. */
  get unread (): string { return this.#buffer }

  take (count: number): string {
    const taken = this.#buffer.slice(0, count)
    this.#buffer = this.#buffer.slice(count)
    return taken
  }

  /** Waits until `isThere`; false when the connection ended first. */
  async when (isThere: () => boolean): Promise<boolean> {
    while (!isThere()) {
      if (this.hasEnded) return false
      await new Promise<void>((resolve) => { this.#wakers.push(resolve) })
    }
    return true
  }

  /** Resolves when the other side has sent its FIN or is gone. */
  async ended (): Promise<void> {
    await this.when(() => this.hasEnded)
  }

  write (bytes: string | Buffer): this {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1')
    else this.socket.write(bytes)
    return this
  }

  end (): this { this.socket.end(); return this }
  destroy (): void { this.socket.destroy() }
  reset (): void { this.socket.resetAndDestroy() }

  #wake (): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const wake of wakers) wake()
  }
}

export class RunnerCall {
  readonly runner: RawRunner
  readonly connection: RunnerConnection
  readonly startLine: string
  readonly fields: RawHead['fields']
  /** Number of the call on its connection, 0 = first. */
  readonly turn: number
  trailers: RawHead['fields'] = []
  chunks: readonly number[] = []
  #body: Promise<string> | null = null

  constructor (runner: RawRunner, connection: RunnerConnection, head: RawHead) {
    this.runner = runner
    this.connection = connection
    this.startLine = head.startLine
    this.fields = head.fields
    this.turn = connection.calls.length
  }

  get method (): string { return this.startLine.split(' ')[0]! }
  get target (): string { return this.startLine.split(' ')[1]! }

  /** The only value of a field; undefined without one. Throws when it is repeated. */
  header (name: string): string | undefined {
    const values = valuesOf(this.fields, name)
    if (values.length > 1) throw new Error(`${name} is repeated: ${values.join(' | ')}`)
    return values[0]
  }

  /** Names of the fields as they came, in order. */
  get names (): string[] { return this.fields.map(([name]) => name) }

  /** The whole body. Rejects when the connection ends before it. */
  body (): Promise<string> {
    this.#body ??= this.#readBody()
    return this.#body
  }

  write (bytes: string | Buffer): this { this.connection.write(bytes); return this }

  /** A complete answer with Content-Length. */
  answer (body = 'ok', fields = '', status = '200 OK'): this {
    return this.write(`HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`)
  }

  async #readBody (): Promise<string> {
    const { connection } = this
    const codings = valuesOf(this.fields, 'transfer-encoding')
    const lengths = valuesOf(this.fields, 'content-length')
    if (codings.length + lengths.length > 1) throw new Error('the framing of the request is ambiguous')
    if (codings.length === 1) {
      let read: RawBody | null = null
      if (!await connection.when(() => (read = readChunked(connection.unread)) !== null)) throw new Error('the upload broke off')
      const { content, trailers, chunks, length } = read!
      connection.take(length)
      this.trailers = trailers
      this.chunks = chunks
      return content
    }
    const length = Number(lengths[0] ?? 0)
    if (!await connection.when(() => connection.unread.length >= length)) throw new Error('the upload broke off')
    return connection.take(length)
  }
}

/** Answers a call; the connection's next call is read when it has returned. */
export type Script = (call: RunnerCall) => void | Promise<void>

/** Answers everything, bodies read first. */
export const answerOk: Script = async (call) => {
  await call.body()
  call.answer()
}

export class RawRunner {
  readonly calls: RunnerCall[] = []
  readonly connections: RunnerConnection[] = []
  /** What came in place of a request, and what scripts threw. */
  readonly garbage: string[] = []
  script: Script
  readonly #server: net.Server
  #wakers: (() => void)[] = []

  private constructor (script: Script) {
    this.script = script
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => { void this.#serve(new RunnerConnection(socket)) })
  }

  static start (script: Script = answerOk): Promise<RawRunner> {
    const runner = new RawRunner(script)
    return new Promise((resolve) => { runner.#server.listen(0, '127.0.0.1', () => { resolve(runner) }) })
  }

  get port (): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  /** Waits until `count` calls have come, and gives the last of them. */
  async call (count: number): Promise<RunnerCall> {
    while (this.calls.length < count) await new Promise<void>((resolve) => { this.#wakers.push(resolve) })
    return this.calls[count - 1]!
  }

  async close (): Promise<void> {
    for (const connection of this.connections) connection.destroy()
    await new Promise((resolve) => { this.#server.close(resolve) })
  }

  async #serve (connection: RunnerConnection): Promise<void> {
    this.connections.push(connection)
    for (;;) {
      let head: RawHead | null = null
      try {
        if (!await connection.when(() => (head = readHead(connection.unread)) !== null)) break
        if (!/^[!-~]+ [!-~]+ HTTP\/1\.1$/.test(head!.startLine)) throw new Error(head!.startLine)
        connection.take(head!.length)
        const call = new RunnerCall(this, connection, head!)
        connection.calls.push(call)
        this.calls.push(call)
        this.#wake()
        await this.script(call)
      } catch (error) {
        // An upload that breaks off is the client's doing; everything else should not be.
        if (!(error instanceof Error && error.message === 'the upload broke off')) this.garbage.push(String(error))
        break
      }
    }
    if (connection.unread !== '') this.garbage.push(connection.unread)
  }

  #wake (): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const wake of wakers) wake()
  }
}
