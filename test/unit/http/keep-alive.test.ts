import t from 'tap'
import { keepAliveTimeoutSeconds } from '../../../lib/http/keep-alive.ts'

const CASES: ReadonlyArray<readonly [string, number]> = [
  ['timeout=5', 5],
  ['timeout=5, max=100', 5],
  ['max=100,timeout=5', 5],
  ['max=100,\t Timeout=72 \t', 72],
  ['TIMEOUT=0', 0],
  ['timeout=5, timeout=3, timeout=9', 3],
  ['timeout=x, timeout=4', 4],
  ['timeout=007', 7],
  ['timeout=99999999999999999999999', 86_400],
  ['', -1],
  [',,', -1],
  ['   ', -1],
  ['max=100', -1],
  ['timeout', -1],
  ['timeout=', -1],
  ['timeout =5', -1],
  ['timeout= 5', -1],
  ['timeout=-5', -1],
  ['timeout=5s', -1],
  ['timeout=5.5', -1],
  ['timeout="5"', -1],
  ['timeout=5;max=100', -1],
  ['timeout=5 5', -1],
  ['xtimeout=5', -1],
  ['timeoutx=5', -1],
  ['time', -1],
  ['timeout=５', -1]
]

void t.test('the timeout of a Keep-Alive field', async t => {
  for (const [value, seconds] of CASES) t.equal(keepAliveTimeoutSeconds(value), seconds, JSON.stringify(value))
})
