/** Going down without losing a call: first every answer says close, then connections end as they become idle. */
import type { Proxy } from '../../support/proxy.ts'
import { Gate, request, scene, until } from '../../support/stage.ts'

const GET = request('GET /invoke/f')

/** What a data thread does when it is told to drain (lib/proxy/thread.ts). */
function drain ({ engine }: Proxy): void {
  engine.isDraining = engine.isClosing = true
  for (const client of [...engine.clients]) client.drain()
}

scene('closing: answers end their connections, new ones are still served', { requests: 3 }, async (t, { client, ask, proxy }) => {
  const c = await client()
  c.write(GET)
  t.equal((await c.response()).header('connection'), undefined)
  proxy.engine.isClosing = true
  c.write(GET)
  t.equal((await c.response()).header('connection'), 'close')
  t.equal(await c.closed(), 'fin')
  t.equal((await ask(GET)).header('connection'), 'close')
})

scene('draining: idle connections end', { requests: 1 }, async (t, { client, proxy }) => {
  const [used, fresh] = [await client(), await client()]
  used.write(GET)
  await used.response()
  drain(proxy)
  t.equal(await used.closed(), 'fin')
  t.equal(await fresh.closed(), 'fin')
  t.equal(proxy.refused('idle_timeout'), 0)
})

scene('draining: a request that crosses it is answered', { requests: 3 }, async (t, { client, proxy }) => {
  const [used, fresh] = [await client(), await client()]
  used.write(GET)
  await used.response()
  await until(() => proxy.engine.clients.size === 2, 'both to be accepted')
  used.write(GET)
  fresh.write(GET)
  drain(proxy)
  for (const c of [used, fresh]) {
    const response = await c.response()
    t.equal(response.status, 200)
    t.equal(response.header('connection'), 'close')
    t.equal(await c.closed(), 'fin')
  }
})

scene('draining: calls in flight finish', {
  requests: 3,
  script: async (call) => {
    const body = await call.body()
    if (call.target === '/invoke/begun') call.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')
    await drained.opened
    call.write(call.target === '/invoke/begun' ? 'ok' : `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  }
}, async (t, { client, runner, proxy }) => {
  const [waiting, begun, uploading] = [await client(), await client(), await client()]
  waiting.write(GET + GET)
  begun.write(request('GET /invoke/begun'))
  uploading.write(request('POST /invoke/f', 'Content-Length: 10\r\n', 'hello'))
  await runner.call(3)
  await begun.until('\r\n\r\n')
  drain(proxy)
  uploading.write('world')
  drained.open()
  const response = await waiting.response()
  t.equal(response.status, 200)
  t.equal(response.header('connection'), 'close')
  t.equal(await waiting.closed(), 'fin')
  t.equal(waiting.received, '', 'what was pipelined behind it was never begun')
  t.equal(await begun.until('ok'), 'ok')
  t.equal(await begun.closed(), 'fin')
  t.equal((await uploading.response('POST')).body, 'helloworld')
  t.equal(await uploading.closed(), 'fin')
  t.equal(runner.calls.length, 3)
})
const drained = new Gate()

scene('when the grace is over, what is left is cut and counted', { requests: 1, own: 1, script: (call) => call.connection.ended() },
  async (t, { client, runner, proxy, idle }) => {
    const [busy, half] = [await client(), await client()]
    busy.write(GET)
    half.write('GET /inv')
    await runner.call(1)
    await until(() => proxy.engine.clients.size === 2, 'both to be accepted')
    drain(proxy)
    t.equal([...proxy.engine.clients].filter((each) => each.cut()).length, 1)
    await runner.calls[0]!.connection.ended()
    await idle()
    await busy.closed()
    await half.closed()
  })
