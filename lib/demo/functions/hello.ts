/** Greets, and gives back what it got: the function to try first. Input: a JSON object with `name`, or a text. */
import { handle } from '@fnproject/fdk'

handle((input, context) => {
  let name = 'World'
  if (typeof input === 'string' && input !== '') name = input
  if (typeof input === 'object' && input !== null && 'name' in input) name = String(input.name)
  return { message: `Hello ${name}`, input, fn: context.fnID, call: context.callID, pid: process.pid }
})
