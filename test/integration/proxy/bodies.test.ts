/** Framing of bodies in both directions (RFC 9112 §6, §7): each message goes on with one framing, ours. */
import { chunked, valuesOf } from '../../support/raw-message.ts'
import type { RunnerCall } from '../../support/raw-runner.ts'
import { Gate, request, scene } from '../../support/stage.ts'

const GET = request('GET /invoke/f')
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const echo = async (call: RunnerCall) => { call.answer(await call.body()) }

scene('HEAD: the length is told, no body follows', {
  requests: 3,
  script: (call) => {
    if (call.target === '/invoke/length') call.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
    else if (call.target === '/invoke/chunked') call.write(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n`)
    else call.write('HTTP/1.1 200 OK\r\n\r\n')
  }
}, async (t, { client, runner }) => {
  const c = await client()
  c.write(request('HEAD /invoke/length'))
  const response = await c.response('HEAD')
  t.equal(response.header('content-length'), '1000')
  for (const path of ['chunked', 'bare']) {
    c.write(request(`HEAD /invoke/${path}`))
    t.equal((await c.response('HEAD')).status, 200)
  }
  t.equal(c.received, '')
  t.equal(runner.connections.length, 1)
})

scene('HEAD: an own error has no body either', { requests: 2, own: 1, pool: { missingKey: 'reject' } }, async (t, { client }) => {
  const c = await client()
  c.write(request('HEAD /'))
  const response = await c.response('HEAD')
  t.equal(response.status, 400)
  t.ok(Number(response.header('content-length')) > 0)
  c.write(GET)
  t.equal((await c.response()).status, 200)
})

scene('204 and 304 have no body, whatever their fields say', {
  requests: 4,
  script: (call) => {
    const [, , status, framing] = call.target.split('/')
    call.write(`HTTP/1.1 ${status} X\r\n${framing === 'length' ? 'Content-Length: 10\r\n' : CHUNKED}ETag: "1"\r\n\r\n`)
  }
}, async (t, { client, runner }) => {
  const c = await client()
  for (const status of [204, 304]) {
    for (const framing of ['length', 'chunked']) {
      c.write(request(`GET /invoke/${status}/${framing}`))
      const response = await c.response()
      t.equal(response.status, status)
      t.equal(response.header('etag'), '"1"')
      t.equal(response.header('transfer-encoding'), undefined)
      // 304 says what a 200 would have; in a 204 a length can only mislead (RFC 9110 §8.6).
      t.equal(response.header('content-length'), status === 304 && framing === 'length' ? '10' : undefined)
    }
  }
  // A 204 that announces a body may be followed by one: its connection is not used again. The 304s share the third.
  t.equal(runner.connections.length, 3)
})

scene('empty bodies', { requests: 4, script: echo }, async (t, { client, runner }) => {
  const c = await client()
  for (const [fields, body] of [['Content-Length: 0\r\n', ''], [CHUNKED, chunked('')], ['', '']] as const) {
    c.write(request('POST /invoke/f', fields, body))
    const response = await c.response('POST')
    t.equal(response.body, '')
    t.equal(response.header('content-length'), '0')
  }
  t.same(runner.calls.map((call) => call.header('content-length')), ['0', undefined, undefined])
  t.same(runner.calls.map((call) => call.header('transfer-encoding')), [undefined, 'chunked', undefined])
  runner.script = (call) => { call.write(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${chunked('')}`) }
  c.write(GET)
  t.equal((await c.response()).body, '')
})

scene('a body on GET and DELETE is framed as it came', { requests: 3, script: echo }, async (t, { client }) => {
  const c = await client()
  c.write(request('GET /invoke/f', 'Content-Length: 5\r\n', 'hello'))
  t.equal((await c.response()).body, 'hello')
  c.write(request('DELETE /invoke/f', CHUNKED, chunked('hello', 1)))
  t.equal((await c.response()).body, 'hello')
  c.write(request('OPTIONS /invoke/f', CHUNKED, chunked('hello', 4)))
  t.equal((await c.response()).body, 'hello')
})

const CODED = '3;a=1\r\nabc\r\n0a;name="quoted \\" ; text";b\r\n0123456789\r\n00;last=1\r\nX-Sum: 1\r\nHost: evil\r\nContent-Length: 3\r\n\r\n'

scene('a chunked request, cut anywhere: extensions dropped, trailers filtered', { script: echo }, async (t, { client, runner }) => {
  const c = await client()
  const head = request('POST /invoke/f', `${CHUNKED}Trailer: X-Sum\r\n`)
  for (let cut = 1; cut <= CODED.length; cut++) {
    c.write(head + CODED.slice(0, cut))
    await new Promise((resolve) => { setImmediate(resolve) })
    c.write(CODED.slice(cut))
    const { body } = await c.response('POST')
    const call = runner.calls.at(-1)!
    if (body !== 'abc0123456789' || JSON.stringify(call.trailers) !== '[["X-Sum","1"]]') {
      t.fail(`cut at ${cut}: ${body} ${JSON.stringify(call.trailers)}`)
    }
  }
  t.equal(runner.calls.length, CODED.length)
  t.equal(runner.calls[0]!.header('transfer-encoding'), 'chunked')
  t.equal(runner.calls[0]!.header('trailer'), undefined)
})

