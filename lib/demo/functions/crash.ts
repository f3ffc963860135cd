/**
 * Fails. By default the process dies before it answers (as one that ran out of memory); with `throw` = 1 the code
 * throws, which the FDK answers for it and survives.
 */
import { handle } from '@fnproject/fdk'
import { numberFrom } from '../function-input.ts'

handle((input, context) => {
  if (numberFrom('throw', 0, 1, input, context) === 1) throw new Error('thrown on request')
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
})
