/** Which fields pass, which do not, and which are ours to write (RFC 9110 §7.6, RFC 7239), in both directions. */
import { valuesOf } from '../../support/raw-message.ts'
import type { RunnerCall } from '../../support/raw-runner.ts'
import { request, scene } from '../../support/stage.ts'

const OWN = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'x-request-id']
const TRUSTED = { trustedProxies: ['127.0.0.0/8'] }

/** Fields of a call that a client sent: all but ours. */
const sent = (call: RunnerCall) => call.fields.filter(([name]) => !OWN.includes(name))

scene('order, case and duplicates of request fields are kept', { requests: 1 }, async (t, { ask, runner }) => {
  await ask('GET /invoke/f?a=1&A=%2f HTTP/1.1\r\nX-b: 2\r\naccept:  text/plain \r\nHOST: Fn.Example:8080\r\nX-B: 1\r\n' +
    'Cookie: a=1\r\ncookie: b=2\r\nX-Empty:\r\nX-Obs: \xe9\xff\r\nX-B: 2\r\n\r\n')
  const call = runner.calls[0]!
  t.equal(call.startLine, 'GET /invoke/f?a=1&A=%2f HTTP/1.1')
  t.same(sent(call), [
    ['X-b', '2'], ['accept', 'text/plain'], ['HOST', 'Fn.Example:8080'], ['X-B', '1'], ['Cookie', 'a=1'], ['cookie', 'b=2'],
    ['X-Empty', ''], ['X-Obs', '\xe9\xff'], ['X-B', '2']
  ])
})

scene('order, case and duplicates of response fields are kept', {
  requests: 1,
  script: (call) => {
    call.write('HTTP/1.1 299 Very   odd \xe9\r\nset-cookie: a=1\r\nX-Z: 1\r\nSet-Cookie: b=2\r\nDATE: now\r\nContent-length: 2\r\nx-z: 0\r\n\r\nok')
  }
}, async (t, { ask }) => {
  const response = await ask(request('GET /invoke/f'))
  t.equal(response.startLine, 'HTTP/1.1 299 Very   odd \xe9')
  t.same(response.fields.filter(([name]) => name !== 'x-request-id'), [
    ['set-cookie', 'a=1'], ['X-Z', '1'], ['Set-Cookie', 'b=2'], ['DATE', 'now'], ['Content-length', '2'], ['x-z', '0']
  ])
})

const HOP = 'Connection: X-One, keep-alive ,, x-TWO\r\nX-One: 1\r\nx-two: 2\r\nX-Two: 3\r\nConnection: X-Three\r\nX-Three: 4\r\n' +
  'Keep-Alive: timeout=9\r\nProxy-Connection: close\r\nTE: gzip\r\nTrailer: X\r\nUpgrade: foo\r\nProxy-Authenticate: Basic\r\n' +
  'Proxy-Authorization: Basic eA==\r\nHTTP2-Settings: AAA\r\nX-Stays: 5\r\n'

scene('hop-by-hop request fields stop here', { requests: 1 }, async (t, { ask, runner }) => {
  await ask(request('GET /invoke/f', HOP))
  t.same(sent(runner.calls[0]!), [['Host', 'fn.example'], ['X-Stays', '5']])
})

scene('hop-by-hop response fields stop here', {
  requests: 1, script: (call) => { call.answer('ok', HOP.replace('keep-alive', 'close')) }
}, async (t, { client }) => {
  const c = await client()
  c.write(request('GET /invoke/f'))
  const response = await c.response()
  t.same(response.fields.filter(([name]) => name !== 'x-request-id'), [['X-Stays', '5'], ['Content-Length', '2']])
  t.notOk(c.hasEnded)
})

scene('Connection can not take away Host or framing, nor what we add', {
  requests: 2, script: async (call) => { call.answer(await call.body(), 'Connection: content-length, x-request-id\r\n') }
}, async (t, { client, runner }) => {
  const c = await client()
  const names = 'Connection: host, content-length, transfer-encoding, x-forwarded-for, x-request-id, authorization\r\n'
  c.write(request('POST /invoke/f', `${names}Authorization: x\r\nX-Forwarded-For: 9.9.9.9\r\nContent-Length: 5\r\n`, 'hello'))
  const response = await c.response('POST')
  t.equal(response.body, 'hello')
  t.ok(response.header('x-request-id'))
  c.write(request('POST /invoke/f', `${names}Transfer-Encoding: chunked\r\n`, '5\r\nhello\r\n0\r\n\r\n'))
  t.equal((await c.response('POST')).body, 'hello')
  const [first, second] = runner.calls
  t.equal(first!.header('host'), 'fn.example')
  t.equal(first!.header('x-forwarded-for'), '127.0.0.1')
  t.equal(first!.header('authorization'), undefined)
  t.equal(second!.header('transfer-encoding'), 'chunked')
})

