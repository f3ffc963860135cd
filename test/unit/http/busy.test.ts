import t from 'tap'
import { isFnBusy, MAX_BUSY_BODY_BYTES } from '../../../lib/http/busy.ts'

const BODY = '{"message":"Timed out - server too busy"}'

void t.test('Fn says busy', async t => {
  t.equal(isFnBusy(503, '15', BODY), true)
  t.equal(isFnBusy(503, '15', BODY + '\n'), true, 'as Go encodes it')
  t.equal(isFnBusy(503, '15', '{"error":{"message":"Timed out - server too busy"}}\n'), true, 'as Fn did before v2')
})

void t.test('a 503 that a function made is its answer', async t => {
  t.equal(isFnBusy(503, '', BODY), false)
  t.equal(isFnBusy(503, '30', BODY), false)
  t.equal(isFnBusy(503, '15', ''), false)
  t.equal(isFnBusy(503, '15', '{"message":"busy"}'), false)
  t.equal(isFnBusy(503, '15', `${BODY}${BODY}`), false)
  t.equal(isFnBusy(503, '15', BODY + ' '.repeat(MAX_BUSY_BODY_BYTES)), false, 'longer than Fn writes it')
})

void t.test('no other status is a refusal', async t => {
  for (const status of [200, 429, 500, 502, 504]) t.equal(isFnBusy(status, '15', BODY), false)
})
