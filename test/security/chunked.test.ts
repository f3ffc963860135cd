/** The chunked coding, malformed or without measure (RFC 9112 §7.1; CVE-2024-22019). */
import { acceptsRequests, refusesResponses } from '../support/hostile.ts'
import { request, scene } from '../support/stage.ts'

const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const SMUGGLED = request('GET /invoke/smuggled')

const MALFORMED: Record<string, string> = {
  'no size': '\r\nhello\r\n0\r\n\r\n',
  'a word for a size': 'five\r\nhello\r\n0\r\n\r\n',
  'a minus': '-5\r\nhello\r\n0\r\n\r\n',
  'a plus': '+5\r\nhello\r\n0\r\n\r\n',
  'a prefix': '0x5\r\nhello\r\n0\r\n\r\n',
  'an underscore': '0_5\r\nhello\r\n0\r\n\r\n',
  'a leading space': ' 5\r\nhello\r\n0\r\n\r\n',
  'a trailing space': '5 \r\nhello\r\n0\r\n\r\n',
  'a tab': '5\t\r\nhello\r\n0\r\n\r\n',
  'a NUL': '5\0\r\nhello\r\n0\r\n\r\n',
  'sixteen digits, wraps to 5': '10000000000000005\r\nhello\r\n0\r\n\r\n',
  'leading zeros without end': '0'.repeat(40) + '5\r\nhello\r\n0\r\n\r\n',
  'LF alone behind the size': '5\nhello\r\n0\r\n\r\n',
  'CR alone behind the size': '5\rhello\r\n0\r\n\r\n',
  'no line end behind the data': '5\r\nhello0\r\n\r\n',
  'LF alone behind the data': '5\r\nhello\n0\r\n\r\n',
  'CR alone behind the data': '5\r\nhello\r0\r\n\r\n',
  'two bytes of something behind the data': '5\r\nhelloXX0\r\n\r\n',
  'a size that is too small': '3\r\nhello\r\n0\r\n\r\n',
  'a size that is too large': '6\r\nhello\r\n0\r\n\r\n',
  'an extension without a name': '5;\r\nhello\r\n0\r\n\r\n',
  'an extension with LF': '5;a\nhello\r\n0\r\n\r\n',
  'an extension with CR': '5;a\rb\r\nhello\r\n0\r\n\r\n',
  'an extension with a control byte': '5;a="\x01"\r\nhello\r\n0\r\n\r\n',
  'a quote that does not end': '5;a="b\r\nhello\r\n0\r\n\r\n',
  'extensions without end': `5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  'many small extensions': `1;${'a'.repeat(100)}\r\nx\r\n`.repeat(200) + '0\r\n\r\n',
  'a last chunk with LF': '5\r\nhello\r\n0\n\r\n',
  'a trailer without a colon': '5\r\nhello\r\n0\r\nX-Sum\r\n\r\n',
  'a trailer with a space before the colon': '5\r\nhello\r\n0\r\nX-Sum : 1\r\n\r\n',
  'a folded trailer': '5\r\nhello\r\n0\r\nX-Sum: 1\r\n 2\r\n\r\n',
  'a trailer with LF alone': '5\r\nhello\r\n0\r\nX-Sum: 1\nX-B: 2\r\n\r\n',
  'a trailer with NUL': '5\r\nhello\r\n0\r\nX-Sum: \0\r\n\r\n',
  'trailers without end': '5\r\nhello\r\n0\r\n' + `X-Sum: ${'1'.repeat(1000)}\r\n`.repeat(20) + '\r\n',
  'too many trailers': '5\r\nhello\r\n0\r\n' + 'X: 1\r\n'.repeat(200) + '\r\n'
}

for (const pieces of [1, 2, 7]) {
  scene(`malformed request bodies in ${pieces} pieces: 400, and the runner never sees a complete call`, {
    requests: Object.keys(MALFORMED).length, own: Object.keys(MALFORMED).length, garbage: true
  }, async (t, { client, runner, proxy, idle }) => {
    for (const [name, body] of Object.entries(MALFORMED)) {
      const c = await client()
      const text = request('POST /invoke/f', CHUNKED, body) + SMUGGLED
      const size = Math.ceil(text.length / pieces)
      for (let at = 0; at < text.length; at += size) {
        c.write(text.slice(at, at + size))
        await new Promise((resolve) => { setImmediate(resolve) })
      }
      const response = await c.response('POST')
      t.equal(response.status, 400, name)
      t.equal(response.header('connection'), 'close', name)
      t.equal(await c.closed(), 'fin', name)
      t.equal(c.received, '', name)
      c.destroy()
      await idle()
    }
    t.equal(proxy.refused('bad_request'), Object.keys(MALFORMED).length)
    t.same(runner.calls.filter(({ target }) => target !== '/invoke/f'), [])
    for (const call of runner.calls) {
      await call.connection.ended()
      await t.rejects(call.body(), /broke off/)
    }
  })
}

scene('a refused body leaves a connection that ends by itself', {
  requests: 2, own: 2, garbage: true, limits: { lingerTimeoutMs: 50 }
}, async (t, { client, proxy }) => {
  for (const isInOnePiece of [true, false]) {
    const c = await client()
    c.write(request('POST /invoke/f', CHUNKED, isInOnePiece ? 'zz' : ''))
    if (!isInOnePiece) {
      await new Promise((resolve) => { setImmediate(resolve) })
      c.write('zz')
    }
    t.equal((await c.response('POST')).status, 400)
    // The client does not close: the proxy does, after the time to linger.
    while (proxy.engine.clients.size > 0) await new Promise((resolve) => { setTimeout(resolve, 5) })
  }
})

acceptsRequests('chunked coding that is odd but plain', {
  'thirteen digits': request('POST /invoke/f', CHUNKED, '0000000000005\r\nhello\r\n0\r\n\r\n'),
  'upper case': request('POST /invoke/f', CHUNKED, `A\r\n${'x'.repeat(10)}\r\n0\r\n\r\n`),
  'many zeros at the end': request('POST /invoke/f', CHUNKED, '5\r\nhello\r\n0000000\r\n\r\n'),
  'extensions by the grammar': request('POST /invoke/f', CHUNKED, '5;a;b=c;d="e \\" f"\r\nhello\r\n0;z\r\n\r\n')
}, { script: async (call) => { await call.body(); call.answer() } })

const coded = Object.fromEntries(Object.entries(MALFORMED)
  .filter(([name]) => !name.startsWith('two bytes') && !name.startsWith('a size that'))
  .map(([name, body]) => [name, body]))

let headPassed = async (): Promise<void> => {}

scene('a runner\'s malformed body is cut off: the client can not take it for complete', {
  requests: Object.keys(coded).length,
  own: Object.keys(coded).length,
  script: async (call) => {
    call.write(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n`)
    await headPassed()
    call.write(coded[decodeURIComponent(call.target.slice(8))]!)
    await call.connection.ended()
  }
}, async (t, { client, runner, proxy }) => {
  for (const name of Object.keys(coded)) {
    const c = await client()
    c.write(request(`GET /invoke/${encodeURIComponent(name)}`, 'Connection: close\r\n'))
    headPassed = async () => { await c.when(() => c.received.endsWith('\r\n\r\n'), 'the head') }
    await c.closed()
    t.ok(!c.received.endsWith('\r\n0\r\n\r\n'), name)
    t.match(c.received, /^HTTP\/1\.1 200 /, name)
    c.destroy()
    await runner.connections.at(-1)!.ended()
    t.equal(proxy.counters.sum('upstreamConnectionsIdle'), 0, name)
  }
  t.equal(proxy.refused('upstream_protocol'), Object.keys(coded).length)
})

refusesResponses('body that is malformed from its start, in one piece', Object.fromEntries(
  ['no size', 'a word for a size', 'a leading space', 'LF alone behind the size'].map((name) =>
    [name, `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${MALFORMED[name]!}`])))
