/** Lines of a head that are no field lines, or could be read as two (RFC 9112 §2.2, §5). */
import { acceptsRequests, refusesRequests, refusesResponses } from '../support/hostile.ts'
import type { Cases } from '../support/hostile.ts'
import { request } from '../support/stage.ts'

const get = (fields: string) => request('GET /invoke/f', fields)
/** The same faulty field lines, for both directions. */
const FOLDED: Cases = {
  'a folded value': 'X-A: 1\r\n 2\r\n',
  'folded by a tab': 'X-A: 1\r\n\t2\r\n',
  'folded and empty': 'X-A: 1\r\n \r\n',
  'folded first line': ' X-A: 1\r\n'
}
const LINE_ENDS: Cases = {
  'LF behind a field': 'X-A: 1\nX-B: 2\r\n',
  'CR behind a field': 'X-A: 1\rX-B: 2\r\n',
  'CR CR LF': 'X-A: 1\r\r\n',
  'CR in a value': 'X-A: a\rb\r\n',
  'LF for the end of the head': 'X-A: 1\r\n\n',
  'CR for the end of the head': 'X-A: 1\r\n\rX',
  'CR in a name': 'X\rA: 1\r\n'
}
const BYTES: Cases = {
  'NUL in a value': 'X-A: a\0b\r\n',
  'NUL in a name': 'X\0A: 1\r\n',
  'a bell': 'X-A: \x07\r\n',
  'an escape': 'X-A: \x1b[2J\r\n',
  'a vertical tab': 'X-A: a\x0bb\r\n',
  'a form feed': 'X-A: \x0c\r\n',
  DEL: 'X-A: \x7f\r\n'
}
const NAMES: Cases = {
  'a space before the colon': 'X-A : 1\r\n',
  'a tab before the colon': 'X-A\t: 1\r\n',
  'no colon': 'X-A\r\n',
  'no name': ': 1\r\n',
  'a space inside': 'X A: 1\r\n',
  'a bracket': 'X[A]: 1\r\n',
  'a quote': '"X": 1\r\n',
  'a slash': 'X/A: 1\r\n',
  'a byte beyond ASCII': 'X-\xc3\xa9: 1\r\n',
  'a zero width space': 'X-A\xe2\x80\x8b: 1\r\n'
}
const CONNECTION: Cases = {
  'two words in Connection': 'Connection: close foo\r\n',
  'a quote in Connection': 'Connection: "close"\r\n',
  'too many names in Connection': `Connection: ${Array.from({ length: 40 }, (_, i) => `x${i}`).join()}\r\n`
}

for (const [what, cases] of Object.entries({
  'folded lines': FOLDED, 'bare CR and LF': LINE_ENDS, 'control bytes': BYTES, 'malformed names': NAMES, 'malformed Connection': CONNECTION
})) {
  refusesRequests(what, 400, 'bad_request', Object.fromEntries(Object.entries(cases).map(([name, fields]) => [name, get(fields)])))
  refusesResponses(what, Object.fromEntries(Object.entries(cases).map(([name, fields]) =>
    [name, `HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`])))
}

refusesRequests('bare CR and LF in and around the request line', 400, 'bad_request', {
  'LF behind it': 'GET /invoke/f HTTP/1.1\nHost: a\r\n\r\n',
  'CR behind it': 'GET /invoke/f HTTP/1.1\rHost: a\r\n\r\n',
  'LF only': 'GET /invoke/f HTTP/1.1\nHost: a\n\n',
  'CR in the target': 'GET /invoke/f\rHTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'LF in front': '\nGET /invoke/f HTTP/1.1\r\nHost: a\r\n\r\n',
  'CR in front': '\rGET /invoke/f HTTP/1.1\r\nHost: a\r\n\r\n',
  'too many empty lines in front': '\r\n'.repeat(5) + get(''),
  'something in front of the empty line': ' \r\n' + get('')
})

acceptsRequests('heads that are odd but plain', {
  'no space behind the colon': get('X-A:1\r\n'),
  'white space around': get('X-A: \t 1 \t \r\n'),
  'white space only': get('X-A: \t \r\n'),
  'all token characters': get("!#$%&'*+-.^_`|~09azAZ: 1\r\n"),
  'bytes beyond ASCII in a value': get('X-A: \x80\xff\r\n'),
  'a colon in a value': get('X-A: a:b: c\r\n'),
  'a field called __proto__': get('__proto__: 1\r\nconstructor: 2\r\n'),
  'a Connection of commas': get('Connection: ,, ,\r\n')
})

refusesResponses('malformed status line', {
  garbage: 'garbage\r\n\r\n',
  'garbage of bytes': '\0\x01\x02\x03\r\n\r\n',
  'LF in front': '\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'a TLS alert': '\x15\x03\x01\x00\x02\x02\x28',
  'another protocol': 'ICY 200 OK\r\n\r\n',
  'lower case': 'http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/2.0': 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.2': 'HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/0.9': 'HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'no status': 'HTTP/1.1  OK\r\nContent-Length: 2\r\n\r\nok',
  'two digits': 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok',
  'four digits': 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok',
  'a sign': 'HTTP/1.1 +20 OK\r\nContent-Length: 2\r\n\r\nok',
  'a status below 100': 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok',
  'a tab': 'HTTP/1.1\t200 OK\r\nContent-Length: 2\r\n\r\nok',
  'a control byte in the reason': 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok',
  'CR in the reason': 'HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok',
  'LF behind it': 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok',
  'no version': '200 OK\r\nContent-Length: 2\r\n\r\nok',
  'a request': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
})
