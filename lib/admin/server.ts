/**
 * The admin server: node:http on a loopback address or a unix socket, for operators, scrapers and Kubernetes' probes.
 *
 * It runs on the control thread and must never hold it up: bounded heads, times and connections, no request bodies, and
 * only GET and HEAD in this version.
 */
import { chmodSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { isLoopback } from '../config/addresses.ts'
import type { ListenTarget } from '../config/config.ts'
import { removeStaleSocket } from '../control/bind.ts'
import { formatAddress, ListenError } from '../control/listen-error.ts'
import { isLocalHost } from './host-check.ts'
import { AdminProblem } from './problem.ts'
import { assertQuery, match } from './routes.ts'
import type { AdminContext, Answer } from './routes.ts'

/**
 * Not `import`: an ES module import of node:http reads all its exports, and with them loads the fetch and HTTP/2 stacks
 * that hide behind getters; 15 MB on Node 26, against 1.3 MB this way.
 */
const { createServer } = process.getBuiltinModule('node:http')

const MAX_CONNECTIONS = 128
const MAX_HEAD_BYTES = 16 * 1024
const REQUEST_TIMEOUT_MS = 10_000
const KEEP_ALIVE_TIMEOUT_MS = 15_000
/** Owner and group: the operators' group may be given the directory. */
const SOCKET_MODE = 0o660

export interface AdminServer {
  /** `http://127.0.0.1:9901` or `unix:/run/fnlb.sock`. */
  readonly url: string
  close (): Promise<void>
}

/** @throws ListenError when the address can not be opened. */
export async function startAdmin (listen: ListenTarget, context: AdminContext): Promise<AdminServer> {
  const mustBeLocal = !('path' in listen) && isLoopback(listen)
  const server = createServer({
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: REQUEST_TIMEOUT_MS / 2
  }, (request, response) => {
    void serve(context, mustBeLocal, request, response)
  })
  server.maxConnections = MAX_CONNECTIONS
  await open(server, listen)
  // A failing accept (too many open files) must not end the daemon; the next one may work.
  server.on('error', () => {})
  return {
    url: urlOf(server, listen),
    close: async () => await new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
}

async function open (server: Server, listen: ListenTarget): Promise<void> {
  if ('path' in listen) await removeStaleSocket(listen.path)
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(new ListenError(formatAddress({ host: '', port: 0, ...listen }), error.code ?? 'UNKNOWN', error.message))
    }
    server.once('error', fail)
    const target = 'path' in listen || listen.host !== '' ? listen : { port: listen.port }
    server.listen(target, () => {
      server.off('error', fail)
      resolve()
    })
  })
  if ('path' in listen) chmodSync(listen.path, SOCKET_MODE)
}

function urlOf (server: Server, listen: ListenTarget): string {
  if ('path' in listen) return `unix:${listen.path}`
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : listen.port
  return `http://${formatAddress({ host: listen.host === '' ? '127.0.0.1' : listen.host, port })}`
}

async function serve (
  context: AdminContext, mustBeLocal: boolean, request: IncomingMessage, response: ServerResponse
): Promise<void> {
  let route = 'unknown'
  let answer: Answer
  let headers: Readonly<Record<string, string>> = {}
  try {
    if (mustBeLocal && !isLocalHost(request.headers.host)) {
      throw new AdminProblem(421, 'foreign_host', 'this listener is for this machine: use localhost or an IP address')
    }
    const [path = '', query = ''] = request.url!.split('?', 2)
    const found = match(path)
    if (found === undefined) throw new AdminProblem(404, 'no_such_path', `there is nothing at ${path}`)
    route = found.route.pattern
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new AdminProblem(405, 'method_not_allowed', `${route} takes GET only`, { allow: 'GET, HEAD' })
    }
    const params = new URLSearchParams(query)
    assertQuery(found.route, params)
    answer = await found.route.handle(context, found.params, params)
  } catch (error) {
    const problem = error instanceof AdminProblem ? error : internal(context, route, error as Error)
    headers = problem.headers
    answer = {
      status: problem.status, type: 'application/problem+json', body: `${JSON.stringify(problem)}\n`
    }
  }
  context.control.admin.add(route, answer.status)
  // A body that nobody reads would block the connection for the next request.
  if (hasBody(request)) response.setHeader('connection', 'close')
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers
  })
  response.end(request.method === 'HEAD' ? undefined : answer.body)
}

function internal ({ log }: AdminContext, route: string, error: Error): AdminProblem {
  log.error({ route, err: error }, 'admin request failed')
  return new AdminProblem(500, 'internal', `a bug in fnlb: ${error.message}`)
}

function hasBody ({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
