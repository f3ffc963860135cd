/**
 * Hostile messages, by table: each must be refused with the right status, its connection must end, and whatever stands
 * behind it must never be taken for a message of its own.
 */
import type { Refusal } from '../../lib/tables/counters.ts'
import type { StageOptions } from './stage.ts'
import { request, scene } from './stage.ts'

/** Follows each hostile message: who falls for it executes this. */
const SMUGGLED = request('GET /invoke/smuggled')

/** What a case is, and the bytes of it. */
export type Cases = Readonly<Record<string, string>>

/** Requests that must be answered with `status`, counted as `reason`, and never reach the runner. */
export function refusesRequests (what: string, status: number, reason: Refusal, cases: Cases, options: StageOptions = {}): void {
  const names = Object.keys(cases)
  scene(`${what}: ${status}`, { requests: 3 * names.length, own: 2 * names.length, ...options }, async (t, { client, runner, proxy }) => {
    let counted = 0
    for (const name of names) {
      const text = cases[name]!
      // Alone and in one piece; then behind a good request, and in two pieces.
      for (const isBehind of [false, true]) {
        const c = await client()
        if (isBehind) {
          c.write(request('GET /invoke/good'))
          t.equal((await c.response()).body, 'ok', name)
          c.write(text.slice(0, text.length >> 1))
          await new Promise((resolve) => { setImmediate(resolve) })
          c.write(text.slice(text.length >> 1) + SMUGGLED)
        } else c.write(text + SMUGGLED)
        const method = /^HEAD /.test(text) ? 'HEAD' : 'GET'
        const response = await c.response(method)
        t.equal(response.status, status, name)
        t.equal(response.header('connection'), 'close', name)
        t.equal(response.header('content-type'), 'application/problem+json', name)
        t.ok(response.header('proxy-status')?.startsWith('fnlb; error='), name)
        t.equal(await c.closed(), 'fin', name)
        t.equal(c.received, '', name)
        c.destroy()
        t.equal(proxy.refused(reason), ++counted, name)
      }
    }
    t.same(runner.calls.map(({ target }) => target), names.map(() => '/invoke/good'), 'the runner saw the good ones only')
  })
}

/** Requests that are odd but plain: they are answered by the runner. */
export function acceptsRequests (what: string, cases: Cases, options: StageOptions = {}): void {
  const names = Object.keys(cases)
  scene(what, { requests: names.length, ...options }, async (t, { ask, runner }) => {
    for (const name of names) {
      const text = cases[name]!
      t.equal((await ask(text, text.slice(0, text.indexOf(' ')))).status, 200, name)
    }
    t.equal(runner.calls.length, names.length)
  })
}

/**
 * Responses that must never reach a client: 502, the runner's connection dropped, and the client's next call served over
 * another one.
 */
export function refusesResponses (what: string, cases: Cases, line = 'GET /invoke/f'): void {
  const names = Object.keys(cases)
  const method = line.slice(0, line.indexOf(' '))
  let bad = ''
  scene(`a runner's ${what}: 502`, {
    requests: 3 * names.length,
    own: 2 * names.length,
    script: async (call) => {
      if (call.target === '/invoke/good') return void call.answer()
      const cut = call.target === '/invoke/cut' ? bad.length >> 1 : 0
      if (cut > 0) {
        call.write(bad.slice(0, cut))
        await new Promise((resolve) => { setImmediate(resolve) })
      }
      // More than a head may have, so that nothing waits for an end that never comes.
      call.write(bad.slice(cut) + 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled')
      await call.connection.ended()
    }
  }, async (t, { client, runner, proxy }) => {
    for (const name of names) {
      bad = cases[name]!
      const c = await client()
      for (const target of [line, line.replace('/invoke/f', '/invoke/cut')]) {
        c.write(request(target))
        const response = await c.response(method)
        t.equal(response.status, 502, name)
        t.equal(response.header('proxy-status'), 'fnlb; error=http_protocol_error', name)
        t.notMatch(response.body, /smuggled/, name)
        await runner.calls.at(-1)!.connection.ended()
        t.equal(proxy.counters.sum('upstreamConnectionsIdle'), 0, name)
      }
      c.write(request('GET /invoke/good'))
      t.equal((await c.response()).body, 'ok', name)
      t.equal(c.received, '', name)
      c.destroy()
      runner.connections.at(-1)!.destroy()
      await runner.connections.at(-1)!.ended()
    }
    t.equal(proxy.refused('upstream_protocol'), 2 * names.length)
  })
}
