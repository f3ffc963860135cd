/**
 * `/raw/…`: endpoints of the runner node itself, no functions, for tests of a proxy: each shows one behaviour of HTTP
 * that a function behind an FDK cannot show. They hold no body; every number in a query is checked, and bounded.
 * What they are and take: docs/demo-runner.md.
 */
import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import type { CallRecord } from './call-log.ts'
import { sendFnError, sendJson, pathNotFound } from './fn-error.ts'
import { patternPieces } from './pattern.ts'

const MAX_BYTES = 2 ** 40
const MAX_MS = 3_600_000

/** A query that cannot be used; its message is the answer. */
class QueryError extends Error {}

export interface RawRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  /** The client waits for 100 (Continue). */
  readonly expectsContinue: boolean
}

type Endpoint = (raw: RawRequest) => Promise<void>
type Sink = NodeJS.WritableStream & { readonly destroyed: boolean }

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/raw/head': head,
  '/raw/download': download,
  '/raw/until-close': untilClose,
  '/raw/upload': upload,
  '/raw/echo': echo,
  '/raw/continue': continueThen,
  '/raw/early': early,
  '/raw/trailers': trailers,
  '/raw/hints': hints,
  '/raw/sse': serverSentEvents,
  '/raw/wait': wait,
  '/raw/status': status
}

/** Serves one request under `/raw/`, and closes its record. */
export async function serveRaw (path: string, raw: RawRequest, record: CallRecord): Promise<void> {
  const { request, response } = raw
  response.once('close', () => {
    record.status = response.headersSent ? response.statusCode : 0
    record.outcome = response.writableFinished ? 'done' : 'gone'
  })
  const endpoint = Object.hasOwn(ENDPOINTS, path) ? ENDPOINTS[path] : undefined
  if (endpoint === undefined) {
    sendFnError(response, pathNotFound(request.method ?? '', path))
    return
  }
  record.executed = true
  try {
    await endpoint(raw)
  } catch (error) {
    if (error instanceof QueryError) sendFnError(response, { status: 400, message: error.message })
    // The rest is a client that left in the middle of its body, or of ours.
    else response.destroy()
  }
}

/** The request as it came. */
async function head ({ request, response, expectsContinue }: RawRequest): Promise<void> {
  if (expectsContinue) response.writeContinue()
  const sum = await consume(request, undefined)
  sendJson(response, 200, {
    method: request.method,
    target: request.url,
    version: request.httpVersion,
    headers: request.rawHeaders,
    trailers: request.rawTrailers,
    bodyBytes: sum.bytes,
    crc32: sum.crc32,
    remotePort: request.socket.remotePort
  })
}

/** `bytes` of the pattern: chunked, or with `length=1` under a Content-Length. */
async function download ({ request, response, query }: RawRequest): Promise<void> {
  const bytes = number(query, 'bytes', 1024 * 1024, MAX_BYTES)
  const hasLength = number(query, 'length', 0, 1) === 1
  const headers = ['Content-Type', 'application/octet-stream']
  response.writeHead(200, hasLength ? [...headers, 'Content-Length', String(bytes)] : headers)
  if (request.method !== 'HEAD') await writePattern(response, bytes)
  response.end()
}

/** A response without length or chunks: its end is the end of the connection. */
async function untilClose ({ response, query }: RawRequest): Promise<void> {
  const bytes = number(query, 'bytes', 65_536, MAX_BYTES)
  // Node frames by chunks unless this field was taken out on purpose.
  response.removeHeader('Transfer-Encoding')
  response.writeHead(200, ['Content-Type', 'application/octet-stream', 'Connection', 'close'])
  await writePattern(response, bytes)
  response.end()
}

/** Counts and sums up a body of any size. */
async function upload ({ request, response, query, expectsContinue }: RawRequest): Promise<void> {
  const wanted = query.get('hash') ?? 'crc32'
  if (wanted !== 'crc32' && wanted !== 'sha256') throw new QueryError('hash: must be crc32 or sha256')
  if (expectsContinue) response.writeContinue()
  const hash = wanted === 'sha256' ? createHash('sha256') : undefined
  const sum = await consume(request, hash)
  sendJson(response, 200, {
    ...sum, sha256: hash?.digest('hex'), isChunked: request.headers['transfer-encoding'] !== undefined
  })
}

/** Each body byte straight back, while it comes. */
async function echo ({ request, response, expectsContinue }: RawRequest): Promise<void> {
  if (expectsContinue) response.writeContinue()
  const type = request.headers['content-type'] ?? 'application/octet-stream'
  response.writeHead(200, ['Content-Type', type])
  response.flushHeaders()
  for await (const piece of request as AsyncIterable<Buffer>) {
    if (!response.write(piece)) await drain(response)
  }
  response.end()
}

