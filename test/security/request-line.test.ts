/** Method, target, version and Host: what a request is and whom it is for (RFC 9112 §3). */
import { acceptsRequests, refusesRequests } from '../support/hostile.ts'
import { request, scene } from '../support/stage.ts'

refusesRequests('a bad method', 400, 'bad_request', {
  empty: ' /invoke/f HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space in front': ' GET /invoke/f HTTP/1.1\r\nHost: a\r\n\r\n',
  'a tab in front': '\tGET /invoke/f HTTP/1.1\r\nHost: a\r\n\r\n',
  'a bracket': request('GE[T /invoke/f'),
  'a NUL': request('GE\0T /invoke/f'),
  'a byte beyond ASCII': request('G\xc9T /invoke/f'),
  'a colon': request('GET: /invoke/f'),
  'too long': request('A'.repeat(33) + ' /invoke/f'),
  'a TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'a PROXY line of version 2': '\r\n\r\n\0\r\nQUIT\n',
  'a status line': 'HTTP/1.1 200 OK\r\n\r\n'
})

refusesRequests('a bad target', 400, 'bad_request', {
  empty: 'GET  HTTP/1.1\r\nHost: a\r\n\r\n',
  none: 'GET HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space inside': request('GET /invoke/f g'),
  'two spaces behind': 'GET /invoke/f  HTTP/1.1\r\nHost: a\r\n\r\n',
  'a tab for the space': 'GET /invoke/f\tHTTP/1.1\r\nHost: a\r\n\r\n',
  'a fragment': request('GET /invoke/f#x'),
  'a NUL': request('GET /invoke/\0f'),
  'a control byte': request('GET /invoke/\x1ff'),
  DEL: request('GET /invoke/\x7ff'),
  'bytes beyond ASCII': request('GET /invoke/\xc3\xa9'),
  'no slash': request('GET invoke/f'),
  'a query only': request('GET ?x'),
  'asterisk for GET': request('GET *'),
  'asterisk with more': request('OPTIONS *x'),
  'authority-form for GET': request('GET fn.example:80'),
  'authority-form for OPTIONS': request('OPTIONS fn.example:80'),
  'another scheme': request('GET ftp://fn.example/invoke/f'),
  'no scheme': request('GET ://fn.example/invoke/f'),
  'no authority': request('GET http:///invoke/f'),
  'no slashes': request('GET http:/invoke/f'),
  'user information': request('GET http://user@fn.example/invoke/f'),
  'user and password': request('GET http://user:pw@fn.example/invoke/f'),
  'a port that is none': request('GET http://fn.example:x/invoke/f'),
  'a port too large': request('GET http://fn.example:65536/invoke/f'),
  'a backslash for the host': request('GET http://a\\b/invoke/f')
})

refusesRequests('another version', 505, 'bad_version', {
  'HTTP/2.0': 'GET /invoke/f HTTP/2.0\r\nHost: a\r\n\r\n',
  'HTTP/1.2': 'GET /invoke/f HTTP/1.2\r\nHost: a\r\n\r\n',
  'HTTP/1.9': 'GET /invoke/f HTTP/1.9\r\nHost: a\r\n\r\n',
  'HTTP/0.9': 'GET /invoke/f HTTP/0.9\r\nHost: a\r\n\r\n',
  'HTTP/3.0': 'GET /invoke/f HTTP/3.0\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
})

refusesRequests('no version at all', 400, 'bad_request', {
  'HTTP/0.9 as it was': 'GET /invoke/f\r\n',
  'and with fields': 'GET /invoke/f\r\nHost: a\r\n\r\n',
  empty: 'GET /invoke/f \r\nHost: a\r\n\r\n',
  'lower case': 'GET /invoke/f http/1.1\r\nHost: a\r\n\r\n',
  'another protocol': 'GET /invoke/f HTTPS/1.1\r\nHost: a\r\n\r\n',
  'two digits': 'GET /invoke/f HTTP/1.10\r\nHost: a\r\n\r\n',
  'major of two digits': 'GET /invoke/f HTTP/11.1\r\nHost: a\r\n\r\n',
  'no minor': 'GET /invoke/f HTTP/1\r\nHost: a\r\n\r\n',
  'no dot': 'GET /invoke/f HTTP/11\r\nHost: a\r\n\r\n',
  'a space inside': 'GET /invoke/f HTTP/ 1.1\r\nHost: a\r\n\r\n',
  'a space behind': 'GET /invoke/f HTTP/1.1 \r\nHost: a\r\n\r\n',
  'a word behind': 'GET /invoke/f HTTP/1.1 x\r\nHost: a\r\n\r\n'
})

