/** The parts of the simulator one by one: order of events, containers, sharing, distributions, randomness. */
import t from 'tap'
import fc from 'fast-check'
import { constant, exponential, hyperExponential, percentiles } from '../../../lib/simulate/distribution.ts'
import { EventQueue } from '../../../lib/simulate/event-queue.ts'
import { quantile } from '../../../lib/simulate/metrics.ts'
import { Random } from '../../../lib/simulate/random.ts'
import { WarmSet } from '../../../lib/simulate/warm-set.ts'

void t.test('events come by time, those of one moment in the order pushed', async () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 3000 }), times => {
    const queue = new EventQueue()
    for (const [index, time] of times.entries()) queue.push(time, 1, index, 2)
    const expected = times.map((time, index) => ({ time, index })).sort((a, b) => a.time - b.time || a.index - b.index)
    for (const { time, index } of expected) {
      if (!queue.pop() || queue.timeS !== time || queue.subject !== index || queue.stamp !== 2) return false
    }
    return !queue.pop()
  }), { numRuns: 60 })
})

void t.test('pushing while popping keeps the order', async t => {
  const queue = new EventQueue()
  const random = new Random(3)
  queue.push(0, 0)
  let last = 0
  for (let step = 0; queue.pop(); step++) {
    if (queue.timeS < last) t.fail('an event came from the past')
    last = queue.timeS
    if (step < 5000) {
      queue.push(last + random.next(), 0)
      if (step % 3 === 0) queue.push(last, 0)
    }
  }
  t.equal(queue.size, 0)
  t.throws(() => queue.push(NaN, 1), RangeError)
})

/** The same by the obvious means: a list. */
class PlainWarmSet {
  containers: Array<{ functionIndex: number, sinceS: number }> = []

  take (functionIndex: number): boolean {
    const at = this.containers.findLastIndex(one => one.functionIndex === functionIndex)
    if (at >= 0) this.containers.splice(at, 1)
    return at >= 0
  }
}

const operations = fc.array(fc.record({
  what: fc.constantFrom('put', 'put', 'take', 'evict', 'expire'), functionIndex: fc.integer({ min: 0, max: 4 })
}), { maxLength: 400 })

void t.test('idle containers: newest out first, oldest evicted, keep-alive, digest of changes', async () => {
  fc.assert(fc.property(operations, list => {
    const memory = Float64Array.of(1, 2, 3, 4, 5)
    const warm = new WarmSet(memory, 10)
    const plain = new PlainWarmSet()
    const seen = new Int32Array(5)
    let version = 0
    for (const [nowS, { what, functionIndex }] of list.entries()) {
      if (what === 'put') {
        warm.put(functionIndex, nowS)
        plain.containers.push({ functionIndex, sinceS: nowS })
      } else if (what === 'take') {
        if (warm.take(functionIndex) !== plain.take(functionIndex)) return false
      } else if (what === 'evict') {
        if (warm.evict() !== (plain.containers.shift() !== undefined)) return false
      } else {
        warm.expire(nowS)
        plain.containers = plain.containers.filter(({ sinceS }) => sinceS + 10 > nowS)
      }
      for (let f = 0; f < 5; f++) {
        if (warm.idle[f] !== plain.containers.filter(one => one.functionIndex === f).length) return false
      }
      if (warm.idleMb !== plain.containers.reduce((sum, one) => sum + memory[one.functionIndex]!, 0)) return false
      if (nowS % 7 !== 0) continue
      warm.changedSince(version, (f, idle) => { seen[f] = idle })
      version = warm.version
      if (!seen.every((idle, f) => idle === warm.idle[f])) return false
    }
    return true
  }), { numRuns: 150 })
})

void t.test('a distribution has the mean that it names', async t => {
  const random = new Random(5)
  const all = [
    constant(2), exponential(0.3), hyperExponential(0.8, 0.1, 3), percentiles([0, 50, 100], [0.1, 1, 20]),
    percentiles([0, 1, 25, 50, 75, 99, 100], [1, 1, 1, 1, 1, 1, 1])
  ]
  for (const [index, distribution] of all.entries()) {
    let sum = 0
    const draws = 200_000
    for (let draw = 0; draw < draws; draw++) sum += distribution.quantile(random.next())
    t.ok(Math.abs(sum / draws / distribution.meanS - 1) < 0.03, `${index}: ${sum / draws} of ${distribution.meanS}`)
  }
})

void t.test('percentiles are met exactly, and log-linear between', async t => {
  const distribution = percentiles([0, 50, 100], [0.1, 1, 100])
  t.equal(distribution.quantile(0.5), 1)
  t.ok(Math.abs(distribution.quantile(0.75) - 10) < 1e-12)
  t.throws(() => percentiles([0, 100], [1]), RangeError)
  t.throws(() => percentiles([0, 100], [2, 1]), RangeError)
  t.throws(() => percentiles([0, 100], [0, 1]), RangeError)
  t.throws(() => percentiles([1, 100], [1, 2]), RangeError)
})

void t.test('random numbers: by seed, by name, and as distributed', async t => {
  const draw = (random: Random): number[] => Array.from({ length: 5 }, () => random.next())
  t.strictSame(draw(new Random(7)), draw(new Random(7)))
  t.notSame(draw(new Random(7)), draw(new Random(8)))
  const used = new Random(7)
  used.next()
  t.strictSame(draw(used.fork('a')), draw(new Random(7).fork('a')), 'a fork does not depend on what was drawn')
  t.notSame(draw(used.fork('a')), draw(used.fork('b')))
  const random = new Random(9)
  const count = 100_000
  const mean = (next: () => number): number => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += next()
    return sum / count
  }
  const close = (value: number, expected: number, within: number, what: string): void => {
    t.ok(Math.abs(value - expected) < within, `${what}: ${value}, expected ${expected}`)
  }
  close(mean(() => random.next()), 0.5, 0.005, 'uniform')
  close(mean(() => random.normal()), 0, 0.02, 'normal')
  close(mean(() => random.normal() ** 2), 1, 0.03, 'normal, variance')
  close(mean(() => random.exponential(2)), 2, 0.04, 'exponential')
  close(mean(() => random.poisson(3)), 3, 0.04, 'poisson of few')
  close(mean(() => random.poisson(300)), 300, 0.4, 'poisson of many')
  close(mean(() => Math.log(random.logNormal(1.35, 1.1))), Math.log(1.35), 0.03, 'log-normal')
})

void t.test('quantiles are of the nearest rank', async t => {
  t.equal(quantile([1, 2, 3, 4], 0.5), 2)
  t.equal(quantile([1, 2, 3, 4], 0.99), 4)
  t.equal(quantile([], 0.5), 0)
})
