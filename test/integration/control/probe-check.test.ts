import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { check } from '../../../lib/control/probe-check.ts'
import type { ProbeKind } from '../../../lib/control/probe-check.ts'

const HTTP: ProbeKind = { type: 'http', path: '/version', expect: [{ from: 200, to: 204 }, { from: 302, to: 302 }] }

async function listen (t: Test, server: Server): Promise<{ host: string, port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close() })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

/** A TCP server that answers every connection with `bytes`, and whose open sockets can be counted. */
async function raw (t: Test, bytes: string | null) {
  const open = new Set<Socket>()
  const server = createTcpServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    socket.on('data', () => { if (bytes !== null) socket.write(bytes) })
  })
  t.teardown(() => { for (const socket of open) socket.destroy() })
  return { target: await listen(t, server), open }
}

void t.test('http: the status decides', async (t) => {
  let status = 200
  const asked: Array<{ url: string, connection: string, agent: string }> = []
  const server = createServer((request, response) => {
    const { connection = '', 'user-agent': agent = '' } = request.headers
    asked.push({ url: request.url!, connection, agent })
    response.writeHead(status).end('x'.repeat(100))
  })
  const target = await listen(t, server)
  const result = await check(target, HTTP, 1000)
  t.match(result, { outcome: 'ok', reason: '200' })
  t.ok(result.durationMs > 0 && result.durationMs < 1000)
  for (status of [204, 302]) t.match(await check(target, HTTP, 1000), { outcome: 'ok' })
  for (status of [301, 404, 503]) {
    t.match(await check(target, HTTP, 1000), { outcome: 'bad_status', reason: `status ${status}` })
  }
  t.same(asked[0], { url: '/version', connection: 'close', agent: 'fnlb-probe' })
})

void t.test('http: informational answers are no answer', async (t) => {
  const { target } = await raw(t, 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  t.match(await check(target, HTTP, 1000), { outcome: 'ok', reason: '200' })
})

void t.test('http: what is wrong is said', async (t) => {
  const { target: mute } = await raw(t, null)
  t.match(await check(mute, HTTP, 50), { outcome: 'timeout', reason: 'no answer within 50 ms' })
  const { target: slowBody } = await raw(t, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
  t.match(await check(slowBody, HTTP, 50), { outcome: 'timeout' })
  const { target: garbage } = await raw(t, 'SSH-2.0-OpenSSH_9\r\n')
  t.match(await check(garbage, HTTP, 1000), { outcome: 'failed', reason: /HTTP/ })
  const server = createTcpServer((socket) => socket.destroy())
  t.match(await check(await listen(t, server), HTTP, 1000), { outcome: 'failed' })
})

void t.test('http: a body without end is not read for ever', async (t) => {
  const { target } = await raw(t, `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`)
  t.match(await check(target, HTTP, 1000), { outcome: 'ok' })
})

void t.test('a closed port is refused', async (t) => {
  const server = createTcpServer()
  const target = await listen(t, server)
  await new Promise((resolve) => server.close(resolve))
  t.match(await check(target, HTTP, 1000), { outcome: 'refused', reason: 'connection refused' })
  t.match(await check(target, { type: 'tcp' }, 1000), { outcome: 'refused' })
})

void t.test('tcp: a connection is enough', async (t) => {
  const { target } = await raw(t, null)
  t.match(await check(target, { type: 'tcp' }, 1000), { outcome: 'ok', reason: 'connected' })
})

void t.test('a name that does not resolve fails', async (t) => {
  const target = { host: 'no-such-host.invalid', port: 1 }
  t.not((await check(target, HTTP, 500)).outcome, 'ok')
  t.not((await check(target, { type: 'tcp' }, 500)).outcome, 'ok')
})

void t.test('no connection is left behind', async (t) => {
  const { target, open } = await raw(t, null)
  await check(target, HTTP, 20)
  await check(target, { type: 'tcp' }, 20)
  while (open.size > 0) await new Promise((resolve) => setImmediate(resolve))
  t.pass('all closed')
})
