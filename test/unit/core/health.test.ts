import t from 'tap'
import { DEFAULT_THRESHOLDS, isInDoubt, observe, unknownHealth } from '../../../lib/core/health.ts'
import { DEFAULT_PROBE_SCHEDULE, firstProbeDelayMs, nextProbeDelayMs } from '../../../lib/core/probe-schedule.ts'
import type { Health } from '../../../lib/core/health.ts'

/** Feeds results (+ success, - failure) one second apart and returns the health and the flips, as `second:state`. */
function after (results: string, thresholds = DEFAULT_THRESHOLDS, from: Health = unknownHealth(0)) {
  const flips: string[] = []
  let health = from
  for (const [index, sign] of Array.from(results).entries()) {
    const seen = observe(health, { ok: sign === '+', reason: `${sign}${index}` }, (index + 1) * 1000, thresholds)
    health = seen.health
    if (seen.flipped) flips.push(`${index + 1}:${health.state}`)
  }
  return { health, flips }
}

void t.test('one success admits an unknown node', async t => {
  t.strictSame(after('+'), { health: { state: 'up', sinceMs: 1000, against: 0, reason: '+0' }, flips: ['1:up'] })
  t.strictSame(after('--+').flips, ['3:up'])
})

void t.test('an unknown node is down after fall failures', async t => {
  t.strictSame(after('--'), { health: { state: 'unknown', sinceMs: 0, against: 2, reason: '-1' }, flips: [] })
  t.strictSame(after('---').flips, ['3:down'])
})

void t.test('fall failures in a row bring a node down, fewer do not', async t => {
  t.strictSame(after('+--+--+').flips, ['1:up'])
  t.strictSame(after('+--+---').flips, ['1:up', '7:down'])
  t.equal(after('+---').health.reason, '-3')
})

void t.test('rise successes in a row bring it back', async t => {
  t.strictSame(after('---+-+-').flips, ['3:down'])
  t.strictSame(after('---+-++').flips, ['3:down', '7:up'])
})

void t.test('since is when the state was entered, not the last result', async t => {
  t.equal(after('+++++').health.sinceMs, 1000)
  t.equal(after('---------').health.sinceMs, 3000)
})

void t.test('thresholds of one flip at once', async t => {
  t.strictSame(after('+-+-', { rise: 1, fall: 1 }).flips, ['1:up', '2:down', '3:up', '4:down'])
})

void t.test('in doubt while unknown or contradicted', async t => {
  const cases: Record<string, boolean> = {
    '': true, '-': true, '+': false, '+-': true, '+-+': false, '---': false, '---+': true, '---+-': false
  }
  for (const [results, doubt] of Object.entries(cases)) t.equal(isInDoubt(after(results).health), doubt, results)
})

void t.test('probe delays', async t => {
  const up = after('+').health
  const down = after('---').health
  t.equal(nextProbeDelayMs(up, 0, 0), 1600)
  t.equal(nextProbeDelayMs(up, 0, 0.5), 2000)
  t.ok(nextProbeDelayMs(up, 0, 0.999999) < 2400)
  t.equal(nextProbeDelayMs(after('+-').health, 0, 0.9), 500)
  t.equal(nextProbeDelayMs(unknownHealth(0), 0, 0.1), 500)
  t.equal(nextProbeDelayMs(down, 3000, 0.5), 2000, 'just down: as usual')
  t.equal(nextProbeDelayMs(down, 63_000, 0.5), 10_000, 'long down: rarely')
  t.equal(nextProbeDelayMs(down, 63_000, 0), 8000)
  t.equal(nextProbeDelayMs(up, 1e9, 0.5), 2000, 'long up is not long down')
  const own = { ...DEFAULT_PROBE_SCHEDULE, intervalMs: 100 }
  t.equal(nextProbeDelayMs(unknownHealth(0), 0, 0.5, own), 100, 'never slower in doubt than without')
  t.equal(nextProbeDelayMs(down, 63_000, 0.5, { ...DEFAULT_PROBE_SCHEDULE, intervalMs: 30_000 }), 30_000)
  t.equal(firstProbeDelayMs(0.25, 400), 100)
})
