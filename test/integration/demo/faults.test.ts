/** Faults do to real sockets what they say, hit only what they should, and the call log tells what was executed. */
import { Agent } from 'node:http'
import t, { type Test } from 'tap'
import { startRunner, type Runner } from '../../../lib/demo/runner.ts'
import { call, open, until, wire } from './client.ts'

// Inline: what happens on the wire and in the log is the same, and no process has to start.
async function runner (t: Test): Promise<Runner> {
  const node = await startRunner({ inline: true })
  t.teardown(() => node.stop())
  return node
}

const REQUEST = 'POST /invoke/hello HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nx-call-id: hit\r\n\r\nhi'
const GET_VERSION = 'GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

void t.test('faults that take the answer', async t => {
  const node = await runner(t)
  for (const [kind, pattern] of [
    ['close', /^$/],
    ['garbage', /^(?!HTTP).{12}$/s],
    ['half-head', /^HTTP\/1.1 200 OK\r\n.*Content-Le$/s],
    ['half-body', /^HTTP\/1.1 200 OK\r\n.*Content-Length: 1000\r\n\r\nonly this$/s]
  ] as const) {
    for (const execute of [false, true]) {
      node.clearCalls()
      node.setFault({ kind, execute })
      const { bytes, error } = await wire(node.port, REQUEST)
      t.match(bytes.toString('latin1'), pattern, kind)
      t.equal(error, undefined)
      t.match(node.calls(), [{ id: 'hit', executed: execute, outcome: 'fault', status: 0 }])
    }
  }
  node.setFault({ kind: 'reset' })
  const reset = await wire(node.port, REQUEST)
  t.match(reset, { error: 'ECONNRESET' })
  t.equal(reset.bytes.length, 0)
  node.setFault({ kind: 'busy' })
  t.equal((await call(`${node.url}/invoke/hello`)).status, 503)
  t.match(node.calls().at(-1), { executed: false, outcome: 'busy' })
})

void t.test('a node that hangs says nothing and closes nothing', async t => {
  const node = await runner(t)
  node.setFault({ kind: 'hang' })
  const leaving = new AbortController()
  const hanging = call(`${node.url}/invoke/hello`, { signal: leaving.signal }).catch((error: unknown) => error)
  await until('the call is there', () => node.calls().length === 1)
  t.equal((await call(`${node.url}/version`, { method: 'GET' })).status, 200, 'probes still work')
  node.setFault({ kind: 'hang', scope: 'all', count: 1 })
  const probe = call(`${node.url}/version`, { method: 'GET', signal: leaving.signal }).catch((error: unknown) => error)
  await until('the probe was hit', () => node.state().faultHits === 1)
  leaving.abort()
  t.match(await hanging, { name: 'AbortError' })
  t.match(await probe, { name: 'AbortError' })
  t.match(node.calls()[0], { executed: false, outcome: 'fault' })
  t.equal((await call(`${node.url}/version`, { method: 'GET' })).status, 200, 'the count is used up')
})

void t.test('slow is late but right, and ends when the client leaves', async t => {
  const node = await runner(t)
  node.setFault({ kind: 'slow', delayMs: 80 })
  const begin = performance.now()
  t.equal((await call(`${node.url}/invoke/hello`)).status, 200)
  t.ok(performance.now() - begin >= 79)
  node.setFault({ kind: 'slow', delayMs: 60_000 })
  const leaving = new AbortController()
  const waiting = call(`${node.url}/invoke/hello`, { signal: leaving.signal }).catch(() => {})
  await until('the call is there', () => node.calls().length === 2)
  leaving.abort()
  await waiting
  await until('it was given up', () => node.calls()[1]?.outcome === 'gone')
  t.match(node.calls()[1], { executed: false })
})

void t.test('skip, count and function id choose the calls', async t => {
  const node = await runner(t)
  node.setFault({ kind: 'busy', skip: 1, count: 2, fnId: 'hello-a' })
  const statuses: number[] = []
  for (const fnId of ['hello-a', 'hello-b', 'hello-a', 'hello-b', 'hello-a', 'hello-a']) {
    statuses.push((await call(`${node.url}/invoke/${fnId}`)).status)
  }
  t.same(statuses, [200, 200, 503, 200, 503, 200])
  t.equal(node.state().faultHits, 2)
})

void t.test('the race on a reused connection: only later requests are hit', async t => {
  const node = await runner(t)
  node.setFault({ kind: 'reset', reusedOnly: true })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => { agent.destroy() })
  t.equal((await call(`${node.url}/invoke/hello`, { agent })).status, 200)
  await t.rejects(call(`${node.url}/invoke/hello`, { agent }), { code: 'ECONNRESET' })
  t.equal((await call(`${node.url}/invoke/hello`, { agent })).status, 200)
})

void t.test('damage on the idle connection, after a right answer', async t => {
  const node = await runner(t)
  node.setFault({ kind: 'idle-reset' })
  const reset = await wire(node.port, REQUEST)
  t.match(reset.bytes.toString(), /^HTTP\/1.1 200 OK\r\n.*"message":"Hello World"/s)
  t.equal(reset.error, 'ECONNRESET')
  node.setFault({ kind: 'idle-bytes' })
  const socket = await open(node.port)
  let received = ''
  socket.on('data', (piece: Buffer) => { received += piece.toString() })
  socket.write(REQUEST)
  await until('the stray bytes are there', () => received.endsWith('}stray'))
  socket.destroy()
  t.match(node.calls().map(({ outcome }) => outcome), ['done', 'done'])
})

void t.test('a crash inside another process drops every connection and the listener', async t => {
  const node = await runner(t)
  node.setFault({ kind: 'hang', count: 1 })
  const other = wire(node.port, REQUEST)
  await until('one call hangs', () => node.calls().length === 1)
  node.setFault({ kind: 'crash' })
  t.match(await wire(node.port, REQUEST), { error: 'ECONNRESET' })
  t.match(await other, { error: 'ECONNRESET' })
  await t.rejects(wire(node.port, GET_VERSION), { code: 'ECONNREFUSED' })
})

void t.test('the log is bounded and says what it lost', async t => {
  const node = await startRunner({ inline: true, callLogSize: 3 })
  t.teardown(() => node.stop())
  for (let i = 1; i <= 5; i++) await call(`${node.url}/invoke/hello`, { headers: { 'x-call-id': `call ${i}` } })
  t.same(node.calls().map(({ seq, id }) => [seq, id]), [[3, 'call 3'], [4, 'call 4'], [5, 'call 5']])
  t.same(node.calls(4).map(({ seq }) => seq), [5])
  t.equal(node.lostCalls, 2)
  node.clearCalls()
  t.same([node.calls(), node.lostCalls], [[], 0])
  await call(`${node.url}/invoke/hello`)
  t.match(node.calls(), [{ seq: 6 }])
})
