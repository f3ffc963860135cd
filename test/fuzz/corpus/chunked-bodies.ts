/**
 * Bodies in the chunked coding (RFC 9112 §7.1), good, bad and strange. `expected` is what becomes of a request that is
 * followed by one more request: `2 idle` where the body ends where it should.
 */
import { entries } from './entry.ts'

const end = '0\r\n\r\n'
/** Largest sizes and sections allowed: chunked.ts, and the head size of the readers. */
const EXTENSIONS = 16 * 1024
const SECTION = 16 * 1024

export const CHUNKED_BODIES = entries(
  ['empty', '2 idle', end],
  ['one chunk', '2 idle', '5\r\nhello\r\n' + end],
  ['chunks of one', '2 idle', '1\r\na\r\n1\r\nb\r\n1\r\nc\r\n' + end],
  ['upper and lower case sizes', '2 idle', 'a\r\n0123456789\r\nA\r\n0123456789\r\n' + end],
  ['leading zeros', '2 idle', '0005\r\nhello\r\n0000\r\n\r\n'],
  ['thirteen digits', '2 idle', '0000000000005\r\nhello\r\n' + end],
  ['line ends in the content', '2 idle', '6\r\n\r\n0\r\n\r\r\n' + end],
  ['extension', '2 idle', '5;a\r\nhello\r\n' + end],
  ['extension with a value', '2 idle', '5;a=b;c\r\nhello\r\n0;last=1\r\n\r\n'],
  ['extension with a quoted value', '2 idle', '5;a="b ;\\"\\\\c\td\xe9"\r\nhello\r\n' + end],
  ['extension after a quoted value', '2 idle', '5;a="";b\r\nhello\r\n' + end],
  ['trailers', '2 idle', '0\r\nX-A: 1\r\nX-B: caf\xe9 \r\n\r\n'],
  ['trailer of framing', '2 idle', '0\r\nContent-Length: 5\r\n\r\n'],
  ['trailer of transfer coding', '2 idle', '0\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['trailer of the connection', '2 idle', '0\r\nConnection: close\r\n\r\n'],
  ['trailer of the host', '2 idle', '0\r\nHost: other\r\n\r\n'],
  ['trailer of an upgrade', '2 idle', '0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['as many extensions as allowed', '2 idle', `1;${'a'.repeat(EXTENSIONS - 1)}\r\nx\r\n${end}`],
  ['longest trailers', '2 idle', `0\r\nX: ${'t'.repeat(SECTION - 7)}\r\n\r\n`],

  ['size empty', '1 body-fault', '\r\nhello\r\n' + end],
  ['size not hexadecimal', '1 body-fault', 'g\r\nhello\r\n' + end],
  ['size with a prefix', '1 body-fault', '0x5\r\nhello\r\n' + end],
  ['size negative', '1 body-fault', '-5\r\nhello\r\n' + end],
  ['size with a sign', '1 body-fault', '+5\r\nhello\r\n' + end],
  ['size quoted', '1 body-fault', '"5"\r\nhello\r\n' + end],
  ['size with an underscore', '1 body-fault', '0_5\r\nhello\r\n' + end],
  ['size with a space in front', '1 body-fault', ' 5\r\nhello\r\n' + end],
  ['size with a space behind', '1 body-fault', '5 \r\nhello\r\n' + end],
  ['size with a tab behind', '1 body-fault', '5\t\r\nhello\r\n' + end],
  ['size with a NUL behind', '1 body-fault', '5\0\r\nhello\r\n' + end],
  ['size in fourteen digits', '1 body-fault', '00000000000005\r\nhello\r\n' + end],
  ['size overflow', '1 body-fault', '10000000000000005\r\nhello\r\n' + end],
  ['size line ends in LF', '1 body-fault', '5\nhello\r\n' + end],
  ['size line ends in CR', '1 body-fault', '5\rhello\r\n' + end],
  ['size line ends in CR CR LF', '1 body-fault', '5\r\r\nhello\r\n' + end],
  ['content ends in LF', '1 body-fault', '5\r\nhello\n' + end],
  ['content ends in CR', '1 body-fault', '5\r\nhello\r' + end],
  ['content too long', '1 body-fault', '5\r\nhelloworld\r\n' + end],
  ['content too short', '1 body-fault', '5\r\nhel\r\n' + end],
  ['no line end after content', '1 body-fault', '5\r\nhello' + end],
  ['extension empty', '1 body-fault', '5;\r\nhello\r\n' + end],
  ['extension with white space', '1 body-fault', '5 ; a\r\nhello\r\n' + end],
  ['extension with white space inside', '1 body-fault', '5;a =b\r\nhello\r\n' + end],
  ['extension without a name', '1 body-fault', '5;=b\r\nhello\r\n' + end],
  ['extension without a value', '1 body-fault', '5;a=\r\nhello\r\n' + end],
  ['extension with a bad value', '1 body-fault', '5;a=(\r\nhello\r\n' + end],
  ['extension with a bad byte in its value', '1 body-fault', '5;a=b@\r\nhello\r\n' + end],
  ['extension with a bad byte in its name', '1 body-fault', '5;a@\r\nhello\r\n' + end],
  ['extension ended by LF', '1 body-fault', '5;a\nhello\r\n' + end],
  ['extension with CR inside', '1 body-fault', '5;a\rb\r\nhello\r\n' + end],
  ['LF in a quoted value', '1 body-fault', '5;a="\nb"\r\nhello\r\n' + end],
  ['CRLF in a quoted value', '1 body-fault', '5;a="\r\nhello\r\n' + end],
  ['LF behind a backslash', '1 body-fault', '5;a="\\\n"\r\nhello\r\n' + end],
  ['text after a quoted value', '1 body-fault', '5;a="b"c\r\nhello\r\n' + end],
  ['extensions too long', '1 body-fault', `1;${'a'.repeat(EXTENSIONS)}\r\nx\r\n${end}`],
  ['extensions too long in the sum', '1 body-fault', '1;a\r\nx\r\n'.repeat(EXTENSIONS / 2 + 1) + end],

  ['trailers too long', '1 body-fault', `0\r\nX: ${'t'.repeat(SECTION - 6)}\r\n\r\n`],
  ['trailer folded', '1 trailer-fault', '0\r\nX: a\r\n b\r\n\r\n'],
  ['trailer without a colon', '1 trailer-fault', '0\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['trailer with a space before the colon', '1 trailer-fault', '0\r\nX : a\r\n\r\n'],
  ['trailer with a bare LF', '1 trailer-fault', '0\r\nX: a\nY: b\r\n\r\n'],
  ['trailer with a bare CR', '1 trailer-fault', '0\r\nX: a\rY: b\r\n\r\n'],
  ['trailer with a NUL', '1 trailer-fault', '0\r\nX: a\0\r\n\r\n'],
  ['trailers end in a bare LF', '1 trailer-fault', '0\r\nX: a\r\n\n\r\n\r\n'],
  ['last chunk ends in a bare LF', '1 body-fault', '0\n\r\n'],
  ['last chunk then LF', '1 trailer-fault', '0\r\n\n'],
  ['last chunk then CR and something else', '1 trailer-fault', '0\r\n\rX\r\n\r\n'],
  ['too many trailers', '1 trailer-fault', '0\r\n' + 'x: y\r\n'.repeat(101) + '\r\n']
)