scene('absolute-form: its authority is the Host, the runner gets origin-form', { requests: 3 }, async (t, { ask, runner }) => {
  for (const [target, wanted] of [
    ['http://Other.example:81/invoke/f?x=//y', '/invoke/f?x=//y'], ['HTTPS://other.example', '/'], ['http://other.example?q', '/?q']
  ] as const) {
    await ask(request(`GET ${target}`))
    const call = runner.calls.at(-1)!
    t.equal(call.target, wanted)
    t.equal(call.header('host'), target.startsWith('http://O') ? 'Other.example:81' : 'other.example')
    t.equal(call.header('x-forwarded-host'), call.header('host'))
  }
})

scene('OPTIONS *', { requests: 2 }, async (t, { ask, runner }) => {
  t.equal((await ask(request('OPTIONS *'), 'OPTIONS')).status, 200)
  t.equal((await ask(request('OPTIONS http://a.example'), 'OPTIONS')).status, 200)
  t.same(runner.calls.map(({ target }) => target), ['*', '*'])
})

const CLAIMS = 'X-Forwarded-For: 1.2.3.4\r\nX-FORWARDED-FOR: 5.6.7.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: real.example\r\n' +
  'X-Forwarded-Port: 443\r\nForwarded: for=1.2.3.4;proto=https\r\n'

scene('X-Forwarded-*: claims of a stranger are replaced', { requests: 1 }, async (t, { ask, runner }) => {
  await ask(request('GET /invoke/f', CLAIMS))
  const call = runner.calls[0]!
  t.equal(call.header('x-forwarded-for'), '127.0.0.1')
  t.equal(call.header('x-forwarded-proto'), 'http')
  t.equal(call.header('x-forwarded-host'), 'fn.example')
  t.equal(call.header('x-forwarded-port'), undefined)
  t.equal(call.header('forwarded'), undefined)
})

scene('X-Forwarded-*: a trusted proxy is believed', { requests: 2, ...TRUSTED }, async (t, { ask, runner }) => {
  await ask(request('GET /invoke/f', CLAIMS))
  const call = runner.calls[0]!
  t.equal(call.header('x-forwarded-for'), '1.2.3.4, 5.6.7.8, 127.0.0.1')
  t.equal(call.header('x-forwarded-proto'), 'https')
  t.equal(call.header('x-forwarded-host'), 'real.example')
  t.equal(call.header('x-forwarded-port'), '443')
  await ask(request('GET /invoke/f'))
  t.equal(runner.calls[1]!.header('x-forwarded-for'), '127.0.0.1', 'one that claims nothing')
  t.equal(runner.calls[1]!.header('x-forwarded-proto'), 'http')
})

scene('Forwarded (RFC 7239) instead', { requests: 1, headers: { forwarded: 'rfc7239' } }, async (t, { ask, runner }) => {
  await ask(request('GET /invoke/f', CLAIMS))
  const call = runner.calls[0]!
  t.equal(call.header('forwarded'), 'for=127.0.0.1;host=fn.example;proto=http')
  t.equal(call.header('x-forwarded-for'), undefined)
})

scene('Forwarded: appended for a trusted proxy', { requests: 1, headers: { forwarded: 'both' }, ...TRUSTED }, async (t, { ask, runner }) => {
  await ask(request('GET /invoke/f', CLAIMS))
  const call = runner.calls[0]!
  t.equal(call.header('forwarded'), 'for=1.2.3.4;proto=https, for=127.0.0.1;host=fn.example;proto=http')
  t.equal(call.header('x-forwarded-for'), '1.2.3.4, 5.6.7.8, 127.0.0.1')
})

scene('forwarding fields off: a stranger\'s are dropped, a trusted proxy\'s pass', {
  requests: 1, headers: { forwarded: 'off' }
}, async (t, { ask, runner }) => {
  await ask(request('GET /invoke/f', CLAIMS))
  for (const name of ['x-forwarded-for', 'x-forwarded-proto', 'forwarded']) t.equal(runner.calls[0]!.header(name), undefined)
})
scene('forwarding fields off, trusted', { requests: 1, headers: { forwarded: 'off' }, ...TRUSTED }, async (t, { ask, runner }) => {
  await ask(request('GET /invoke/f', CLAIMS))
  t.same(valuesOf(runner.calls[0]!.fields, 'x-forwarded-for'), ['1.2.3.4', '5.6.7.8'])
  t.equal(runner.calls[0]!.header('forwarded'), 'for=1.2.3.4;proto=https')
})

scene('Via is neither sent nor touched unless asked for', { requests: 1, script: (call) => { call.answer('ok', 'Via: 1.1 b\r\n') } },
  async (t, { ask, runner }) => {
    const response = await ask(request('GET /invoke/f', 'Via: 1.0 a\r\nVia: 1.1 fnlb-test\r\n'))
    t.same(valuesOf(runner.calls[0]!.fields, 'via'), ['1.0 a', '1.1 fnlb-test'])
    t.equal(response.header('via'), '1.1 b')
  })

