/** Answers with the HTTP status `status` (default 200), which a trigger passes on to its client. */
import { handle } from '@fnproject/fdk'
import { numberFrom } from '../function-input.ts'

handle((input, context) => {
  const status = numberFrom('status', 200, 999, input, context)
  context.httpGateway.statusCode = status
  context.httpGateway.setResponseHeader('X-Demo-Status', String(status))
  return { status }
})
