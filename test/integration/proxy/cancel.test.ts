/** A client that goes away cancels its call upstream, in every phase, at once; the node's place is free again. */
import { RawClient } from '../../support/raw-client.ts'
import type { RunnerCall } from '../../support/raw-runner.ts'
import { Gate, request, scene, settled, until } from '../../support/stage.ts'
import { startStuckNode } from '../../support/stuck-node.ts'

const WAYS = ['destroy', 'reset'] as const
const hold = (call: RunnerCall) => call.connection.ended()
const GET = request('GET /invoke/f')

for (const way of WAYS) {
  scene(`while it waits for the head (${way})`, { requests: 1, own: 1, script: hold }, async (t, { client, runner, proxy, idle }) => {
    const c = await client()
    c.write(GET)
    const call = await runner.call(1)
    t.equal(proxy.inFlight(), 1)
    c[way]()
    await call.connection.ended()
    await idle()
    t.equal(proxy.refused('client_gone'), 1)
  })

  scene(`while it uploads (${way})`, { requests: 1, own: 1, garbage: true, script: hold }, async (t, { client, runner, proxy, idle }) => {
    const c = await client()
    c.write(request('POST /invoke/f', 'Content-Length: 1000000\r\n', 'begin'))
    const call = await runner.call(1)
    await call.connection.when(() => call.connection.unread === 'begin')
    c[way]()
    await call.connection.ended()
    await idle()
    t.equal(proxy.refused('client_gone'), 1)
  })

  scene(`while it downloads (${way})`, {
    requests: 1,
    own: 1,
    script: (call) => {
      call.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin')
      return hold(call)
    }
  }, async (t, { client, runner, proxy, idle }) => {
    const c = await client()
    c.write(GET)
    await c.until('begin')
    c[way]()
    // Of a FIN alone the proxy does not know that the client has gone: the next bytes find out.
    const { connection } = runner.calls[0]!
    const more = setInterval(() => { connection.write('more') }, 5)
    await connection.ended()
    clearInterval(more)
    await idle()
    t.equal(proxy.refused('client_gone'), 1)
  })

  scene(`while it does not read (${way})`, {
    requests: 1,
    own: 1,
    script: (call) => {
      call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n')
      const piece = 'x'.repeat(1_000_000)
      for (let i = 0; i < 20; i++) call.write(piece)
      return hold(call)
    }
  }, async (t, { client, runner, proxy, idle }) => {
    const c = await client()
    c.write(GET)
    c.socket.pause()
    const { connection } = await runner.call(1)
    await settled(() => connection.socket.writableLength, 30)
    c[way]()
    await connection.ended()
    await idle()
    t.equal(proxy.refused('client_gone'), 1)
  })
}

scene('while the next request waits behind it', { requests: 1, own: 1, script: hold }, async (t, { client, runner, idle }) => {
  const c = await client()
  c.write(GET + GET)
  const call = await runner.call(1)
  c.reset()
  await call.connection.ended()
  await idle()
  t.equal(runner.calls.length, 1)
})

scene('while the answer is an event stream that says nothing', {
  requests: 1,
  own: 1,
  script: (call) => {
    call.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    return hold(call)
  }
}, async (t, { client, runner, idle }) => {
  const c = await client()
  c.write(GET)
  await c.until('\r\n\r\n')
  c.reset()
  await runner.calls[0]!.connection.ended()
  await idle()
  t.pass('cancelled')
})

scene('while the runner\'s busy refusal is read', {
  requests: 1,
  own: 1,
  script: (call) => {
    call.write('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 15\r\nContent-Length: 41\r\n\r\n{"message":')
    return hold(call)
  }
}, async (t, { client, runner, idle }) => {
  const c = await client()
  c.write(GET)
  const call = await runner.call(1)
  c.reset()
  await call.connection.ended()
  await idle()
  t.pass('cancelled')
})

const stuck = await startStuckNode()
scene('while the connection to the node is being made', { runners: 0, others: async () => [stuck.port], requests: 2, own: 2 },
  async (t, { client, proxy, idle }) => {
    for (const way of WAYS) {
      const c = await client()
      c.write(GET)
      await until(() => proxy.inFlight() === 1, 'the call')
      t.equal(proxy.counters.sum('upstreamConnectionsOpen'), 1)
      c[way]()
      await idle()
      t.equal(proxy.counters.sum('upstreamConnectionsOpen'), 0)
    }
    t.equal(proxy.refused('client_gone'), 2)
    await stuck.close()
  })

scene('while it waits for a place at a node', {
  requests: 3,
  own: 2,
  pool: { queue: { perFunction: 100, total: 100, deadlineMs: 5000, rule: 'round-robin' } },
  script: async (call) => { await freed.opened; call.answer() }
}, async (t, { client, runner, proxy }) => {
  proxy.table.setLimits(0, 1, 1)
  const [first, second, third] = [await client(), await client(), await client()]
  first.write(GET)
  await runner.call(1)
  second.write(GET)
  third.write(GET)
  await until(() => proxy.counters.sum('clientRequestsInFlight') === 3, 'the calls')
  for (const c of [second, third]) c.reset()
  await until(() => proxy.refused('client_gone') === 2, 'them to leave')
  freed.open()
  t.equal((await first.response()).status, 200)
  t.equal(runner.calls.length, 1)
})
const freed = new Gate()

scene('many at once leave nothing behind', { script: hold }, async (t, { proxy, idle, runner }) => {
  const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(proxy.port)))
  for (const [i, c] of clients.entries()) c.write(request(`GET /invoke/f${i}`))
  await until(() => proxy.inFlight() === 50, 'the calls')
  for (const c of clients) c.reset()
  await idle()
  t.equal(proxy.refused('client_gone'), 50)
  await until(() => runner.connections.every(({ hasEnded }) => hasEnded), 'the ends')
})
