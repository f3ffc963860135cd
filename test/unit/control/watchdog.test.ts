import t from 'tap'
import { Watchdog } from '../../../lib/control/watchdog.ts'
import { Counters, ThreadCounters } from '../../../lib/tables/counters.ts'

void t.test('a heartbeat that stands still for eight looks is told once', async (t) => {
  const counters = new Counters(3)
  const live = new ThreadCounters(counters.buffer, 0)
  const dead = new ThreadCounters(counters.buffer, 1)
  const hung: number[] = []
  const watchdog = new Watchdog(counters, 1e6, (thread) => hung.push(thread))
  t.teardown(() => watchdog.stop())
  dead.set('heartbeat', 5)
  for (let tick = 0; tick <= 20; tick++) {
    live.set('heartbeat', 100 + tick)
    watchdog.tick()
    t.same(hung, tick < 8 ? [] : [1], `look ${tick}; a thread that never beat is not yet there`)
  }
})
