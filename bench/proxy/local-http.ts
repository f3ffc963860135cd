/**
 * The bench's own small HTTP calls on loopback: waiting until a server answers, and checking what it answers.
 * Not used while anything is measured.
 */
import { Agent, request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningProcess } from './processes.ts'

export interface LocalResponse {
  readonly status: number
  readonly body: Buffer
  /** The client connection had already carried a request. */
  readonly reused: boolean
}

export interface LocalRequest {
  readonly port: number
  readonly path: string
  readonly body?: Buffer
  readonly agent?: Agent
}

const timeoutMs = 5000

export async function call ({ port, path, body, agent }: LocalRequest): Promise<LocalResponse> {
  return await new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? {} : { 'content-length': body.length },
      ...(agent === undefined ? {} : { agent })
    })
    outgoing.setTimeout(timeoutMs, () => { outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)) })
    outgoing.once('error', reject)
    outgoing.once('response', response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => { chunks.push(chunk) })
      response.once('error', reject)
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), reused: outgoing.reusedSocket })
      })
    })
    outgoing.end(body)
  })
}

/**
 * Ports that nobody listens on now, all different, since all are held open until the last is found. They are given to
 * processes that start at once; the race in between is accepted.
 */
export async function freePorts (count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(servers.map(async server => await new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => { resolve((server.address() as AddressInfo).port) })
  })))
  await Promise.all(servers.map(async server => {
    await new Promise<void>(resolve => { server.close(() => { resolve() }) })
  }))
  return ports
}

/** @throws Error with what the process said, when it ends or does not answer 200 in time */
export async function waitUntilServes (
  server: RunningProcess, port: number, path: string, withinMs: number
): Promise<void> {
  const deadline = performance.now() + withinMs
  let last = 'no answer'
  const agent = new Agent({ keepAlive: false })
  while (performance.now() < deadline) {
    if (server.hasEnded()) throw new Error(`${await server.ended}: ${server.complaint() || 'it said nothing'}`)
    try {
      const { status, body } = await call({ port, path, agent })
      if (status === 200) return
      last = `status ${status}: ${body.toString('utf8', 0, 200)}`
    } catch (error) {
      last = (error as Error).message
    }
    await sleep(25)
  }
  const said = server.complaint()
  throw new Error(`${server.name} did not serve ${path} within ${withinMs} ms (${last})` +
    (said === '' ? '' : `: ${said}`))
}
