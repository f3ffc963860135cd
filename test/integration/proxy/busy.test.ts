/** Fn's busy refusal: not executed here, so the call goes on to the next node (research/fnlb.md §2.5). */
import { RETRY_CAUSES } from '../../../lib/tables/counters.ts'
import { chunked } from '../../support/raw-message.ts'
import type { RunnerCall } from '../../support/raw-runner.ts'
import { Gate, request, scene } from '../../support/stage.ts'
import type { Stage } from '../../support/stage.ts'

const MESSAGE = '{"message":"Timed out - server too busy"}\n'
const BUSY = `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 15\r\nContent-Length: ${MESSAGE.length}\r\n\r\n${MESSAGE}`
const isFirst = (call: RunnerCall) => call.runner.script === firstBusy
const firstBusy = async (call: RunnerCall) => { await call.body(); call.write(BUSY) }
const busyRetries = ({ proxy }: Stage) => proxy.counters.retries(0, RETRY_CAUSES.indexOf('busy'))
const echo = async (call: RunnerCall) => { call.answer(`${call.connection.calls.length}:${await call.body()}`) }

scene('the next node gets the call, with its body', { runners: 2, requests: 4, script: echo }, async (t, stage) => {
  const { runner, runners, ask, homedAt } = stage
  runner.script = firstBusy
  const path = homedAt(0)
  const large = 'L'.repeat(60_000)
  for (const [fields, coded, body] of [
    ['', '', ''], ['Content-Length: 5\r\n', 'hello', 'hello'], ['Transfer-Encoding: chunked\r\n', chunked('hello', 1, 2), 'hello'],
    ['Content-Length: 60000\r\n', large, large]
  ] as const) {
    const response = await ask(request(`POST ${path}`, fields, coded), 'POST')
    t.equal(response.status, 200)
    t.ok(response.body.endsWith(`:${body}`))
    t.equal(response.header('retry-after'), undefined)
  }
  t.equal(runners[0]!.calls.length, 4)
  t.equal(runners[1]!.calls.length, 4)
  t.equal(busyRetries(stage), 4)
  t.equal(runners[0]!.connections.length, 1, 'a node that is busy is not broken: its connection is kept')
  t.ok(isFirst(runners[0]!.calls[0]!))
})

scene('the refusal may come in any pieces', { runners: 2, script: echo }, async (t, { runner, ask, homedAt }) => {
  let cut = 0
  runner.script = async (call) => {
    call.write(BUSY.slice(0, cut))
    await new Promise((resolve) => { setImmediate(resolve) })
    call.write(BUSY.slice(cut))
  }
  const path = homedAt(0)
  for (cut = 1; cut < BUSY.length; cut += 5) {
    const { status } = await ask(request(`GET ${path}`))
    if (status !== 200) t.fail(`cut at ${cut}: ${status}`)
  }
  t.equal(runner.connections.length, 1)
})

scene('all busy: 503 with Retry-After', { runners: 3, requests: 1, own: 1, script: firstBusy }, async (t, stage) => {
  const response = await stage.ask(request('POST /invoke/f', 'Content-Length: 2\r\n', 'hi'), 'POST')
  t.equal(response.status, 503)
  t.ok(Number(response.header('retry-after')) >= 1)
  t.match(JSON.parse(response.body) as object, { code: 'all_nodes_full', attempts: 3 })
  t.same(stage.runners.map(({ calls }) => calls.length), [1, 1, 1])
  t.equal(stage.proxy.refused('all_nodes_full'), 1)
})

const NEARLY: Record<string, string> = {
  'another message': BUSY.replace('too busy', 'too lazy'),
  'another Retry-After': BUSY.replace(': 15', ': 16'),
  'no Retry-After': BUSY.replace('Retry-After: 15\r\n', ''),
  'another status': BUSY.replace('503', '500'),
  'a longer body': BUSY.replace(`: ${MESSAGE.length}`, ': 80') + ' '.repeat(80 - MESSAGE.length),
  'no body': 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 15\r\nContent-Length: 0\r\n\r\n'
}
for (const [what, text] of Object.entries(NEARLY)) {
  scene(`a refusal with ${what} is the function's own answer`, {
    runners: 2, requests: 1, script: async (call) => { await call.body(); call.write(text) }
  }, async (t, stage) => {
    const response = await stage.ask(request('POST /invoke/f', 'Content-Length: 2\r\n', 'hi'), 'POST')
    t.equal(response.status, Number(text.slice(9, 12)))
    t.ok(text.endsWith('\r\n\r\n' + response.body))
    t.equal(busyRetries(stage), 0)
    t.equal(stage.runners[0]!.calls.length + stage.runners[1]!.calls.length, 1)
  })
}

