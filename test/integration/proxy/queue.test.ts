/** Calls that find no place wait, are served when there is room, and are refused when it takes too long. */
import type { QueueView } from '../../../lib/tables/snapshot.ts'
import { request, scene, until } from '../../support/stage.ts'
import type { RunnerCall, Script } from '../../support/raw-runner.ts'
import { RawRunner } from '../../support/raw-runner.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const BUSY_BODY = '{"message":"Timed out - server too busy"}'
const BUSY = `HTTP/1.1 503 Busy\r\nRetry-After: 15\r\nContent-Type: application/json\r\nContent-Length: ${BUSY_BODY.length}\r\n\r\n${BUSY_BODY}`
const QUEUE: QueueView = { perFunction: 2, total: 3, deadlineMs: 5000, rule: 'round-robin' }
const post = (name: string) => request(`POST /invoke/${name}`, 'Content-Length: 4\r\n', 'body')

/** Holds each call until the test answers it. */
function holder (): { held: RunnerCall[], script: Script } {
  const held: RunnerCall[] = []
  return { held, script: (call) => { held.push(call) } }
}

async function oneNode (script: Script): Promise<{ id: string, port: number, cap: number, runner: RawRunner }> {
  const runner = await RawRunner.start(script)
  return { id: 'only', port: runner.port, cap: 1, runner }
}

for (const policy of ['consistent-hash', 'hot']) {
  const { held, script } = holder()
  const node = await oneNode(script)
  scene(`${policy}: a call waits for a place and gets it when another ends`, {
    runners: 0, nodes: [node], pool: { queue: QUEUE, policy }, requests: 3
  }, async (t, { client, proxy }) => {
    const [a, b, c] = [await client(), await client(), await client()]
    a.write(post('f'))
    await until(() => held.length === 1, 'the first call')
    b.write(post('f'))
    c.write(post('g'))
    await until(() => proxy.counters.sum('queued', 0) === 2, 'two calls to wait')
    t.equal(held.length, 1, 'the node never has more than its cap')
    for (const turn of [0, 1, 2]) {
      await until(() => held.length === turn + 1, `call ${turn}`)
      held[turn]!.write(OK)
    }
    for (const each of [a, b, c]) t.equal((await each.response('POST')).status, 200)
    await node.runner.close()
  })
}

{
  const { held, script } = holder()
  const node = await oneNode(script)
  scene('the queue is bounded by function, and by time', {
    runners: 0, nodes: [node], pool: { queue: { ...QUEUE, deadlineMs: 300 } }, requests: 4, own: 3
  }, async (t, { client, proxy }) => {
    const clients = await Promise.all(Array.from({ length: 4 }, client))
    clients[0]!.write(post('f'))
    await until(() => held.length === 1, 'the first call')
    for (const each of clients.slice(1, 3)) each.write(post('f'))
    await until(() => proxy.counters.sum('queued', 0) === 2, 'two calls to wait')
    clients[3]!.write(post('f'))
    const full = await clients[3]!.response('POST')
    t.match(full, { status: 503 })
    t.match(JSON.parse(full.body), { code: 'queue_full' })
    t.ok(Number(full.header('retry-after')) >= 1)
    for (const each of clients.slice(1, 3)) {
      const late = await each.response('POST')
      t.equal(late.status, 503)
      t.match(JSON.parse(late.body), { code: 'queue_timeout' })
    }
    held[0]!.write(OK)
    t.equal((await clients[0]!.response('POST')).status, 200)
    t.equal(proxy.refused('queue_timeout'), 2)
    t.equal(proxy.refused('queue_full'), 1)
    await node.runner.close()
  })
}

{
  const { held, script } = holder()
  const node = await oneNode(script)
  scene('a client that leaves the queue makes no call', {
    runners: 0, nodes: [node], pool: { queue: QUEUE }, requests: 2, own: 1
  }, async (t, { client, proxy }) => {
    const [a, b] = [await client(), await client()]
    a.write(post('f'))
    await until(() => held.length === 1, 'the first call')
    b.write(post('f'))
    await until(() => proxy.counters.sum('queued', 0) === 1, 'the second call to wait')
    b.reset()
    await until(() => proxy.refused('client_gone') === 1, 'the second to have gone')
    held[0]!.write(OK)
    t.equal((await a.response('POST')).status, 200)
    t.equal(held.length, 1)
    await node.runner.close()
  })
}

{
  let refusals = 0
  scene('when every runner is busy the call waits and begins again, body and all', {
    runners: 2,
    pool: { queue: QUEUE },
    requests: 1,
    script: async (call) => {
      const body = await call.body()
      call.write(refusals++ < 4 ? BUSY : `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    }
  }, async (t, { ask, proxy }) => {
    const answer = await ask(post('f'), 'POST')
    t.equal(answer.status, 200)
    t.equal(answer.body, 'body')
    t.equal(refusals, 5, 'two rounds of refusals, then a place')
    t.equal(proxy.counters.sum('queued', 0), 2)
  })
}
