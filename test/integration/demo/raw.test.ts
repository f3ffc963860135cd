/** The raw endpoints: each shows the one behaviour of HTTP that it is for. */
import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { patternPieces } from '../../../lib/demo/pattern.ts'
import { startRunner } from '../../../lib/demo/runner.ts'
import { call, holdCall, open, until, wire } from './client.ts'

const node = await startRunner({ inline: true })
t.teardown(() => node.stop())

const GET = { method: 'GET' }

void t.test('head gives back the request as it came', async t => {
  const { json } = await call(`${node.url}/raw/head?a=1`, { body: 'abc', headers: { 'X-Case': 'Kept' } })
  t.match(json, { method: 'POST', target: '/raw/head?a=1', version: '1.1', bodyBytes: 3, crc32: crc32('abc') })
  t.match((json['headers'] as string[]).join('\n'), /X-Case\nKept/)
})

void t.test('downloads: chunked, with a length, until the end of the connection', async t => {
  const bytes = 200_001
  const expected = Buffer.concat([...patternPieces(bytes)])
  t.equal(expected.length, bytes)
  const chunked = await call(`${node.url}/raw/download?bytes=${bytes}`, GET)
  t.match(chunked.headers, { 'transfer-encoding': 'chunked' })
  const known = await call(`${node.url}/raw/download?bytes=${bytes}&length=1`, GET)
  t.match(known.headers, { 'content-length': String(bytes) })
  const open = await call(`${node.url}/raw/until-close?bytes=${bytes}`, GET)
  t.notMatch(open.headers, { 'transfer-encoding': String })
  t.notMatch(open.headers, { 'content-length': String })
  t.match(open.headers, { connection: 'close' })
  for (const { body } of [chunked, known, open]) t.ok(body.equals(expected))
  t.equal((await call(`${node.url}/raw/download?bytes=7&length=1`, { method: 'HEAD' })).headers['content-length'], '7')
})