scene('a chunked response, cut anywhere', {
  script: async (call) => {
    const cut = Number(call.target.split('/')[2])
    call.write(`HTTP/1.1 200 OK\r\n${CHUNKED}Trailer: X-Sum\r\n\r\n${CODED.slice(0, cut)}`)
    await new Promise((resolve) => { setImmediate(resolve) })
    call.write(CODED.slice(cut))
  }
}, async (t, { client, runner }) => {
  const c = await client()
  for (let cut = 1; cut <= CODED.length; cut++) {
    const takes = cut % 2 === 0
    c.write(request(`GET /invoke/${cut}`, takes ? 'TE: trailers\r\n' : ''))
    const { body, framing, trailers } = await c.response()
    const wanted = takes ? '[["X-Sum","1"]]' : '[]'
    if (body !== 'abc0123456789' || framing !== 'chunked' || JSON.stringify(trailers) !== wanted) {
      t.fail(`cut at ${cut}: ${body} ${framing} ${JSON.stringify(trailers)}`)
    }
  }
  t.equal(runner.connections.length, 1)
  t.equal(runner.calls[1]!.header('te'), 'trailers')
  t.equal(runner.calls[1]!.header('connection'), 'TE')
  t.equal(runner.calls[0]!.header('te'), undefined)
})

scene('TE: what else it names is not passed on', { requests: 1 }, async (t, { ask, runner }) => {
  await ask(request('GET /invoke/f', 'TE: gzip, trailers;q=0.5, deflate\r\nConnection: TE\r\n'))
  t.same(valuesOf(runner.calls[0]!.fields, 'te').length <= 1, true)
  t.notMatch(runner.calls[0]!.header('te') ?? '', /gzip|deflate/)
})

scene('a response until the end of its connection becomes chunked', {
  requests: 2,
  script: (call) => {
    call.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello ').write('world')
    call.connection.end()
  }
}, async (t, { client }) => {
  const c = await client()
  for (let turn = 0; turn < 2; turn++) {
    c.write(GET)
    const response = await c.response()
    t.equal(response.framing, 'chunked')
    t.equal(response.body, 'hello world')
  }
  t.notOk(c.hasEnded)
})

scene('a response until the end of its connection that is reset looks cut off', {
  requests: 1,
  own: 1,
  script: async (call) => {
    call.write('HTTP/1.1 200 OK\r\n\r\nhello')
    await passed.opened
    call.connection.reset()
  }
}, async (t, { client, proxy }) => {
  const c = await client()
  c.write(GET)
  const head = await c.until('hello\r\n')
  t.match(head, /transfer-encoding: chunked/i)
  passed.open()
  await c.closed()
  t.equal(c.received, '', 'no last chunk')
  t.equal(proxy.refused('upstream_reset'), 1)
})
const passed = new Gate()

for (const how of ['fin', 'reset'] as const) {
  scene(`a sized response that ends early by ${how} looks cut off`, {
    requests: 2,
    own: 2,
    script: (call) => {
      call.write(call.target === '/invoke/length'
        ? 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'
        : `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n5\r\nhello\r\n`)
      if (how === 'fin') call.connection.end()
      else setImmediate(() => { call.connection.reset() })
    }
  }, async (t, { client }) => {
    for (const path of ['length', 'chunked']) {
      const c = await client()
      c.write(request(`GET /invoke/${path}`))
      await c.closed()
      t.match(c.received, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n(?:5\r\n)?hello(?:\r\n)?$|^HTTP\/1\.1 502/, path)
      t.notMatch(c.received, /\r\n0\r\n/)
    }
  })
}

scene('a large body in one request, byte for byte', { requests: 2, script: echo }, async (t, { client }) => {
  let body = ''
  for (let i = 0; i < 300_000; i++) body += String.fromCharCode(i * 7 % 256)
  const c = await client()
  c.write(request('POST /invoke/f', `Content-Length: ${body.length}\r\n`, body))
  t.ok((await c.response('POST')).body === body, 'by length')
  c.write(request('POST /invoke/f', CHUNKED, chunked(body, 1, 65_536, 3, 100_000)))
  t.ok((await c.response('POST')).body === body, 'chunked')
})

scene('an upload that breaks off never looks complete', { requests: 3, own: 3, script: echo, garbage: true }, async (t, { client, runner, proxy, idle }) => {
  for (const [fields, part] of [['Content-Length: 10\r\n', 'hello'], [CHUNKED, '5\r\nhello\r\n']] as const) {
    for (const how of ['end', 'destroy'] as const) {
      if (how === 'end' && part === 'hello') continue
      const c = await client()
      c.write(request('POST /invoke/f', fields, part))
      const call = await runner.call(runner.calls.length + 1)
      await call.connection.when(() => call.connection.unread.includes('hello'))
      c[how]()
      await call.connection.ended()
      t.equal(call.connection.unread, part, `${fields} ${how}`)
      await idle()
    }
  }
  t.equal(proxy.refused('client_gone'), 3)
})
