import t from 'tap'
import { percentile, ratios, spread } from '../../../bench/lib/stats.ts'

void t.test('spread gives min, median and max whatever the order', async t => {
  t.same(spread([3, 1, 2]), { min: 1, median: 2, max: 3 })
  t.same(spread([10, 9, 2, 1]), { min: 1, median: 5.5, max: 10 })
  t.same(spread([7]), { min: 7, median: 7, max: 7 })
  const input = [3, 1, 2]
  spread(input)
  t.same(input, [3, 1, 2], 'the input is left as it was')
})

void t.test('spread sorts numbers as numbers', async t => {
  t.same(spread([100, 20, 3]), { min: 3, median: 20, max: 100 })
})

void t.test('spread refuses what has no median', async t => {
  t.throws(() => spread([]), RangeError)
  t.throws(() => spread([1, Number.NaN]), RangeError)
  t.throws(() => spread([Infinity]), RangeError)
})

void t.test('ratios pairs the rounds', async t => {
  t.same(ratios([2, 9], [1, 3]), [2, 3])
  t.same(ratios([], []), [])
  t.throws(() => ratios([1], [1, 2]), /pair the rounds/)
  t.throws(() => ratios([1], [0]), /above zero/)
  t.throws(() => ratios([1], [Number.NaN]), /above zero/)
})

void t.test('percentile is the nearest rank', async t => {
  const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1)
  t.equal(percentile(hundred, 50), 50)
  t.equal(percentile(hundred, 99), 99)
  t.equal(percentile(hundred, 100), 100)
  t.equal(percentile([5], 1), 5)
  t.throws(() => percentile([], 50), RangeError)
  t.throws(() => percentile([1], 0), RangeError)
  t.throws(() => percentile([1], 101), RangeError)
})
