/** Where a client comes from, as runners and limits see it: IPv4, IPv6, both on one socket, unix sockets. */
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { RawClient } from '../../support/raw-client.ts'
import { request, scene } from '../../support/stage.ts'
import type { Stage } from '../../support/stage.ts'

const GET = request('GET /invoke/f')
/** Some containers have none. */
const hasIpv6 = Object.values(networkInterfaces()).flat().some((known) => known?.address === '::1')

async function ask (stage: Stage, to: net.NetConnectOpts, text = GET) {
  const socket = net.connect({ ...to, allowHalfOpen: true } as net.NetConnectOpts)
  await new Promise((resolve, reject) => { socket.once('connect', resolve).once('error', reject) })
  const client = new RawClient(socket)
  stage.clients.push(client)
  client.write(text)
  return await client.response()
}

scene('IPv4 and IPv6 on one socket', {
  requests: 2, headers: { forwarded: 'both' }, listen: { host: '' }, trustedProxies: ['127.0.0.1']
}, async (t, stage) => {
  const { port } = stage.proxy
  const claim = request('GET /invoke/f', 'X-Forwarded-For: 9.9.9.9\r\n')
  await ask(stage, { host: '127.0.0.1', port }, claim)
  const [four] = stage.runner.calls
  t.equal(four!.header('x-forwarded-for'), '9.9.9.9, 127.0.0.1', 'a mapped address is the IPv4 address, also for trust')
  t.equal(four!.header('forwarded'), 'for=127.0.0.1;host=fn.example;proto=http')
  if (!hasIpv6) return void (await ask(stage, { host: '127.0.0.1', port }))
  await ask(stage, { host: '::1', port }, claim)
  const six = stage.runner.calls[1]
  t.equal(six!.header('x-forwarded-for'), '::1')
  t.equal(six!.header('forwarded'), 'for="[::1]";host=fn.example;proto=http')
})

if (hasIpv6) {
  scene('an HTTP/1.0 client over IPv6 without a Host', { requests: 1, listen: { host: '::1' } }, async (t, stage) => {
    await ask(stage, { host: '::1', port: stage.proxy.port }, 'GET /invoke/f HTTP/1.0\r\n\r\n')
    t.equal(stage.runner.calls[0]!.header('host'), `[::1]:${stage.proxy.port}`)
  })
}

const directory = mkdtempSync(path.join(tmpdir(), 'fnlb-'))
const socketPath = path.join(directory, 'socket')
scene('a unix socket: its peers have no address and no trust', {
  requests: 2, headers: { forwarded: 'both' }, listen: { path: socketPath }, trustedProxies: ['0.0.0.0/0', '::/0']
}, async (t, stage) => {
  await ask(stage, { path: socketPath }, request('GET /invoke/f', 'X-Forwarded-For: 9.9.9.9\r\n'))
  const [call] = stage.runner.calls
  t.equal(call!.header('x-forwarded-for'), 'unknown')
  t.equal(call!.header('forwarded'), 'for=unknown;host=fn.example;proto=http')
  await ask(stage, { path: socketPath }, 'GET /invoke/f HTTP/1.0\r\n\r\n')
  t.equal(stage.runner.calls[1]!.header('host'), 'localhost')
  rmSync(directory, { recursive: true })
})
