/**
 * One active check of a node: an HTTP request (undici) or a TCP connection, always on a connection of its own, so that
 * a check never waits behind a call and a broken kept connection is never taken for a sick node.
 *
 * Bounded: the whole check, the body of the answer included, has one deadline; a body is dropped as it comes, and
 * beyond MAX_BODY_BYTES the status is enough.
 */
import { connect } from 'node:net'
import type { Client, Dispatcher } from 'undici'
import type { ProbeResult as ProbeOutcome } from '../metrics/source.ts'

export interface ProbeTarget {
  readonly host: string
  readonly port: number
}

/** Inclusive. */
export interface StatusRange { readonly from: number, readonly to: number }

export type ProbeKind =
  | { readonly type: 'tcp' }
  | { readonly type: 'http', readonly path: string, readonly expect: readonly StatusRange[] }

export interface CheckResult {
  readonly outcome: ProbeOutcome
  /** For people: `200`, `status 500`, `no answer within 1000 ms`. */
  readonly reason: string
  readonly durationMs: number
}

/** Checks one node once. Never rejects. */
export type Check = (target: ProbeTarget, kind: ProbeKind, timeoutMs: number) => Promise<CheckResult>

/** The answer of a health page is small; more is not waited for. */
const MAX_BODY_BYTES = 64 * 1024

type Verdict = Omit<CheckResult, 'durationMs'>

export const check: Check = async (target, kind, timeoutMs) => {
  const startMs = performance.now()
  const verdict = kind.type === 'tcp'
    ? await checkTcp(target, timeoutMs)
    : await checkHttp(target, kind, timeoutMs)
  return { ...verdict, durationMs: performance.now() - startMs }
}

function checkTcp ({ host, port }: ProbeTarget, timeoutMs: number): Promise<Verdict> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const finish = (verdict: Verdict): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(verdict)
    }
    const timer = setTimeout(() => finish(late(timeoutMs)), timeoutMs)
    socket.once('connect', () => finish({ outcome: 'ok', reason: 'connected' }))
    socket.once('error', (error) => finish(failure(error)))
  })
}

async function checkHttp (
  target: ProbeTarget, { path, expect }: ProbeKind & { type: 'http' }, timeoutMs: number
): Promise<Verdict> {
  const client = await createClient(target, timeoutMs)
  return await new Promise((resolve) => {
    let isDone = false
    const finish = (verdict: Verdict): void => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      resolve(verdict)
      // Never `close()`: it would wait for an answer that is not wanted any more.
      client.destroy().catch(() => {})
    }
    const timer = setTimeout(() => finish(late(timeoutMs)), timeoutMs)
    let statusCode = 0
    let bytes = 0
    const judge = (): void => finish(expect.some(({ from, to }) => statusCode >= from && statusCode <= to)
      ? { outcome: 'ok', reason: String(statusCode) }
      : { outcome: 'bad_status', reason: `status ${statusCode}` })
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart () {},
      onResponseStart (_controller, code) { if (code >= 200) statusCode = code },
      onResponseData (_controller, chunk) {
        bytes += chunk.length
        if (bytes > MAX_BODY_BYTES) judge()
      },
      onResponseEnd: judge,
      onResponseError (_controller, error) { finish(failure(error)) }
    }
    client.dispatch({
      method: 'GET', path, headers: { 'user-agent': 'fnlb-probe', accept: '*/*' }, reset: true
    }, handler)
  })
}

let ClientClass: typeof Client | undefined

/**
 * Only undici's plain client is loaded, and only when there is an HTTP probe: the package as a whole (fetch, caches,
 * web sockets) takes 22 MB, this part of it 12.
 */
async function createClient ({ host, port }: ProbeTarget, timeoutMs: number): Promise<Client> {
  ClientClass ??= (await import('undici/lib/dispatcher/client.js')).default
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  return new ClientClass(origin, { pipelining: 1, connect: { timeout: timeoutMs }, headersTimeout: 0, bodyTimeout: 0 })
}

function late (timeoutMs: number): Verdict {
  return { outcome: 'timeout', reason: `no answer within ${timeoutMs} ms` }
}

function failure (error: Error & { code?: string }): Verdict {
  if (error.code === 'ECONNREFUSED') return { outcome: 'refused', reason: 'connection refused' }
  if (error.code === 'UND_ERR_CONNECT_TIMEOUT' || error.code === 'ETIMEDOUT') {
    return { outcome: 'timeout', reason: 'connect timeout' }
  }
  return { outcome: 'failed', reason: error.code === undefined ? error.message : `${error.code}: ${error.message}` }
}
