/** http-proxy-3 as its README sets it up with custom logic, with a keep-alive agent and targets parsed once. */
import { Agent } from 'node:http'
import { createProxyServer } from 'http-proxy-3'
import { createRing } from './ring.ts'
import { rivalArguments, serve } from './serve.ts'

const { port, origins } = rivalArguments()
const ring = createRing(origins)
const targets = origins.map(origin => new URL(origin))
const proxy = createProxyServer({
  agent: new Agent({ keepAlive: true, maxFreeSockets: 1024 }),
  xfwd: true
})

proxy.on('error', (_error, _request, response) => {
  if ('writeHead' in response && !response.headersSent) response.writeHead(502).end()
  else response.destroy()
})

serve(port, (request, response) => {
  const target = targets[ring.ownerOf(request.url ?? '/')] as URL
  proxy.web(request, response, { target })
})
