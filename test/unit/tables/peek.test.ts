import t from 'tap'
import { NODE_ELIGIBLE, NODE_READY, NODE_UP, NodeTable } from '../../../lib/tables/node-table.ts'
import { SharedRows } from '../../../lib/tables/rows.ts'

void t.test('a peeked sum is the sum over all rows', async t => {
  const rows = new SharedRows(3, 4)
  for (const [thread, delta] of [5, 7, -2].entries()) rows.add(thread, 2, delta)
  t.strictSame([0, 1, 2, 3].map(column => rows.peek(column)), [0, 0, 10, 0])
  t.equal(rows.peek(2), rows.sum(2))
})

void t.test('load is calls per capacity, and infinite where no call may go', async t => {
  const table = NodeTable.create(2, 2)
  t.equal(table.peekLoad(1), Infinity, 'an unused slot')
  table.setState(1, NODE_ELIGIBLE)
  t.equal(table.peekLoad(1), Infinity, 'a cap of zero')
  table.setLimits(1, 4, 3)
  t.equal(table.peekLoad(1), 0.25)
  t.ok(table.tryAcquire(0, 1))
  t.ok(table.tryAcquire(1, 1))
  t.equal(table.peekLoad(1), 0.75)
  for (const state of [NODE_ELIGIBLE & ~NODE_UP, NODE_ELIGIBLE & ~NODE_READY]) {
    table.setState(1, state)
    t.equal(table.peekLoad(1), Infinity)
  }
  table.setState(1, NODE_ELIGIBLE)
  t.ok(table.tryAcquire(1, 1))
  t.equal(table.peekLoad(1), Infinity, 'at its cap')
  table.setLimits(1, 0, 5)
  t.equal(table.peekLoad(1), 4, 'no capacity stated counts as one')
})
