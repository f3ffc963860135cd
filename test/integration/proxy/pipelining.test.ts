/** Requests in one piece are answered one after the other, in order; nothing behind an end is looked at (RFC 9112 §9.3.2). */
import { chunked } from '../../support/raw-message.ts'
import { answerOk } from '../../support/raw-runner.ts'
import { Gate, request, scene, settled } from '../../support/stage.ts'

const get = (path: string) => request(`GET ${path}`)
const echoTarget = async (call: Parameters<typeof answerOk>[0]) => {
  const body = await call.body()
  call.answer(`${call.target}|${body}`)
}

scene('in order, one at a time', { script: echoTarget, requests: 5 }, async (t, { client, runner, proxy }) => {
  const c = await client()
  let most = 0
  const { script } = runner
  runner.script = (call) => {
    most = Math.max(most, proxy.inFlight())
    return script(call)
  }
  c.write(get('/invoke/a') + request('POST /invoke/b', 'Content-Length: 3\r\n', 'abc') + get('/invoke/c') +
    request('POST /invoke/d', 'Transfer-Encoding: chunked\r\n', chunked('hello', 2)) + get('/invoke/e'))
  const bodies = []
  for (let turn = 0; turn < 5; turn++) bodies.push((await c.response()).body)
  t.same(bodies, ['/invoke/a|', '/invoke/b|abc', '/invoke/c|', '/invoke/d|hello', '/invoke/e|'])
  t.equal(most, 1)
})

scene('any cut of the bytes', { script: echoTarget }, async (t, { client }) => {
  const text = get('/invoke/a') + request('POST /invoke/b', 'Content-Length: 3\r\n', 'abc') +
    request('POST /invoke/d', 'Transfer-Encoding: chunked\r\n', chunked('hello', 2)) + get('/invoke/c')
  for (let cut = 1; cut < text.length; cut += 3) {
    const c = await client()
    c.write(text.slice(0, cut))
    await new Promise((resolve) => { setImmediate(resolve) })
    c.write(text.slice(cut))
    const bodies = []
    for (let turn = 0; turn < 4; turn++) bodies.push((await c.response()).body)
    c.destroy()
    if (bodies.join() !== '/invoke/a|,/invoke/b|abc,/invoke/d|hello,/invoke/c|') t.fail(`cut at ${cut}: ${bodies.join()}`)
  }
})

scene('a good request in front of garbage is answered, then 400 and the end', { script: echoTarget, requests: 2, own: 1 },
  async (t, { client, proxy }) => {
    const c = await client()
    c.write(get('/invoke/a') + '\x00garbage\r\n\r\n' + get('/invoke/b'))
    t.equal((await c.response()).body, '/invoke/a|')
    const refusal = await c.response()
    t.equal(refusal.status, 400)
    t.equal(refusal.header('connection'), 'close')
    t.equal(await c.closed(), 'fin')
    t.equal(c.received, '')
    t.equal(proxy.refused('bad_request'), 1)
  })

scene('garbage that comes while a call is out does not disturb it', {
  requests: 2,
  own: 1,
  script: async (call) => {
    await sent.opened
    await answerOk(call)
  }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(get('/invoke/a'))
  await runner.call(1)
  c.write('GET / HTTP/9.9\r\n\r\n')
  sent.open()
  t.equal((await c.response()).body, 'ok')
  t.equal((await c.response()).status, 505)
  t.equal(await c.closed(), 'fin')
})
const sent = new Gate()

scene('behind Connection: close nothing is read', { requests: 1 }, async (t, { client, runner }) => {
  const c = await client()
  c.write(request('GET /invoke/a', 'Connection: close\r\n') + get('/invoke/b') + '\x00')
  t.equal((await c.response()).status, 200)
  t.equal(await c.closed(), 'fin')
  t.equal(c.received, '')
  t.equal(runner.calls.length, 1)
})

scene('an own refusal without a body leaves the connection open', {
  requests: 3, own: 1, pool: { missingKey: 'reject', keyRules: [{ kind: 'fn' }] }
}, async (t, { client }) => {
  const c = await client()
  c.write(get('/invoke/a') + get('/elsewhere') + get('/invoke/b'))
  t.equal((await c.response()).status, 200)
  const refusal = await c.response()
  t.equal(refusal.status, 400)
  t.equal(refusal.header('connection'), undefined)
  t.equal((await c.response()).status, 200)
})

scene('an own refusal of a request with a body ends the connection: the rest can not be told apart', {
  requests: 1, own: 1, pool: { missingKey: 'reject', keyRules: [{ kind: 'fn' }] }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(request('POST /elsewhere', 'Content-Length: 40\r\n', get('/invoke/a') + get('/invoke/b')))
  const refusal = await c.response('POST')
  t.equal(refusal.status, 400)
  t.equal(refusal.header('connection'), 'close')
  t.equal(await c.closed(), 'fin')
  t.equal(runner.calls.length, 0)
})

scene('a client that pipelines and then half-closes gets every answer', { script: echoTarget, requests: 3 }, async (t, { client }) => {
  const c = await client()
  c.write(get('/invoke/a') + get('/invoke/b') + get('/invoke/c')).end()
  const bodies = []
  for (let turn = 0; turn < 3; turn++) bodies.push((await c.response()).body)
  t.same(bodies, ['/invoke/a|', '/invoke/b|', '/invoke/c|'])
  t.equal(await c.closed(), 'fin')
})

scene('what is pipelined behind a slow call is held in bounded memory', {
  script: async (call) => {
    if (call.runner.calls.length === 1) await released.opened
    await answerOk(call)
  }
}, async (t, { client, runner }) => {
  const c = await client()
  const one = get('/invoke/f')
  c.write(one)
  await runner.call(1)
  // The kernel's buffers take some megabytes; then the client's own must fill.
  const count = 400_000
  c.socket.write(one.repeat(count))
  const queued = await settled(() => c.socket.writableLength)
  t.ok(queued > 0, `${queued} bytes wait in the client`)
  released.open()
  t.equal((await c.response()).status, 200)
  t.equal((await c.response()).status, 200)
  c.destroy()
})
const released = new Gate()

scene('a client that pipelines without reading is held back', { script: (call) => { call.answer('x'.repeat(30_000)) } },
  async (t, { client, proxy, runner }) => {
    const c = await client()
    c.socket.pause()
    const most = 600
    // One request at a time, so that nothing but the unread answers can hold them back.
    let sent = 0
    for (let still = 0; sent < most && still < 50;) {
      const isAnswered = runner.calls.length === sent && proxy.inFlight() === 0
      still = isAnswered ? 0 : still + 1
      if (isAnswered) {
        c.write(get('/invoke/f'))
        sent++
      } else await new Promise((resolve) => { setTimeout(resolve, 1) })
    }
    t.ok(sent < most, `${sent} requests were taken`)
    // What waits is answered also when the client has nothing more to say.
    c.write(get('/invoke/f')).end()
    sent++
    await settled(() => runner.calls.length, 20)
    c.socket.resume()
    for (let turn = 0; turn < sent; turn++) {
      const { body } = await c.response()
      if (body.length !== 30_000) t.fail(`body of ${body.length} bytes`)
    }
    t.equal(await c.closed(), 'fin')
  })
