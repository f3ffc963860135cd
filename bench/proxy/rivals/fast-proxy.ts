/**
 * fast-proxy with the option its README recommends for throughput (`undici`), one instance per node since an undici
 * pool has one origin, and its URL cache above the number of keys (the default of 100 would never hit).
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import fastProxy from 'fast-proxy'
import { createRing } from './ring.ts'
import { rivalArguments, serve } from './serve.ts'

const { port, origins } = rivalArguments()
const ring = createRing(origins)
const nodes = origins.map(base => fastProxy({
  base,
  cacheURLs: 1024,
  undici: { connections: 1024, pipelining: 1, keepAliveTimeout: 3_600_000, keepAliveMaxTimeout: 3_600_000 }
}))

function rewriteRequestHeaders (request: IncomingMessage, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? ''
  headers['x-forwarded-proto'] = 'http'
  return headers
}

serve(port, (request, response) => {
  const target = request.url ?? '/'
  const node = nodes[ring.ownerOf(target)] as typeof nodes[number]
  node.proxy(request, response, target, { rewriteRequestHeaders })
})