refusesRequests('a missing, repeated or malformed Host', 400, 'bad_request', {
  missing: 'GET /invoke/f HTTP/1.1\r\n\r\n',
  'missing beside an absolute target': 'GET http://a/invoke/f HTTP/1.1\r\n\r\n',
  twice: 'GET /invoke/f HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'twice the same': 'GET /invoke/f HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n',
  'twice in HTTP/1.0': 'GET /invoke/f HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
  'malformed in HTTP/1.0': 'GET /invoke/f HTTP/1.0\r\nHost: a b\r\n\r\n',
  empty: 'GET /invoke/f HTTP/1.1\r\nHost:\r\n\r\n',
  'a list': 'GET /invoke/f HTTP/1.1\r\nHost: a, b\r\n\r\n',
  'a space': 'GET /invoke/f HTTP/1.1\r\nHost: a b\r\n\r\n',
  'a path': 'GET /invoke/f HTTP/1.1\r\nHost: a/b\r\n\r\n',
  'a user': 'GET /invoke/f HTTP/1.1\r\nHost: u@a\r\n\r\n',
  'a scheme': 'GET /invoke/f HTTP/1.1\r\nHost: http://a\r\n\r\n',
  'a query': 'GET /invoke/f HTTP/1.1\r\nHost: a?b\r\n\r\n',
  'a backslash': 'GET /invoke/f HTTP/1.1\r\nHost: a\\b\r\n\r\n',
  'a port that is none': 'GET /invoke/f HTTP/1.1\r\nHost: a:b\r\n\r\n',
  'a port too large': 'GET /invoke/f HTTP/1.1\r\nHost: a:65536\r\n\r\n',
  'two ports': 'GET /invoke/f HTTP/1.1\r\nHost: a:1:2\r\n\r\n',
  'a bracket': 'GET /invoke/f HTTP/1.1\r\nHost: [::1\r\n\r\n',
  'IPv6 without brackets': 'GET /invoke/f HTTP/1.1\r\nHost: ::1\r\n\r\n',
  'a zone': 'GET /invoke/f HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n',
  'a bad escape': 'GET /invoke/f HTTP/1.1\r\nHost: a%zz\r\n\r\n',
  'bytes beyond ASCII': 'GET /invoke/f HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n',
  'a bad Host beside a good absolute target': 'GET http://a/invoke/f HTTP/1.1\r\nHost: a b\r\n\r\n'
})

acceptsRequests('requests that are odd but plain', {
  'a method of its own': request('BREW /invoke/f'),
  'a method in lower case': request('get /invoke/f'),
  'all token characters in a method': request("!#$%&'*+-.^_`|~09azAZ /invoke/f"),
  TRACE: request('TRACE /invoke/f'),
  'a path of slashes': request('GET //invoke//f'),
  'dots in a path': request('GET /invoke/../f'),
  'an escape in a path': request('GET /invoke/%00%2f'),
  'odd but legal bytes': request('GET /invoke/f?a=[]{}|\\^`"<>'),
  'a port': 'GET /invoke/f HTTP/1.1\r\nHost: fn.example:65535\r\n\r\n',
  'an empty port': 'GET /invoke/f HTTP/1.1\r\nHost: fn.example:\r\n\r\n',
  IPv6: 'GET /invoke/f HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
  'an escape in a host': 'GET /invoke/f HTTP/1.1\r\nHost: a%20b\r\n\r\n',
  'another Host beside an absolute target': 'GET http://a.example/invoke/f HTTP/1.1\r\nHost: b.example\r\n\r\n'
})

scene('a path reaches the runner as it was sent', { requests: 3 }, async (t, { ask, runner }) => {
  const targets = ['/invoke/a/../b/./%2e%2E//c', '/invoke/f?x=%00&y=a+b&&=', '/invoke/f;p=1?']
  for (const target of targets) await ask(request(`GET ${target}`))
  t.same(runner.calls.map(({ target }) => target), targets)
})
