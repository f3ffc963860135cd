import t from 'tap'
import { parseOptions, usageText } from '../../../bench/proxy/options.ts'

const ids = ['nginx', 'haproxy', 'fnlb']
const parse = (...args: string[]) => parseOptions(args, ids, '2026-01-02')

void t.test('a full run is written down', async t => {
  const options = parse()
  t.match(options, { rounds: 5, seconds: 2, idleConnections: 5000, memoryRounds: 3, warmup: true })
  t.match(options, { save: true, bars: false, date: '2026-01-02' })
  t.same(options.scenarios, ['get-64', 'get-1000', 'post-1k', 'post-64k', 'get-1m'])
  t.same(options.extras, ['half-load', 'memory', 'threads'])
})

void t.test('a quick or partial run does not replace it unless asked', async t => {
  t.match(parse('--quick'), { rounds: 1, seconds: 1, save: false, quick: true, warmup: false })
  t.match(parse('--only', 'nginx'), { save: false, only: ['nginx'] })
  t.match(parse('--scenario', 'get-64,memory'), { save: false, scenarios: ['get-64'], extras: ['memory'] })
  t.match(parse('--quick', '--save'), { save: true })
  t.match(parse('--quick', '--rounds', '2'), { rounds: 2 })
})

void t.test('what is wrong is said, with the choices', async t => {
  t.throws(() => parse('--rounds', '0'), /whole number from 1/)
  t.throws(() => parse('--seconds', '1.5'), /whole number/)
  t.throws(() => parse('--only', 'envoy'), /choose from nginx, haproxy, fnlb/)
  t.throws(() => parse('--scenario', 'get'), /choose from get-64/)
  t.throws(() => parse('--date', 'today'), /YYYY-MM-DD/)
  t.throws(() => parse('--round', '1'), /--round/)
  t.throws(() => parse('--quick', '--bars'), /full one/)
})

void t.test('the usage names every step', async t => {
  t.match(usageText(), /get-1000, post-1k, .*threads/)
})
