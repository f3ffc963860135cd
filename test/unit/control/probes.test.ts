import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { NodeRegistry } from '../../../lib/control/node-registry.ts'
import { Probes } from '../../../lib/control/probes.ts'
import type { ProbeSettings } from '../../../lib/control/probes.ts'
import type { CheckResult } from '../../../lib/control/probe-check.ts'
import { NodeTable } from '../../../lib/tables/node-table.ts'
import { LogKeeper } from '../../support/log-keeper.ts'
import { node } from '../../support/config.ts'

const OK: CheckResult = { outcome: 'ok', reason: '200', durationMs: 2 }
const BAD: CheckResult = { outcome: 'bad_status', reason: 'status 500', durationMs: 3 }

const SETTINGS: ProbeSettings = {
  kind: { type: 'tcp' },
  timeoutMs: 100,
  thresholds: { rise: 2, fall: 2 },
  schedule: { intervalMs: 2, doubtMs: 1, longDownIntervalMs: 2, longDownAfterMs: 1e9, jitterRatio: 0.2 }
}

function make (ids: readonly string[], answer: (port: number) => CheckResult | Promise<CheckResult>) {
  const registry = new NodeRegistry(NodeTable.create(256, 1))
  const log = new LogKeeper()
  registry.sync('fn', ids.map((id, index) => node(id, { port: index + 1 })), true, 1, Date.now())
  const probes = new Probes({ registry, log, check: async ({ port }) => await answer(port) })
  return { registry, log, probes }
}

void t.test('a node comes up with its first success; only flips are logged, with reason and duration', async (t) => {
  let result = OK
  const { registry, log, probes } = make(['a'], () => result)
  t.teardown(() => probes.stop())
  const up = log.next('node up')
  probes.sync('fn', SETTINGS)
  t.notOk(probes.hasFirstResults('fn'))
  t.match(await up, { level: 'debug', fields: { pool: 'fn', node: 'a', from: 'unknown', to: 'up', reason: '200' } })
  t.ok(probes.hasFirstResults('fn'))
  result = BAD
  const down = await log.next('node down')
  t.match(down, { level: 'warn', fields: { from: 'up', to: 'down', reason: 'status 500' } })
  t.type(down.fields['after_seconds'], 'number')
  result = OK
  t.match(await log.next('node up'), { fields: { from: 'down' } })
  t.equal(registry.get('fn', 'a')!.health.state, 'up')
  t.same(log.lines.map(({ message }) => message), ['node up', 'all nodes probed once', 'node down', 'node up'])
  t.match(log.lines[1], { level: 'info', fields: { pool: 'fn', up: 1, not_yet: 0 } })
  const facts = probes.facts('fn')!
  t.ok(facts.results.ok >= 3)
  t.equal(facts.results.bad_status, 2)
  t.equal(facts.duration.count, facts.results.ok + 2)
  t.ok(facts.duration.sum > 0)
})

void t.test('checks of one node never overlap', async (t) => {
  let running = 0
  let most = 0
  let count = 0
  const enough = new Promise<void>((resolve) => {
    const { probes } = make(['a'], async () => {
      most = Math.max(most, ++running)
      await sleep(5)
      running--
      if (++count === 5) {
        probes.stop()
        resolve()
      }
      return OK
    })
    probes.sync('fn', SETTINGS)
    probes.sync('fn', SETTINGS)
  })
  await enough
  t.equal(most, 1)
})

void t.test('not more than 64 checks are under way, and none is forgotten', async (t) => {
  let running = 0
  let most = 0
  const seen = new Set<number>()
  const ids = Array.from({ length: 150 }, (_, index) => `n${index}`)
  const all = new Promise<void>((resolve) => {
    const { probes } = make(ids, async (port) => {
      most = Math.max(most, ++running)
      await sleep(1)
      running--
      seen.add(port)
      if (seen.size === ids.length) {
        probes.stop()
        resolve()
      }
      return OK
    })
    probes.sync('fn', SETTINGS)
  })
  await all
  t.equal(most, 64)
})

void t.test('a node that leaves is not probed again, and its late result is dropped', async (t) => {
  const waiting: Array<(result: CheckResult) => void> = []
  let asked: () => void = () => {}
  const first = new Promise<void>((resolve) => { asked = resolve })
  const { registry, log, probes } = make(['a'], () => new Promise((resolve) => {
    waiting.push(resolve)
    asked()
  }))
  t.teardown(() => probes.stop())
  probes.sync('fn', SETTINGS)
  await first
  registry.sync('fn', [], true, 2, 0)
  probes.sync('fn', SETTINGS)
  t.ok(probes.hasFirstResults('fn'), 'a pool without nodes waits for nothing')
  waiting[0]!(OK)
  await sleep(10)
  t.equal(waiting.length, 1)
  t.equal(log.lines.length, 0)
  t.equal(probes.facts('fn')!.results.ok, 0)
  probes.remove('fn')
  t.equal(probes.facts('fn'), undefined)
})
