/**
 * What one writes by hand today: node:http in front, an undici Pool per node behind, `dispatch` with the raw headers
 * so that nothing is parsed twice. Correct where a proxy must be: hop-by-hop fields dropped both ways, back-pressure
 * both ways, a client that leaves cancels its upstream call, a broken upstream body breaks the client connection.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Pool, type Dispatcher } from 'undici'
import { createRing } from './ring.ts'
import { rivalArguments, serve } from './serve.ts'

const { port, origins } = rivalArguments()
const ring = createRing(origins)
const pools = origins.map(origin => new Pool(origin, {
  connections: 1024,
  pipelining: 1,
  keepAliveTimeout: 3_600_000,
  keepAliveMaxTimeout: 3_600_000
}))

const hopByHop = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'
])

/** Fields that the `Connection` field names are hop-by-hop too. */
function namedByConnection (value: string | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive') return undefined
  return new Set(value.toLowerCase().split(',').map(name => name.trim()))
}

function requestHeaders (request: IncomingMessage): string[] {
  const raw = request.rawHeaders
  const named = namedByConnection(request.headers.connection)
  const headers: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const lower = name.toLowerCase()
    if (hopByHop.has(lower) || lower.startsWith('x-forwarded-') || named?.has(lower) === true) continue
    headers.push(name, raw[i + 1] as string)
  }
  headers.push(
    'X-Forwarded-For', request.socket.remoteAddress ?? '',
    'X-Forwarded-Proto', 'http',
    'X-Forwarded-Host', request.headers.host ?? ''
  )
  return headers
}

function responseHeaders (raw: readonly Buffer[]): string[] {
  const headers: string[] = []
  let named: ReadonlySet<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1')
    const lower = name.toLowerCase()
    const value = (raw[i + 1] as Buffer).toString('latin1')
    if (lower === 'connection') named = namedByConnection(value.toLowerCase())
    if (!hopByHop.has(lower)) headers.push(name, value)
  }
  if (named === undefined) return headers
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (!named.has((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string)
  }
  return kept
}

function hasBody (request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined ||
    (request.headers['content-length'] ?? '0') !== '0'
}

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  #abort: ((error?: Error) => void) | undefined

  constructor (response: ServerResponse) {
    this.#response = response
    response.once('close', () => {
      if (!response.writableFinished) this.#abort?.(new Error('the client left'))
    })
  }

  onConnect (abort: (error?: Error) => void): void {
    if (this.#response.destroyed) abort(new Error('the client left'))
    else this.#abort = abort
  }

  onHeaders (status: number, raw: Buffer[], resume: () => void): boolean {
    if (status < 200) return true
    this.#response.writeHead(status, responseHeaders(raw))
    // undici takes the Content-Length of a 304 for a promised body and fails: the answer must be out before that.
    if (status === 304) this.#response.end()
    else this.#response.on('drain', resume)
    return true
  }

  onData (chunk: Buffer): boolean {
    return this.#response.write(chunk)
  }

  onComplete (): void {
    this.#response.end()
  }

  onError (): void {
    if (this.#response.writableEnded) return
    if (this.#response.headersSent) this.#response.destroy()
    else this.#response.writeHead(502).end()
  }
}

serve(port, (request, response) => {
  const path = request.url ?? '/'
  const pool = pools[ring.ownerOf(path)] as Pool
  pool.dispatch({
    path,
    method: request.method as Dispatcher.HttpMethod,
    headers: requestHeaders(request),
    body: hasBody(request) ? request : null
  }, new Relay(response))
})
