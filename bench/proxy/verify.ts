/**
 * Before anything is timed, each contender must do the job that the others do: keep one function on one node, use
 * all nodes, keep connections alive on both sides, pass bodies whole. A proxy that skips one of them would win by it.
 */
import { Agent } from 'node:http'
import { parseAnswer, type Backends } from './backends.ts'
import { call, type LocalRequest } from './local-http.ts'
import { functionKeys } from './scenarios.ts'

/** @throws Error that says which duty was not done */
export async function verifyProxy (port: number, backends: Backends): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let requests = 0
  let newConnections = 0
  const get = async (request: Pick<LocalRequest, 'path' | 'body'>): Promise<Buffer> => {
    const { status, body, reused } = await call({ port, agent, ...request })
    if (status !== 200) throw new Error(`${request.path} was answered ${status}: ${body.toString('utf8', 0, 200)}`)
    requests++
    if (!reused) newConnections++
    return body
  }
  try {
    await verifyPlacement(async path => await get({ path }), backends)
    for (const size of [1024, 65536]) {
      const answer = parseAnswer((await get({ path: '/invoke/fn1', body: Buffer.alloc(size, 'x') })).toString())
      if (answer.requestBytes < size) {
        throw new Error(`of a ${size} byte POST the backend got ${answer.requestBytes} bytes, head included`)
      }
    }
    const blob = await get({ path: '/invoke/fn1?size=1m' })
    if (!blob.equals(backends.blob)) throw new Error('a 1 MiB body came through changed')
    if (newConnections > 1) {
      throw new Error(`${requests} requests in turn took ${newConnections} client connections: no keep-alive`)
    }
  } finally {
    agent.destroy()
  }
}

async function verifyPlacement (get: (path: string) => Promise<Buffer>, backends: Backends): Promise<void> {
  const owners = new Map<string, number>()
  let reusedUpstream = false
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 1; i <= functionKeys; i++) {
      const path = `/invoke/fn${i}`
      const answer = parseAnswer((await get(path)).toString())
      const owner = owners.get(path)
      if (owner !== undefined && owner !== answer.port) {
        throw new Error(`${path} went to node ${owner} and then to ${answer.port}: not consistent`)
      }
      owners.set(path, answer.port)
      reusedUpstream ||= answer.connectionRequests > 1
    }
  }
  const used = new Set(owners.values()).size
  if (used < backends.ports.length) throw new Error(`only ${used} of ${backends.ports.length} nodes were used`)
  if (!reusedUpstream) throw new Error('each request took a new upstream connection: no keep-alive')
}