/** 100 (Continue) after `ms`; or, with `refuse=<status>`, that final status and no 100. */
async function continueThen (raw: RawRequest): Promise<void> {
  const { request, response, query, expectsContinue } = raw
  const refusal = number(query, 'refuse', 0, 599)
  await pause(response, number(query, 'ms', 0, MAX_MS))
  if (response.destroyed) return
  if (refusal >= 200) {
    sendJson(response, refusal, { expectsContinue, refused: true })
    return
  }
  if (expectsContinue) response.writeContinue()
  const sum = await consume(request, undefined)
  sendJson(response, 200, { expectsContinue, ...sum })
}

/** A final answer while the body still comes. `drain=1`: the rest is read; else the connection closes. */
async function early ({ request, response, query }: RawRequest): Promise<void> {
  const code = number(query, 'status', 413, 599)
  const isDrained = number(query, 'drain', 0, 1) === 1
  const body = 'early\n'
  response.writeHead(code, [
    'Content-Type', 'text/plain', 'Content-Length', String(body.length), ...(isDrained ? [] : ['Connection', 'close'])
  ])
  response.end(body)
  if (isDrained) await consume(request, undefined)
}

/** A chunked answer with trailers; `X-Request-Trailers` gives back those that came. */
async function trailers ({ request, response, expectsContinue }: RawRequest): Promise<void> {
  if (expectsContinue) response.writeContinue()
  const sum = await consume(request, undefined)
  response.writeHead(200, ['Content-Type', 'text/plain', 'Trailer', 'X-Crc32, X-Request-Trailers'])
  response.write('body before trailers\n')
  response.addTrailers({
    'X-Crc32': String(sum.crc32), 'X-Request-Trailers': JSON.stringify(request.rawTrailers)
  })
  response.end()
}

/** `count` interim answers 103 (Early Hints), then 200. */
async function hints ({ response, query }: RawRequest): Promise<void> {
  const count = number(query, 'count', 1, 100)
  for (let i = 0; i < count; i++) response.writeEarlyHints({ link: `</style-${i}.css>; rel=preload; as=style` })
  sendJson(response, 200, { hints: count })
}

/** `count` events (0 = until the client leaves), one each `ms`. */
async function serverSentEvents ({ response, query }: RawRequest): Promise<void> {
  const count = number(query, 'count', 5, 1_000_000)
  const ms = number(query, 'ms', 100, MAX_MS)
  response.writeHead(200, ['Content-Type', 'text/event-stream', 'Cache-Control', 'no-store'])
  response.flushHeaders()
  const last = count === 0 ? Infinity : count
  for (let i = 1; i <= last && !response.destroyed; i++) {
    if (!response.write(`id: ${i}\ndata: {"n":${i}}\n\n`)) await drain(response)
    if (i < last) await pause(response, ms)
  }
  response.end()
}

/** Waits `ms` before the head, or with `part=body` between head and body. */
async function wait ({ response, query }: RawRequest): Promise<void> {
  const ms = number(query, 'ms', 1000, MAX_MS)
  const isInBody = query.get('part') === 'body'
  if (isInBody) {
    response.writeHead(200, ['Content-Type', 'text/plain'])
    response.write('before\n')
  }
  await pause(response, ms)
  if (response.destroyed) return
  if (!isInBody) response.writeHead(200, ['Content-Type', 'text/plain'])
  response.end('after\n')
}

/** Just a status (200 to 599), with a small body where it may have one. */
async function status ({ request, response, query }: RawRequest): Promise<void> {
  const code = Math.max(200, number(query, 'code', 200, 599))
  await consume(request, undefined)
  if (code === 204 || code === 304) response.writeHead(code).end()
  else sendJson(response, code, { status: code })
}

interface BodySum { readonly bytes: number, readonly crc32: number }

async function consume (request: IncomingMessage, hash: Hash | undefined): Promise<BodySum> {
  let bytes = 0
  let sum = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (hash === undefined) sum = crc32(piece, sum)
    else hash.update(piece)
  }
  return { bytes, crc32: sum }
}

async function writePattern (to: Sink, bytes: number): Promise<void> {
  for (const piece of patternPieces(bytes)) {
    if (to.destroyed) return
    if (!to.write(piece)) await drain(to)
  }
}

/** Until there is room again, or nobody left to write to. */
function drain (to: Sink): Promise<void> {
  if (to.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    const done = (): void => {
      to.off('drain', done)
      to.off('close', done)
      resolve()
    }
    to.on('drain', done)
    to.on('close', done)
  })
}

/** At most `ms`; less when the client leaves. */
function pause (response: ServerResponse, ms: number): Promise<void> {
  if (ms === 0 || response.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      response.off('close', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    response.on('close', done)
  })
}

function number (query: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  const value = /^\d{1,13}$/.test(text) ? Number(text) : NaN
  if (!(value <= max)) throw new QueryError(`${name}: must be a whole number from 0 to ${max}`)
  return value
}
