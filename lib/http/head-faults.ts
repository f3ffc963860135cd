/**
 * What can be wrong with a message head, by number: the parser returns the negative of one, so that the good path
 * carries no objects.
 */
import type { Refusal } from '../tables/counters.ts'

export interface HeadFault {
  readonly refusal: Refusal
  readonly detail: string
}

const bad = (detail: string): HeadFault => ({ refusal: 'bad_request', detail })

/** Faults by number; `parse` returns the negative of one. */
export const HEAD_FAULTS = {
  1: bad('the method is not a token'),
  2: bad('the request target holds a byte that is not allowed there'),
  3: bad('the first line is malformed'),
  4: { refusal: 'bad_version', detail: 'only HTTP/1.0 and HTTP/1.1 are spoken here' },
  5: bad('a line does not end in CRLF'),
  6: bad('a field name is malformed, or a space stands before its colon'),
  7: bad('a field line is folded'),
  8: bad('a field value holds a control byte'),
  9: { refusal: 'too_many_fields', detail: 'the head has more field lines than allowed' },
  10: { refusal: 'head_too_large', detail: 'the head is larger than allowed' },
  11: { refusal: 'target_too_long', detail: 'the request target is longer than allowed' },
  12: bad('Content-Length is repeated'),
  13: bad('Content-Length is not a plain decimal number'),
  14: bad('Content-Length and Transfer-Encoding are both given'),
  15: { refusal: 'unsupported_coding', detail: 'the only transfer coding understood is chunked' },
  16: bad('Transfer-Encoding is malformed, or does not end in chunked'),
  17: bad('Transfer-Encoding is not allowed in HTTP/1.0'),
  18: bad('the Host field is missing'),
  19: bad('the Host field is repeated'),
  20: bad('the Host field is not a host with an optional port'),
  21: bad('the status code is malformed'),
  22: bad('Connection is malformed')
} as const satisfies Record<number, HeadFault>
export type HeadFaultCode = keyof typeof HEAD_FAULTS
