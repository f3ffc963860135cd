/**
 * The core of the simulator against what is known in closed form: processor sharing with exponential times has the mean
 * response time of M/M/c, and M/G/1 under processor sharing depends on the mean of the service time alone
 * (Kleinrock, Queueing Systems II, chapter 4). Bounds are five standard errors over independent batches, so a right
 * simulator fails by chance less than once in a million runs, and these runs have fixed seeds.
 */
import t from 'tap'
import { exponential, hyperExponential } from '../../../lib/simulate/distribution.ts'
import { meanResponse } from '../../support/queueing.ts'
import type { Distribution } from '../../../lib/simulate/distribution.ts'
import type { Test } from 'tap'

/** Mean response time of M/M/c, seconds (Erlang C). */
function erlangResponse (servers: number, load: number, meanS: number): number {
  const offered = servers * load
  let term = 1
  let sum = 1
  for (let k = 1; k < servers; k++) {
    term *= offered / k
    sum += term
  }
  const last = term * offered / servers / (1 - load)
  const waits = last / (sum + last)
  return meanS + waits * meanS / (servers * (1 - load))
}

function near (t: Test, cores: number, load: number, service: Distribution, expectedS: number): void {
  const { meanS, errorS } = meanResponse({ cores, load, service, minutes: cores === 1 ? 30 : 10, batches: 20 })
  t.ok(Math.abs(meanS - expectedS) < 5 * errorS,
    `${cores} cores at ${load}: ${meanS.toFixed(4)} s ± ${errorS.toFixed(4)}, theory ${expectedS.toFixed(4)} s`)
  t.ok(errorS < 0.05 * expectedS, 'precise enough to say anything')
}

void t.test('M/M/1 under processor sharing', async t => {
  for (const load of [0.5, 0.7, 0.85]) near(t, 1, load, exponential(0.2), 0.2 / (1 - load))
})

void t.test('M/M/4 under processor sharing', async t => {
  for (const load of [0.5, 0.7, 0.85]) near(t, 4, load, exponential(0.2), erlangResponse(4, load, 0.2))
})

void t.test('M/G/1 under processor sharing does not care about the spread', async t => {
  near(t, 1, 0.7, hyperExponential(0.9, 0.1, 1.1), 0.2 / 0.3)
})

void t.test('the formula itself', async t => {
  t.equal(erlangResponse(1, 0.5, 1), 2)
  // Erlang C of 2 servers at 1 Erlang is 1/3.
  t.ok(Math.abs(erlangResponse(2, 0.5, 1) - (1 + 1 / 3)) < 1e-12)
})
