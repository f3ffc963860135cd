/**
 * What the tests of the demo runner share: an HTTP client that shows everything (node:http, no pooling unless asked),
 * and ways to wait for what can be observed: a condition, the end of a process.
 */
import { readFileSync } from 'node:fs'
import { request, type Agent, type ClientRequest, type IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly trailers: NodeJS.Dict<string>
  readonly body: Buffer
  readonly text: string
  readonly json: Record<string, unknown>
}

export interface CallOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
  readonly agent?: Agent
  readonly signal?: AbortSignal
}

/** POST unless told otherwise. Rejects when the connection breaks before the answer is whole. */
export function call (url: string, options: CallOptions = {}): Promise<Reply> {
  const { outgoing, reply } = begin(url, options)
  outgoing.end(options.body)
  return reply
}

export interface HeldCall {
  /** Sends the end of the body: a function behind an FDK runs only then, but its instance is taken at once. */
  finish (): Promise<Reply>
  /** Leaves without an answer. */
  abandon (): void
}

/** A call that holds its instance for as long as the test wants. */
export function holdCall (url: string): HeldCall {
  const { outgoing, reply } = begin(url, {})
  reply.catch(() => {})
  outgoing.write('begin ')
  return {
    finish: () => {
      outgoing.end('end')
      return reply
    },
    abandon: () => { outgoing.destroy() }
  }
}

function begin (url: string, options: CallOptions): { outgoing: ClientRequest, reply: Promise<Reply> } {
  const { method = 'POST', headers = {}, agent = false, signal } = options
  const outgoing = request(url, { method, headers, agent, ...(signal === undefined ? {} : { signal }) })
  const reply = new Promise<Reply>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', response => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => { pieces.push(piece) })
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(pieces)
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          trailers: response.trailers,
          body: bytes,
          text: bytes.toString(),
          get json () { return JSON.parse(bytes.toString()) as Record<string, unknown> }
        })
      })
    })
  })
  return { outgoing, reply }
}

/** Opens a plain connection and resolves when it is there. */
export function open (port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => { resolve(socket) })
    socket.once('error', reject)
  })
}

export interface Wire {
  /** Everything that came until the connection ended. */
  readonly bytes: Buffer
  /** Error code when it was reset. */
  readonly error: string | undefined
}

/** Sends `text` on a connection of its own and reads until the other side ends it. */
export async function wire (port: number, text: string): Promise<Wire> {
  const socket = await open(port)
  const pieces: Buffer[] = []
  return await new Promise(resolve => {
    let error: string | undefined
    socket.on('data', (piece: Buffer) => { pieces.push(piece) })
    socket.on('error', (cause: NodeJS.ErrnoException) => { error = cause.code ?? cause.message })
    socket.on('end', () => { socket.end() })
    socket.on('close', () => { resolve({ bytes: Buffer.concat(pieces), error }) })
    socket.write(text)
  })
}

/** Waits until `check` holds, looking every few milliseconds; fails after `timeoutMs`. */
export async function until (what: string, check: () => boolean | Promise<boolean>, timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!await check()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await setTimeout(5)
  }
}

/** A process that has ended but was not collected by its parent counts as ended. */
export function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    // No /proc on this system, or gone just now.
    return process.platform !== 'linux'
  }
}
