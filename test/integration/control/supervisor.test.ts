import t from 'tap'
import { hasReusePort } from '../../../lib/control/reuse-port.ts'
import { answeringThreads, emptySnapshot, get, startSupervisor } from './support.ts'

/** Both ways to listen; the first only where the platform has it. */
const WAYS = await hasReusePort() ? [true, false] : [false]

for (const reusePort of WAYS) {
  const way = reusePort ? 'reusePort' : 'shared socket'

  void t.test(`${way}: all threads share one port, and one that dies is replaced unseen`, async (t) => {
    const { supervisor, log, port, counters, cleared } = await startSupervisor({ reusePort, threads: 2 })
    t.teardown(async () => await supervisor.stop())
    t.equal(supervisor.reusePort, reusePort)
    t.same(supervisor.status().map(({ state }) => state), ['listening', 'listening'])
    t.equal((await answeringThreads(port(), 2)).size, 2, 'connections spread over the threads')

    const replaced = log.next('data thread replaced')
    await t.rejects(get({ port: port() }, '/exit'), 'the thread takes its own connection with it')
    const line = await replaced
    const { thread } = line.fields as { thread: number }
    t.match(line.fields, { restarts: 1 })
    t.same(cleared, [thread])
    t.equal((await answeringThreads(port(), 2)).size, 2, 'the replacement accepts too')
    t.match(supervisor.status()[thread], { state: 'listening', restarts: 1, lastEnd: 'exit code 3' })
    t.equal(counters.of(thread, 'functionsKnown'), 7, 'the gauges are those of the new thread')
    t.equal(supervisor.addresses[0]!.port, port(), 'on the same port')
  })

  void t.test(`${way}: a thread that throws again and again is replaced each time, logged once`, async (t) => {
    const { supervisor, log, port } = await startSupervisor({ reusePort, threads: 1 })
    t.teardown(async () => await supervisor.stop())
    for (let death = 1; death <= 3; death++) {
      const replaced = log.next('data thread replaced')
      await t.rejects(get({ port: port() }, '/crash'))
      t.match((await replaced).fields, { thread: 0, restarts: death, attempts: death })
    }
    t.equal(log.count('data thread ended, it will be replaced'), 3, 'each change is one line')
    t.match(supervisor.status()[0], { lastEnd: /crash on request/ })
  })
}

void t.test('others go on while one is down', async (t) => {
  const { supervisor, log, port } = await startSupervisor({ reusePort: false, threads: 2, random: () => 0.99 })
  t.teardown(async () => await supervisor.stop())
  const replaced = log.next('data thread replaced')
  const ended = log.next('data thread ended, it will be replaced')
  await t.rejects(get({ port: port() }, '/exit'))
  const { thread } = (await ended).fields as { thread: number }
  const answers = await Promise.all(Array.from({ length: 20 }, () => get({ port: port() })))
  t.ok(answers.some(({ body }) => body === String(1 - thread)))
  t.equal(answers.length, 20, 'none was refused')
  await replaced
})

void t.test('the leases of a dead thread are given back', async (t) => {
  const { supervisor, log, port, nodeTable } = await startSupervisor({ reusePort: false, threads: 1 })
  t.teardown(async () => await supervisor.stop())
  const held = get({ port: port() }, '/hold')
  const rejected = t.rejects(held)
  while (nodeTable.inFlight(0) === 0) await new Promise((resolve) => setImmediate(resolve))
  const replaced = log.next('data thread replaced')
  await t.rejects(get({ port: port() }, '/exit'))
  await rejected
  await replaced
  t.equal(nodeTable.inFlight(0), 0)
})

void t.test('a thread whose event loop stands still is ended and replaced', async (t) => {
  const { supervisor, log, port } = await startSupervisor({ reusePort: false, threads: 1, hangTimeoutMs: 800 })
  t.teardown(async () => await supervisor.stop())
  const replaced = log.next('data thread replaced')
  await t.rejects(get({ port: port() }, '/hang'))
  await replaced
  t.match(supervisor.status()[0], { lastEnd: 'its event loop stood still', restarts: 1 })
  t.equal((await get({ port: port() })).status, 200)
})

void t.test('snapshots reach all threads, and replacements start with the newest', async (t) => {
  let onApplied = (): void => {}
  const { supervisor, log, port } = await startSupervisor({ reusePort: false, onApplied: () => onApplied() })
  t.teardown(async () => await supervisor.stop())
  t.equal(supervisor.appliedGeneration, 1)
  const all = new Promise<void>((resolve) => {
    onApplied = () => { if (supervisor.appliedGeneration === 2) resolve() }
  })
  supervisor.publish(emptySnapshot(2))
  t.equal(supervisor.appliedGeneration, 1, 'not before the threads say so')
  await all
  t.same(supervisor.status().map(({ applied }) => applied), [2, 2])
  const replaced = log.next('data thread replaced')
  await t.rejects(get({ port: port() }, '/exit'))
  await replaced
  const answers = await Promise.all(Array.from({ length: 20 }, () => get({ port: port() })))
  t.ok(answers.every(({ headers }) => headers['x-generation'] === '2'))
})

void t.test('log lines are handed on with their loss', async (t) => {
  const { supervisor, port, lines } = await startSupervisor({ reusePort: false, threads: 1 })
  t.teardown(async () => await supervisor.stop())
  await get({ port: port() }, '/log')
  t.same(lines, [{ lines: '{"msg":"request"}\n', dropped: 2 }])
})

void t.test('drain waits for what is in flight, then cuts it', async (t) => {
  const { supervisor, port } = await startSupervisor({ reusePort: false, threads: 2 })
  t.teardown(async () => await supervisor.stop())
  supervisor.closing()
  t.equal((await get({ port: port() })).headers['connection'], 'close')
  const held = t.rejects(get({ port: port() }, '/hold'))
  await answeringThreads(port(), 2)
  const cut = await supervisor.drain(100)
  await held
  t.equal(cut, 1)
  await t.rejects(get({ port: port() }), { code: 'ECONNREFUSED' }, 'no descriptor was left listening')
  t.same(supervisor.status().map(({ state }) => state), ['ended', 'ended'])
})
