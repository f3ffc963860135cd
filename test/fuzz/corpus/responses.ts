/**
 * Responses as runners send them, well or badly (RFC 9112 §4, §6.3; RFC 9110 §15). `expected` counts the heads, interim
 * ones too. HEAD responses have their own list, because the request's method decides where they end.
 */
import { entries } from './entry.ts'

const ok = (body: string, ...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines, '', body].join('\r\n')
const status = (statusLine: string, ...lines: string[]): string => [statusLine, ...lines, '', ''].join('\r\n')
const chunked = 'Transfer-Encoding: chunked'

export const RESPONSES = entries(
  ['Content-Length', '1 done', ok('hello', 'Content-Length: 5')],
  ['Content-Length zero', '1 done', ok('', 'Content-Length: 0')],
  ['chunked', '1 done', ok('5\r\nhello\r\n0\r\n\r\n', chunked)],
  ['chunked with a tab behind it', '1 done', ok('5\r\nhello\r\n0\r\n\r\n', chunked + '\t')],
  ['chunked with a tab behind it, cut off', '1 cut', ok('5\r\nhel', chunked + '\t')],
  ['chunked with trailers', '1 done', ok('5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n', chunked, 'Trailer: X-Sum')],
  ['until the connection closes', '1 done', ok('hello\r\n\r\nworld')],
  ['until the connection closes, empty', '1 done', ok('')],
  ['HTTP/1.0', '1 done', 'HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello'],
  ['HTTP/1.0 with keep-alive', '1 done', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok'],
  ['reason of several words', '1 done', status('HTTP/1.1 404 Not Found At All', 'Content-Length: 0')],
  ['reason with obs-text and HTAB', '1 done', status('HTTP/1.1 500 caf\xe9\t!', 'Content-Length: 0')],
  ['reason empty', '1 done', status('HTTP/1.1 200 ', 'Content-Length: 0')],
  ['reason and its space missing', '1 done', status('HTTP/1.1 200', 'Content-Length: 0')],
  ['status 999', '1 done', status('HTTP/1.1 999 ?', 'Content-Length: 0')],
  ['204', '1 done', status('HTTP/1.1 204 No Content')],
  ['204 with a length', '1 leftover', status('HTTP/1.1 204 No Content', 'Content-Length: 5') + 'hello'],
  ['204 with a coding', '1 leftover', status('HTTP/1.1 204 No Content', chunked) + '0\r\n\r\n'],
  ['304 with a length', '1 done', status('HTTP/1.1 304 Not Modified', 'Content-Length: 5')],
  ['304 with a coding', '1 done', status('HTTP/1.1 304 Not Modified', chunked)],
  ['205 with a body', '1 done', status('HTTP/1.1 205 Reset', 'Content-Length: 2') + 'ab'],
  ['100 then final', '2 done', status('HTTP/1.1 100 Continue') + ok('hi', 'Content-Length: 2')],
  ['103 and 102 then final', '3 done', status('HTTP/1.1 103 Early Hints', 'Link: </a>') +
    status('HTTP/1.1 102 Processing') + ok('hi', 'Content-Length: 2')],
  ['1xx with a length', '2 done', status('HTTP/1.1 103 Early', 'Content-Length: 5') + ok('', 'Content-Length: 0')],
  ['1xx with a coding', '2 done', status('HTTP/1.1 103 Early', chunked) + ok('', 'Content-Length: 0')],
  ['1xx that says close', '2 done', status('HTTP/1.1 103 Early', 'Connection: close') + ok('', 'Content-Length: 0')],
  ['101', '1 switched', status('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket') + '\x81\x00'],
  ['101 without its fields', '1 switched', status('HTTP/1.1 101 Switching Protocols') + 'xyz'],
  ['upgrade offered, not made', '1 done', status('HTTP/1.1 426 Upgrade Required', 'Connection: upgrade', 'Upgrade: h2c', 'Content-Length: 0')],
  ['upgrade offered with an endless body', '1 done', ok('abc', 'Connection: upgrade', 'Upgrade: h2c')],
  ['busy refusal', '1 done', 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 15\r\nContent-Type: application/json\r\n' +
    'Content-Length: 43\r\n\r\n{"message":"Timed out - server too busy"}\r\n'],
  ['server-sent events', '1 done', ok('data: 1\n\ndata: 2\n\n', 'Content-Type: text/event-stream', 'Cache-Control: no-store')],
  ['fields of a runner', '1 done', ok('', 'Content-Length: 0', 'Keep-Alive: timeout=5', 'Connection: keep-alive',
    'endpoint-load-metrics: TEXT cpu_utilization=0.3', 'XXX-FXLB-WAIT: 12ms', 'Set-Cookie: a=b', 'Set-Cookie: c=d')],
  ['Connection: close', '1 done', ok('hi', 'Connection: close', 'Content-Length: 2')],
  ['close and keep-alive', '1 done', ok('hi', 'Connection: close, keep-alive', 'Content-Length: 2')],
  ['bytes behind the response', '1 leftover', ok('hi', 'Content-Length: 2') + 'HTTP/1.1 200 OK\r\n\r\n'],
  ['body cut off', '1 cut', ok('he', 'Content-Length: 5')],
  ['chunked cut off', '1 cut', ok('5\r\nhel', chunked)],
  ['chunked cut off before the end', '1 cut', ok('5\r\nhello\r\n0\r\n', chunked)],
  ['head cut off', '0 cut', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ['status line cut off', '0 cut', 'HTTP/1.1 20'],
  ['nothing', '0 cut', ''],

  ['CL and TE', '0 fault:14', ok('0\r\n\r\n', 'Content-Length: 5', chunked)],
  ['two CLs', '0 fault:12', ok('hello', 'Content-Length: 5', 'Content-Length: 5')],
  ['CL list', '0 fault:13', ok('hello', 'Content-Length: 5,5')],
  ['CL bad', '0 fault:13', ok('hello', 'Content-Length: five')],
  ['TE unknown', '0 fault:16', ok('hello', 'Transfer-Encoding: gzip')],
  ['TE unknown under chunked', '0 fault:15', ok('0\r\n\r\n', 'Transfer-Encoding: gzip, chunked')],
  ['TE twice', '0 fault:16', ok('0\r\n\r\n', chunked, chunked)],
  ['TE in HTTP/1.0', '0 fault:17', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['TE on 304, bad', '0 fault:16', status('HTTP/1.1 304 Not Modified', 'Transfer-Encoding: x')],
  ['empty line in front', '0 fault:3', '\r\n' + ok('', 'Content-Length: 0')],
  ['not HTTP', '0 fault:3', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['HTTP/0.9 body', '0 fault:3', '<html>hello</html>'],
  ['version 2.0', '0 fault:4', status('HTTP/2.0 200 OK')],
  ['version bad', '0 fault:3', status('HTTP/11 200 OK')],
  ['two spaces', '0 fault:21', status('HTTP/1.1  200 OK')],
  ['tab', '0 fault:21', status('HTTP/1.1\t200 OK')],
  ['status of two digits', '0 fault:21', status('HTTP/1.1 20 OK')],
  ['status of four digits', '0 fault:21', status('HTTP/1.1 2000 OK')],
  ['status below 100', '0 fault:21', status('HTTP/1.1 099 OK')],
  ['status with a letter', '0 fault:21', status('HTTP/1.1 2x0 OK')],
  ['status with a sign', '0 fault:21', status('HTTP/1.1 +20 OK')],
  ['tab behind the status', '0 fault:21', status('HTTP/1.1 200\tOK')],
  ['NUL in the reason', '0 fault:3', status('HTTP/1.1 200 O\0K')],
  ['bare LF behind the status line', '0 fault:5', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['bare CR in the reason', '0 fault:5', 'HTTP/1.1 200 O\rK\r\n\r\n'],
  ['folded', '0 fault:7', ok('', 'X: a', ' b', 'Content-Length: 0')],
  ['control byte in a value', '0 fault:8', ok('', 'X: a\x01', 'Content-Length: 0')],
  ['space before a colon', '0 fault:6', ok('', 'Content-Length : 0')],
  ['Connection bad', '0 fault:22', ok('', 'Connection: close close', 'Content-Length: 0')],
  ['chunk size bad', '1 body-fault', ok('x\r\nhello\r\n0\r\n\r\n', chunked)],
  ['chunk too long', '1 body-fault', ok('3\r\nhello\r\n0\r\n\r\n', chunked)],
  ['trailer bad', '1 trailer-fault', ok('0\r\nbad\r\n\r\n', chunked)],
  ['head too large', '0 fault:10', ok('', 'X: ' + 'v'.repeat(16384))],
  ['too many fields', '0 fault:9', ok('', ...Array.from({ length: 101 }, (_, i) => `X-${i}: ${i}`))]
)

export const HEAD_RESPONSES = entries(
  ['HEAD with a length', '1 done', ok('', 'Content-Length: 5')],
  ['HEAD with a coding', '1 done', ok('', chunked)],
  ['HEAD with nothing', '1 done', ok('')],
  ['HEAD with a body nevertheless', '1 leftover', ok('hello', 'Content-Length: 5')],
  ['HEAD after interim', '2 done', status('HTTP/1.1 103 Early') + ok('', 'Content-Length: 5')],
  ['HEAD with CL and TE', '0 fault:14', ok('', 'Content-Length: 5', chunked)]
)
