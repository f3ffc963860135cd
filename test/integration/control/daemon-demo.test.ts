import t from 'tap'
import { config } from '../../support/config.ts'
import { Daemon } from './daemon-child.ts'
import { get } from './support.ts'

void t.test('the demo: real functions behind the real engine, and nothing left behind', async (t) => {
  const daemon = new Daemon(t, { config: config([], { readinessDelayMs: 60_000 }), demo: true })
  const { port, admin } = await daemon.ready()
  t.match(await daemon.line('ready'), { pools: [{ name: 'fn', nodes: 3 }] })

  const route = await get(admin, '/v1/pools/fn/route?path=/invoke/hello')
  const { decision } = JSON.parse(route.body) as { decision: string }
  const answer = await get({ port }, '/invoke/hello', { method: 'POST' })
  t.match(answer, { status: 200, headers: { 'demo-node': decision, 'demo-cold': '1' }, body: /Hello World/ })
  const again = await get({ port }, '/invoke/hello', { method: 'POST' })
  t.match(again, { status: 200, headers: { 'demo-node': decision, 'demo-cold': '0' } }, 'it is warm at its home')

  await daemon.line('all nodes probed once')
  t.equal((await get(admin, '/readyz')).status, 200)
  const { body } = await get(admin, '/metrics')
  t.match(body, 'fnlb_decisions_total{pool="fn",reason="home"} 2\n')
  t.match(body, 'fnlb_requests_total{pool="fn",code_class="2xx",origin="upstream"} 2\n')

  daemon.child.kill('SIGTERM')
  t.equal(await daemon.ended, 0, 'the demo does not wait for the readiness delay')
  t.match(daemon.lines.at(-1), { msg: 'stopped', cut_requests: 0 })
  t.match(daemon.stderr, `http://127.0.0.1:${port}/invoke/hello`, 'a person was told what to try')
})
