/** Which pool a request belongs to. */
import t from 'tap'
import { Router } from '../../../lib/proxy/router.ts'
import type { RouteView } from '../../../lib/tables/snapshot.ts'

function router (routes: readonly RouteView[], defaultPool = -1): Router {
  return new Router({ generation: 1, pools: [], routes, defaultPool })
}

void t.test('without rules everything goes to the default pool', async t => {
  t.equal(router([], 3).poolOf('any', '/any'), 3)
  t.equal(router([]).poolOf('any', '/any'), -1)
})

void t.test('hosts: exact, below a suffix, whatever their case, port or root dot', async t => {
  const { poolOf } = bound(router([{ host: 'fn.example.org', pool: 0 }, { host: '*.example.org', pool: 1 }], 9))
  for (const host of ['fn.example.org', 'FN.Example.ORG', 'fn.example.org:8080', 'fn.example.org.', 'fn.example.org.:80']) {
    t.equal(poolOf(host, '/'), 0, host)
  }
  t.equal(poolOf('a.b.example.org', '/'), 1)
  for (const host of ['example.org', 'badexample.org', '.example.org', '', '[::1]:80']) t.equal(poolOf(host, '/'), 9, host)
})

void t.test('path prefixes match by whole segments', async t => {
  const { poolOf } = bound(router([{ pathPrefix: '/t/blue', pool: 0 }, { pathPrefix: '/x/', pool: 1 }], 9))
  for (const path of ['/t/blue', '/t/blue/', '/t/blue/a']) t.equal(poolOf('', path), 0, path)
  for (const path of ['/t/blues', '/t/blu', '/T/blue', '/a/t/blue']) t.equal(poolOf('', path), 9, path)
  t.equal(poolOf('', '/x/y'), 1)
  t.equal(poolOf('', '/x'), 9)
})

void t.test('all conditions of a rule must hold, and the first rule wins', async t => {
  const { poolOf } = bound(router([
    { host: 'a', pathPrefix: '/p', pool: 0 }, { host: 'a', pool: 1 }, { pathPrefix: '/p', pool: 2 }
  ]))
  t.equal(poolOf('a', '/p/q'), 0)
  t.equal(poolOf('a', '/q'), 1)
  t.equal(poolOf('b', '/p'), 2)
  t.equal(poolOf('b', '/q'), -1)
})

function bound (of: Router): { poolOf: (host: string, path: string) => number } {
  return { poolOf: (host, path) => of.poolOf(host, path) }
}
