/** Answers `bytes` bytes (default 1 MiB, at most 1 GiB) as a stream, never holding them all. */
import { handle, streamResult } from '@fnproject/fdk'
import { numberFrom } from '../function-input.ts'
import { patternStream } from '../pattern.ts'

handle((input, context) => {
  const bytes = numberFrom('bytes', 1024 * 1024, 1024 ** 3, input, context)
  context.responseContentType = 'application/octet-stream'
  return streamResult(patternStream(bytes))
})
