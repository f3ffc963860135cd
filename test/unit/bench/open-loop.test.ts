import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { responseBytes, runOpenLoop, undisturbed } from '../../../bench/proxy/open-loop.ts'

async function serverPort (t: Test, listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  t.teardown(() => { server.close(); server.closeAllConnections() })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return (server.address() as AddressInfo).port
}

const load = { ratePerSecond: 400, seconds: 0.25, warmupSeconds: 0.05, connections: 4, keys: 3 }

void t.test('every request of the schedule is sent once, on kept connections', async t => {
  const seen: string[] = []
  const sockets = new Set<unknown>()
  const port = await serverPort(t, (request, response) => {
    seen.push(request.url ?? '')
    sockets.add(request.socket)
    response.end('ok')
  })
  const result = await runOpenLoop({ port, ...load })
  t.equal(result.planned, 100)
  t.equal(result.completed, 100)
  t.equal(result.errors, 0, String(result.firstError))
  t.equal(seen.length, 120, 'the warm-up is sent but not counted')
  t.same([...new Set(seen)].sort(), ['/invoke/fn1', '/invoke/fn2', '/invoke/fn3'])
  t.ok(sockets.size <= 4)
  t.ok(result.p50Us > 0 && result.p50Us <= result.p99AllUs && result.p99AllUs <= result.maxUs)
})

void t.test('a server slower than the rate shows as waiting, which a closed loop would hide', async t => {
  const delayMs = 60
  const port = await serverPort(t, (_request, response) => { setTimeout(() => { response.end('ok') }, delayMs) })
  const result = await runOpenLoop({ port, ...load, warmupSeconds: 0.01 })
  t.equal(result.errors, 0, String(result.firstError))
  // 4 connections / 60 ms carry 67 requests a second, 400 are due: the last wait for more than a second.
  t.ok(result.maxUs > 500_000, `${result.maxUs} µs`)
  t.ok(result.maxWaiting > 50)
})

void t.test('an answer other than 200 is an error', async t => {
  let count = 0
  const port = await serverPort(t, (_request, response) => {
    response.statusCode = ++count === 50 ? 503 : 200
    response.end('ok')
  })
  const result = await runOpenLoop({ port, ...load })
  t.ok(result.errors > 0)
  t.match(result.firstError, /503/)
})

void t.test('responseBytes frames by Content-Length alone', async t => {
  const whole = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc')
  t.equal(responseBytes(whole), whole.length)
  t.equal(responseBytes(whole.subarray(0, whole.length - 1)), 0)
  t.equal(responseBytes(whole.subarray(0, 10)), 0)
  t.equal(responseBytes(Buffer.concat([whole, whole])), whole.length)
  t.throws(() => responseBytes(Buffer.from('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n')), /502 Bad Gateway/)
  t.throws(() => responseBytes(Buffer.from('HTTP/1.1 200 OK\r\nTE: x\r\n\r\n')), /without Content-Length/)
})

void t.test('undisturbed drops what fell into a pause of the generator and its shadow, nothing else', async t => {
  const latencies = Float64Array.from([1, 2, 90, 80, 70, 3, Number.NaN, 4])
  // Due every 10 ms from 0. The pause counts from 1 ms before its start (the third) and its shadow ends at 49 ms.
  const kept = undisturbed(latencies, index => index * 10, [{ startMs: 20.5, endMs: 30 }])
  t.same([...kept], [1, 2, 3, 4])
  t.same([...undisturbed(latencies, index => index * 10, [])], [1, 2, 3, 4, 70, 80, 90])
})