scene('Via is appended both ways, and a loop is refused', {
  requests: 5, own: 3, headers: { via: true }, script: (call) => { call.answer('ok', 'Via: 1.1 b\r\n') }
}, async (t, { ask, runner, proxy }) => {
  const response = await ask(request('GET /invoke/f', 'Via: 1.0 a\r\nVia: 1.1 c (fnlb-test)\r\n'))
  t.equal(runner.calls[0]!.header('via'), '1.0 a, 1.1 c (fnlb-test), 1.1 fnlb-test')
  t.equal(response.header('via'), '1.1 b, 1.1 fnlb-test')
  await ask('GET /invoke/f HTTP/1.0\r\nHost: a\r\n\r\n')
  t.equal(runner.calls[1]!.header('via'), '1.0 fnlb-test')
  for (const via of ['1.1 fnlb-test', '1.0 a, HTTP/1.1  FNLB-Test (x)', '1.1 a\r\nVia: 1.1 fnlb-test, 1.1 b']) {
    const refusal = await ask(request('GET /invoke/f', `Via: ${via}\r\n`))
    t.equal(refusal.status, 502, via)
    t.equal(refusal.header('proxy-status'), 'fnlb; error=proxy_loop_detected')
  }
  t.equal(proxy.refused('loop'), 3)
})

scene('a request id is made, sent to the runner and told to the client', {
  requests: 2, script: (call) => { call.answer('ok', 'X-Request-Id: of-the-runner\r\n') }
}, async (t, { client, runner }) => {
  const c = await client()
  const ids = []
  for (let turn = 0; turn < 2; turn++) {
    c.write(request('GET /invoke/f'))
    const id = (await c.response()).header('x-request-id')
    t.equal(runner.calls[turn]!.header('x-request-id'), id)
    t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    ids.push(id)
  }
  t.not(ids[0], ids[1])
})

scene('a request id of the client is kept when it is one', { requests: 4 }, async (t, { ask, runner }) => {
  const response = await ask(request('GET /invoke/f', 'X-REQUEST-ID: abc.DEF-123\r\n'))
  t.equal(response.header('x-request-id'), 'abc.DEF-123')
  t.equal(runner.calls[0]!.header('x-request-id'), 'abc.DEF-123')
  for (const bad of ['a b', '', 'x'.repeat(200)]) {
    const { header } = await ask(request('GET /invoke/f', `X-Request-ID: ${bad}\r\n`))
    t.match(header('x-request-id'), /^[0-9a-f-]{36}$/)
    t.equal(runner.calls.at(-1)!.header('x-request-id'), header('x-request-id'))
  }
})

scene('a request id under another name, and in own errors', {
  requests: 2, own: 1, headers: { requestId: 'x-correlation' }, pool: { missingKey: 'reject' }
}, async (t, { ask, runner }) => {
  const response = await ask(request('GET /invoke/f', 'X-Correlation: mine\r\nX-Request-Id: other\r\n'))
  t.equal(response.header('x-correlation'), 'mine')
  t.equal(runner.calls[0]!.header('x-correlation'), 'mine')
  t.equal(runner.calls[0]!.header('x-request-id'), 'other')
  const refusal = await ask(request('GET /', 'X-Correlation: mine\r\n'))
  t.equal(refusal.header('x-correlation'), 'mine')
  t.match(JSON.parse(refusal.body) as object, { instance: 'urn:request:mine' })
})

scene('no request id at all', { requests: 1, headers: { requestId: '' } }, async (t, { ask, runner }) => {
  const response = await ask(request('GET /invoke/f', 'X-Request-Id: kept\r\n'))
  t.equal(response.header('x-request-id'), undefined)
  t.equal(runner.calls[0]!.header('x-request-id'), 'kept')
})

scene('trace contexts pass untouched', { requests: 1 }, async (t, { ask, runner }) => {
  const fields = 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=1\r\ntracestate: b=2\r\n' +
    'b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1\r\nX-B3-TraceId: 463ac35c9f6413ad48485a3953bb6124\r\nbaggage: k=v\r\n'
  await ask(request('GET /invoke/f', fields))
  t.equal(sent(runner.calls[0]!).slice(1).map(([name, value]) => `${name}: ${value}\r\n`).join(''), fields)
})

scene('load reports are between the runner and us', {
  requests: 1,
  script: (call) => { call.answer('ok', 'XXX-FXLB-WAIT: 12ms\r\nendpoint-load-metrics: TEXT cpu=0.3\r\nEndpoint-Load-Metrics-Bin: AAA=\r\n') }
}, async (t, { ask, runner }) => {
  const response = await ask(request('GET /invoke/f', 'xxx-fxlb-wait: 0\r\nEndpoint-Load-Metrics: TEXT cpu=0\r\nendpoint-load-metrics-bin: AA\r\n'))
  t.same(sent(runner.calls[0]!), [['Host', 'fn.example']])
  t.same(response.fields.map(([name]) => name.toLowerCase()).sort(), ['content-length', 'x-request-id'])
})
