/**
 * Uses the processor for `ms` (default 50, at most 300,000), in slices: between two slices the process notices that
 * its runner has died, and ends.
 */
import { setImmediate } from 'node:timers/promises'
import { handle } from '@fnproject/fdk'
import { numberFrom } from '../function-input.ts'

const SLICE_MS = 5

handle(async (input, context) => {
  const ms = numberFrom('ms', 50, 300_000, input, context)
  const until = performance.now() + ms
  let rounds = 0
  while (performance.now() < until) {
    const sliceEnd = Math.min(performance.now() + SLICE_MS, until)
    while (performance.now() < sliceEnd) rounds++
    await setImmediate()
  }
  return { burntMs: ms, rounds, pid: process.pid }
})
