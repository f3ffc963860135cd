import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import type { Config } from '../../../lib/config/config.ts'
import { config, node, pool } from '../../support/config.ts'
import { Daemon } from './daemon-child.ts'
import { FAKE_THREAD, get } from './support.ts'

function start (t: Test, overrides: Partial<Config> = {}, options: object = {}): Daemon {
  return new Daemon(t, {
    config: config([pool('fn', [node('a'), node('b')])], overrides),
    entry: FAKE_THREAD.href,
    ...options
  })
}

void t.test('it starts, serves, tells, and ends in order on SIGTERM', async (t) => {
  const daemon = start(t, { readinessDelayMs: 150 }, {
    configFile: '/etc/fnlb.yaml', origins: { workers: 'flag --workers', listen: 'default' }
  })
  const { port, admin } = await daemon.ready()
  t.match(daemon.lines[0], {
    level: 'info', msg: 'starting', config_file: '/etc/fnlb.yaml', overrides: { workers: 'flag --workers' }
  })
  t.match(await daemon.line('ready'), { threads: 2, pools: [{ name: 'fn', nodes: 2 }] })
  t.equal((await get({ port })).status, 200)
  t.match(await get(admin, '/readyz'), { status: 200, body: 'ok\n' })
  t.equal((await get({ port }, '/log')).status, 200)
  await daemon.line('request')
  t.pass('lines of the data threads are in the log')

  daemon.child.kill('SIGTERM')
  await daemon.line('not ready any more, still accepting')
  t.match(await get(admin, '/readyz'), { status: 503, body: 'draining\n' })
  t.equal((await get(admin, '/livez')).status, 200)
  t.match(await get({ port }), { status: 200, headers: { connection: 'close' } }, 'still accepting')
  t.equal(await daemon.ended, 0)
  t.match(daemon.lines.at(-1), { msg: 'stopped', cut_requests: 0 })
  t.equal(daemon.stderr, '')
})

void t.test('SIGINT skips the readiness delay; what outlasts the drain timeout is cut', async (t) => {
  const daemon = start(t, { readinessDelayMs: 60_000, drainTimeoutMs: 100 })
  const { port } = await daemon.ready()
  const held = t.rejects(get({ port }, '/hold'))
  await get({ port })
  daemon.child.kill('SIGINT')
  t.equal(await daemon.ended, 0)
  await held
  t.match(daemon.lines.at(-1), { msg: 'stopped', cut_requests: 1 })
})

void t.test('a second signal ends it at once', async (t) => {
  for (const [signal, code] of [['SIGTERM', 143], ['SIGINT', 130]] as const) {
    const daemon = start(t, { readinessDelayMs: 60_000 })
    await daemon.ready()
    daemon.child.kill('SIGTERM')
    await daemon.line('not ready any more, still accepting')
    daemon.child.kill(signal)
    t.equal(await daemon.ended, code)
    t.match(daemon.lines.at(-1), { level: 'warn', msg: 'second signal, ending at once', signal })
  }
})

void t.test('a bug in the control thread: one last line, exit 70', async (t) => {
  for (const bug of ['throw', 'reject']) {
    const daemon = start(t, {}, { bug })
    await daemon.ready()
    daemon.child.kill('SIGUSR2')
    t.equal(await daemon.ended, 70)
    t.match(daemon.lines.at(-1), { level: 'fatal', err: { message: /on purpose/, stack: String } })
  }
})

void t.test('taken addresses end the start with a clear error', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  t.teardown(() => { taken.close() })
  const address = { host: '127.0.0.1', port: (taken.address() as AddressInfo).port }
  for (const overrides of [{ listen: [address] }, { admin: { listen: address } }]) {
    const daemon = start(t, overrides)
    t.equal(await daemon.ended, 2)
    t.match(JSON.parse(daemon.stderr), {
      code: 'FNLB_LISTEN_FAILED', message: new RegExp(`127.0.0.1:${address.port} \\(EADDRINUSE\\)`), hint: /stop it/
    })
  }
})

void t.test('threads that do not come up end the start', async (t) => {
  const daemon = start(t, {}, { entry: 'data:text/javascript,throw new Error("no engine")' })
  t.equal(await daemon.ended, 70)
  t.match(JSON.parse(daemon.stderr), { code: 'FNLB_THREADS_FAILED', message: /no engine/ })
})

void t.test('a signal during the start ends it too', async (t) => {
  const daemon = start(t)
  await daemon.line('starting')
  daemon.child.kill('SIGTERM')
  t.equal(await daemon.ended, 0)
})

void t.test('it runs without an admin server', async (t) => {
  const daemon = start(t, { admin: {} })
  t.match(await daemon.line('ready'), { admin: null })
  daemon.child.kill('SIGTERM')
  t.equal(await daemon.ended, 0)
})
