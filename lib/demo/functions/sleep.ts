/** Waits `ms` (default 100, at most 300,000) without using the processor, then says so. */
import { setTimeout } from 'node:timers/promises'
import { handle } from '@fnproject/fdk'
import { numberFrom } from '../function-input.ts'

handle(async (input, context) => {
  const ms = numberFrom('ms', 100, 300_000, input, context)
  await setTimeout(ms)
  return { sleptMs: ms, pid: process.pid }
})
