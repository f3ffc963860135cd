import t from 'tap'
import { backoffMs, DEFAULT_BACKOFF } from '../../../lib/core/backoff.ts'
import { RetryBudget } from '../../../lib/core/retry-budget.ts'

function take (budget: RetryBudget): number {
  let taken = 0
  while (budget.tryBeginRetry()) taken++
  return taken
}

void t.test('the minimum is there for a pool with few calls', async t => {
  const budget = new RetryBudget(0.2, 3)
  t.equal(take(budget), 3)
  budget.endRetry()
  t.equal(take(budget), 1)
  t.equal(budget.retries, 3)
})

void t.test('with many calls it is a part of those that are live', async t => {
  const budget = new RetryBudget(0.2, 3)
  for (let call = 0; call < 104; call++) budget.begin()
  t.equal(take(budget), 20)
  for (let call = 0; call < 50; call++) budget.end()
  t.equal(budget.live, 54)
  for (let retry = 0; retry < 10; retry++) budget.endRetry()
  t.equal(take(budget), 0, 'ten are still under way, and that is all there may be')
  budget.configure(0.5, 0)
  t.equal(take(budget), 17)
})

void t.test('no budget, no retries', async t => {
  const budget = new RetryBudget(0, 0)
  budget.begin()
  t.equal(budget.tryBeginRetry(), false)
})

void t.test('ending what had not begun is a bug and says so', async t => {
  const budget = new RetryBudget(0.2, 3)
  t.throws(() => budget.end(), { message: /had not begun/ })
  t.throws(() => budget.endRetry(), { message: /had not begun/ })
})

void t.test('the first retry goes at once, later ones wait with full jitter', async t => {
  t.equal(backoffMs(1, 0.99), 0)
  t.equal(backoffMs(2, 0.5), 12.5)
  t.equal(backoffMs(3, 0.5), 25)
  t.equal(backoffMs(4, 0), 0)
  t.equal(backoffMs(40, 0.5), DEFAULT_BACKOFF.maxMs / 2)
  t.equal(backoffMs(5000, 0.5, { baseMs: 1, maxMs: 10 }), 5, 'no overflow')
})
