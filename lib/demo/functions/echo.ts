/** Gives back the bytes of its body, with their content type. */
import { handle, rawResult } from '@fnproject/fdk'

handle((input, context) => {
  context.responseContentType = context.contentType ?? 'application/octet-stream'
  return rawResult(input as Buffer)
}, { inputMode: 'buffer' })
