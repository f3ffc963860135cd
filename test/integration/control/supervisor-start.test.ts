import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ListenError } from '../../../lib/control/listen-error.ts'
import { hasReusePort } from '../../../lib/control/reuse-port.ts'
import { get, startSupervisor } from './support.ts'

const WAYS = await hasReusePort() ? [true, false] : [false]

for (const reusePort of WAYS) {
  void t.test(`a taken address is named, with what to do (reusePort: ${reusePort})`, async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    t.teardown(() => { other.close() })
    const { port } = other.address() as AddressInfo
    const error = await startSupervisor({ reusePort, listen: [{ host: '127.0.0.1', port }] }).catch((error) => error)
    t.type(error, ListenError)
    t.match(error, { code: 'EADDRINUSE', address: `127.0.0.1:${port}`, message: /stop it|another address/ })
  })
}

void t.test('a foreign address and a missing directory are named', async (t) => {
  await t.rejects(startSupervisor({ listen: [{ host: '192.0.2.1', port: 0 }], reusePort: false }), {
    code: 'EADDRNOTAVAIL', address: '192.0.2.1:0'
  })
  await t.rejects(startSupervisor({ listen: [{ host: '', port: 0, path: '/nonexistent/x.sock' }] }), {
    code: /ENOENT|EACCES/, address: 'unix:/nonexistent/x.sock'
  })
})

void t.test('a thread that ends before it listens fails the start', async (t) => {
  const entry = new URL('data:text/javascript,throw new Error("broken build")')
  await t.rejects(startSupervisor({ entry, reusePort: false }), { message: /broken build/ })
  const mute = new URL('data:text/javascript,setInterval(() => {}, 1000)')
  await t.rejects(startSupervisor({ entry: mute, reusePort: false, startTimeoutMs: 50 }), { message: /within 50 ms/ })
})

void t.test('several addresses, one of them a unix socket that a killed daemon left behind', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'fnlb-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'l.sock')
  const killed = spawn(process.execPath, ['-e', `require('net').createServer().listen('${path}', () => console.log())`])
  await once(killed.stdout, 'data')
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  t.ok(existsSync(path))
  const listen = [{ host: '127.0.0.1', port: 0 }, { host: '', port: 0, path }, { host: '127.0.0.1', port: 0 }]
  const { supervisor, port } = await startSupervisor({ listen })
  t.teardown(async () => await supervisor.stop())
  t.not(port(0), port(2))
  t.equal((await get({ port: port(0) })).status, 200)
  t.equal((await get({ socketPath: path })).status, 200)
  t.equal((await get({ port: port(2) })).status, 200)
  await t.rejects(startSupervisor({ listen: [{ host: '', port: 0, path }] }), { code: 'EADDRINUSE' })
  await supervisor.drain(1000)
  t.notOk(existsSync(path), 'the file is gone')
})