scene('a body too large to be kept: the client gets the refusal', { runners: 2, requests: 2 }, async (t, stage) => {
  const { ask, homedAt, runner } = stage
  runner.script = firstBusy
  const body = 'x'.repeat(70_000)
  for (const [fields, coded] of [['Content-Length: 70000\r\n', body], ['Transfer-Encoding: chunked\r\n', chunked(body)]] as const) {
    const response = await ask(request(`POST ${homedAt(0)}`, fields, coded), 'POST')
    t.equal(response.status, 503)
    t.equal(response.header('retry-after'), '15')
    t.equal(response.body, MESSAGE)
  }
  t.equal(busyRetries(stage), 0)
  t.equal(stage.runners[1]!.calls.length, 0)
})

scene('refused before the body has come: the rest of it follows to the next node', { runners: 2, requests: 2, script: echo, garbage: true },
  async (t, stage) => {
    const { client, homedAt, runner, runners, ask } = stage
    runner.script = (call) => call.write(BUSY).connection.ended()
    const path = homedAt(0)
    const c = await client()
    c.write(request(`POST ${path}`, 'Content-Length: 10\r\n', 'hello'))
    const second = await runners[1]!.call(1)
    await second.connection.when(() => second.connection.unread === 'hello')
    c.write('world')
    const response = await c.response('POST')
    t.equal(response.body, '1:helloworld')
    t.equal(response.header('connection'), undefined)
    t.equal(stage.proxy.counters.sum('upstreamConnectionsOpen'), 1)
    // What the first node has of the body makes its connection useless: the next call must not become the rest of it.
    await runner.connections[0]!.ended()
    runner.script = echo
    t.equal((await ask(request(`GET ${path}`))).status, 200)
    t.equal(runner.connections.length, 2)
  })

scene('the body outgrows what is kept while the refusal is read: the client gets it', { runners: 2, requests: 1, garbage: true },
  async (t, stage) => {
    const { client, homedAt, runner } = stage
    const rest = new Gate()
    runner.script = async (call) => {
      const { connection } = call
      call.write(BUSY.slice(0, -10))
      await rest.opened
      connection.isSink = true
      await connection.when(() => connection.receivedBytes > 150_000)
      call.write(BUSY.slice(-10))
      await connection.ended()
    }
    const c = await client()
    c.write(request(`POST ${homedAt(0)}`, 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n'))
    await runner.call(1)
    rest.open()
    c.write('30d40\r\n' + 'x'.repeat(200_000))
    const response = await c.response('POST')
    t.equal(response.status, 503)
    t.equal(response.body, MESSAGE)
    t.equal(busyRetries(stage), 0)
  })

scene('Expect: a busy node is left before the client sends its body', { runners: 2, requests: 1, garbage: true }, async (t, stage) => {
  const { client, homedAt, runner, runners } = stage
  runner.script = (call) => call.write(BUSY).connection.ended()
  runners[1]!.script = async (call) => {
    call.write('HTTP/1.1 100 Continue\r\n\r\n')
    call.answer(await call.body())
  }
  const c = await client()
  c.write(request(`POST ${homedAt(0)}`, 'Expect: 100-continue\r\nContent-Length: 5\r\n'))
  t.equal((await c.response()).status, 100)
  c.write('hello')
  t.equal((await c.response('POST')).body, 'hello')
})

scene('the retry budget bounds them', {
  runners: 2, requests: 6, own: 3, pool: { retry: { attempts: 3, budgetRatio: 0, budgetMin: 3 } }
}, async (t, stage) => {
  const { client, homedAt, runner, runners, proxy } = stage
  runner.script = firstBusy
  const all = new Gate()
  runners[1]!.script = async (call) => { await all.opened; call.answer() }
  const path = homedAt(0)
  const clients = await Promise.all(Array.from({ length: 6 }, client))
  for (const c of clients) c.write(request(`GET ${path}`))
  await runner.call(6)
  await runners[1]!.call(3)
  const refused = await Promise.all(clients.map(async (c) => {
    await Promise.race([c.when(() => c.received !== '', 'an answer'), all.opened])
    if (c.received === '') return 0
    if (--left === 0) all.open()
    return (await c.response()).status
  }))
  t.same(refused.toSorted(), [0, 0, 0, 503, 503, 503])
  t.equal(proxy.counters.sum('retryBudgetExhausted', 0), 3)
  for (const [i, c] of clients.entries()) if (refused[i] === 0) t.equal((await c.response()).status, 200)
  t.equal(runners[1]!.calls.length, 3)
})
let left = 3