void t.test('uploads are counted and summed, and held nowhere', async t => {
  const body = Buffer.alloc(1_000_000, 'ab')
  const known = await call(`${node.url}/raw/upload`, { body })
  t.match(known.json, { bytes: body.length, crc32: crc32(body), isChunked: false })
  const hashed = await call(`${node.url}/raw/upload?hash=sha256`, { body, headers: { 'Transfer-Encoding': 'chunked' } })
  t.match(hashed.json, { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex'), isChunked: true })
  const block = Buffer.alloc(1024 * 1024)
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  const sent = await new Promise<string>((resolve, reject) => {
    const outgoing = request(`${node.url}/raw/upload`, { method: 'POST', agent: false }, response => {
      response.setEncoding('utf8').on('data', resolve)
    })
    outgoing.on('error', reject)
    let left = 300
    const write = (): void => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      while (left-- > 0) {
        if (!outgoing.write(block)) {
          outgoing.once('drain', write)
          return
        }
      }
      outgoing.end()
    }
    write()
  })
  t.match(JSON.parse(sent), { bytes: 300 * 1024 * 1024 })
  // What the collector has not come to yet is in it, too.
  t.ok(most < 150 * 1024 * 1024, `300 MiB went through; at most ${Math.round(most / 1024 / 1024)} MiB were held`)
})

void t.test('echo answers while the request still comes', async t => {
  const outgoing = request(`${node.url}/raw/echo`, { method: 'POST', agent: false })
  let received = ''
  let isOver = false
  outgoing.on('response', response => {
    response.on('data', (piece: Buffer) => { received += piece.toString() }).on('end', () => { isOver = true })
  })
  outgoing.write('one')
  await until('the first part is back', () => received === 'one')
  outgoing.end('two')
  await until('the rest is back', () => isOver)
  t.equal(received, 'onetwo')
})

void t.test('Expect: 100-continue is granted, or refused before the body', async t => {
  const expect = { 'Content-Length': '4', Expect: '100-continue' }
  let continued = 0
  const granted = await new Promise<string>((resolve, reject) => {
    const outgoing = request(`${node.url}/raw/continue?ms=20`, { method: 'POST', headers: expect, agent: false })
    outgoing.on('error', reject)
    outgoing.on('continue', () => {
      continued++
      outgoing.end('body')
    })
    outgoing.on('response', response => { response.setEncoding('utf8').on('data', resolve) })
    outgoing.flushHeaders()
  })
  t.equal(continued, 1)
  t.match(JSON.parse(granted), { expectsContinue: true, bytes: 4 })
  const refused = await wire(node.port,
    'POST /raw/continue?refuse=417 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
  t.match(refused.bytes.toString(), /^HTTP\/1.1 417 .*Connection: close\r\n/s, 'no 100, and the connection ends')
})

void t.test('a final answer comes before the body is whole', async t => {
  const upload = request(`${node.url}/raw/early?status=413&drain=1`, { method: 'POST', agent: false })
  upload.write('a part')
  const status = await new Promise(resolve => {
    upload.on('response', response => { resolve(response.resume().statusCode) })
  })
  t.equal(status, 413)
  upload.end('the rest')
  const socket = await open(node.port)
  let text = ''
  socket.on('data', (piece: Buffer) => { text += piece.toString() })
  socket.write('POST /raw/early HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart')
  await new Promise(resolve => socket.on('close', resolve))
  t.match(text, /^HTTP\/1.1 413 .*Connection: close\r\n.*\r\n\r\nearly\n$/s)
})

void t.test('trailers both ways, interim answers, bare statuses', async t => {
  const { bytes } = await wire(node.port, [
    'POST /raw/trailers HTTP/1.1', 'Host: x', 'Connection: close', 'Transfer-Encoding: chunked', 'Trailer: X-Sum', '',
    '3', 'abc', '0', 'X-Sum: 6', '', ''
  ].join('\r\n'))
  const trailers = `\r\n0\r\nX-Crc32: ${crc32('abc')}\r\nX-Request-Trailers: ["X-Sum","6"]\r\n\r\n`
  t.ok(bytes.toString().endsWith(trailers))
  const hints = await wire(node.port, 'GET /raw/hints?count=2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  t.match(hints.bytes.toString(), /^HTTP\/1.1 103 .*\r\n\r\nHTTP\/1.1 103 .*\r\n\r\nHTTP\/1.1 200 /s)
  for (const code of [204, 304, 418, 599]) {
    t.equal((await call(`${node.url}/raw/status?code=${code}`, GET)).status, code)
  }
  t.equal((await call(`${node.url}/raw/wait?ms=10&part=body`, GET)).text, 'before\nafter\n')
})

void t.test('server-sent events come one by one, and stop when the client leaves', async t => {
  const events = await call(`${node.url}/raw/sse?count=3&ms=1`, GET)
  t.match(events.headers, { 'content-type': 'text/event-stream' })
  t.equal(events.text, [1, 2, 3].map(n => `id: ${n}\ndata: {"n":${n}}\n\n`).join(''))
  node.clearCalls()
  const endless = request(`${node.url}/raw/sse?count=0&ms=5`, { agent: false })
  endless.on('error', () => {})
  let pieces = 0
  endless.on('response', response => { response.on('data', () => { pieces++ }).on('error', () => {}) })
  endless.end()
  await until('several events came apart', () => pieces >= 3)
  t.match(node.calls(), [{ target: '/raw/sse', outcome: 'open', executed: true }])
  endless.destroy()
  await until('the stream was given up', () => node.calls()[0]?.outcome === 'gone')
})

void t.test('a client that leaves in the middle of its upload', async () => {
  node.clearCalls()
  const upload = holdCall(`${node.url}/raw/upload`)
  await until('it is there', () => node.calls().length === 1)
  upload.abandon()
  await until('it was given up', () => node.calls()[0]?.outcome === 'gone')
})

void t.test('what is not there, and numbers that are none', async t => {
  t.equal((await call(`${node.url}/raw/nosuch`, GET)).status, 404)
  t.equal((await call(`${node.url}/raw/toString`, GET)).status, 404)
  const wrong = await call(`${node.url}/raw/download?bytes=-1`, GET)
  t.equal(wrong.status, 400)
  t.match(wrong.json, { message: /^bytes: must be a whole number from 0 to/ })
  t.equal((await call(`${node.url}/raw/upload?hash=md5`)).status, 400)
})
