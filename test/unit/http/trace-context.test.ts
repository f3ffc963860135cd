import t from 'tap'
import { isValidTraceparent, traceIdOf } from '../../../lib/http/trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const ZERO_TRACE = '0'.repeat(32)
const ZERO_SPAN = '0'.repeat(16)

void t.test('traceparent', async t => {
  for (const good of [
    `00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-ff`, `cc-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-01-what-will-be`,
    `cc-${TRACE}-${SPAN}-01-`
  ]) {
    t.equal(isValidTraceparent(good), true, good)
    t.equal(traceIdOf(good), TRACE, good)
  }
  for (const bad of [
    '', '00', `ff-${TRACE}-${SPAN}-01`, `00-${ZERO_TRACE}-${SPAN}-01`, `00-${TRACE}-${ZERO_SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`, `00-${TRACE}-${SPAN}-0`, `00-${TRACE}-${SPAN}-01-`,
    `00-${TRACE}-${SPAN}-01x`, `cc-${TRACE}-${SPAN}-01x`, `00_${TRACE}-${SPAN}-01`, `00-${TRACE}_${SPAN}-01`,
    `00-${TRACE}-${SPAN}_01`, `0g-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-0g`,
    `00-${TRACE}-${SPAN.replace('f', 'F')}-01`, ` 00-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-01-${'x'.repeat(512)}`
  ]) {
    t.equal(isValidTraceparent(bad), false, bad)
    t.equal(traceIdOf(bad), '', bad)
  }
})

void t.test('b3 in one field', async t => {
  const short = 'a3ce929d0e0e4736'
  for (const trace of [TRACE, short]) {
    for (const rest of ['', '-0', '-1', '-d', `-1-${SPAN}`]) t.equal(traceIdOf(`${trace}-${SPAN}${rest}`), trace, rest)
  }
  for (const bad of [
    '0', '1', 'd', TRACE, `${TRACE}-`, `${TRACE}-${ZERO_SPAN}`, `${ZERO_TRACE}-${SPAN}`, `${TRACE}-${SPAN}-`,
    `${TRACE}-${SPAN}-x`, `${TRACE}-${SPAN}_1`, `${TRACE}-${SPAN}-1-`, `${TRACE}-${SPAN}-1-${ZERO_SPAN}`,
    `${TRACE}-${SPAN}-1_${SPAN}`, `${TRACE.slice(1)}-${SPAN}`, `${TRACE.toUpperCase()}-${SPAN}`, `${short}-x`,
    `${TRACE}-${SPAN}-1-${SPAN}-`
  ]) t.equal(traceIdOf(bad), '', bad)
})

void t.test('each character counts', async t => {
  const accepted: string[] = []
  for (const value of [`00-${TRACE}-${SPAN}-01`, `${TRACE}-${SPAN}`, `${TRACE.slice(16)}-${SPAN}-d-${SPAN}`]) {
    t.not(traceIdOf(value), '')
    for (let at = 0; at < value.length; at++) {
      const broken = `${value.slice(0, at)}g${value.slice(at + 1)}`
      if (traceIdOf(broken) !== '') accepted.push(broken)
    }
  }
  t.same(accepted, [])
})

void t.test('a traceparent of a later version has an end', async t => {
  const base = `cc-${TRACE}-${SPAN}-01-`
  t.equal(isValidTraceparent(base.padEnd(512, 'x')), true)
  t.equal(isValidTraceparent(base.padEnd(513, 'x')), false)
})
