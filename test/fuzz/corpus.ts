/** The whole corpus as cases: bytes of one connection, and which side sent them. */
import { CHUNKED_BODIES } from './corpus/chunked-bodies.ts'
import { REQUESTS } from './corpus/requests.ts'
import { HEAD_RESPONSES, RESPONSES } from './corpus/responses.ts'
import type { ByteText } from './readings.ts'

export interface Case {
  readonly side: 'request' | 'response'
  /** For a response: the method that it answers. */
  readonly method: string
  readonly text: ByteText
}

export interface NamedCase extends Case {
  readonly name: string
  readonly expected: string
}

const CHUNKED_REQUEST = 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
const NEXT_REQUEST = 'GET /next HTTP/1.1\r\nHost: h\r\n\r\n'

export const CORPUS: readonly NamedCase[] = [
  ...REQUESTS.map((entry) => ({ ...entry, side: 'request' as const, method: '' })),
  ...CHUNKED_BODIES.map((entry) => ({
    ...entry, side: 'request' as const, method: '', text: CHUNKED_REQUEST + entry.text + NEXT_REQUEST
  })),
  ...RESPONSES.map((entry) => ({ ...entry, side: 'response' as const, method: 'GET' })),
  ...HEAD_RESPONSES.map((entry) => ({ ...entry, side: 'response' as const, method: 'HEAD' }))
]
