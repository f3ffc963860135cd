/** Message framing that two readers could see differently (RFC 9112 §6; request smuggling). */
import { acceptsRequests, refusesRequests, refusesResponses } from '../support/hostile.ts'
import { request } from '../support/stage.ts'

const post = (fields: string, body = '') => request('POST /invoke/f', fields, body)
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const EMPTY = '0\r\n\r\n'

refusesRequests('Transfer-Encoding with Content-Length', 400, 'bad_request', {
  'TE.CL': post(`${CHUNKED}Content-Length: 4\r\n`, EMPTY),
  'CL.TE': post(`Content-Length: 6\r\n${CHUNKED}`, EMPTY + 'G'),
  'CL of 0': post(`Content-Length: 0\r\n${CHUNKED}`, EMPTY),
  'on GET': request('GET /invoke/f', `${CHUNKED}Content-Length: 5\r\n`, EMPTY),
  'on HEAD': request('HEAD /invoke/f', `${CHUNKED}Content-Length: 5\r\n`, EMPTY),
  'case of the names': post('tRANSFER-eNCODING: chunked\r\nCONTENT-LENGTH: 5\r\n', EMPTY),
  'an identity coding beside': post('Transfer-Encoding: identity\r\nContent-Length: 5\r\n', EMPTY),
  'an empty coding beside': post('Transfer-Encoding:\r\nContent-Length: 5\r\n', EMPTY)
})

refusesRequests('several or malformed Content-Length', 400, 'bad_request', {
  'two that differ': post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'),
  'two that agree': post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'),
  'a list that agrees': post('Content-Length: 5, 5\r\n', 'hello'),
  'a list that differs': post('Content-Length: 5, 0\r\n', 'hello'),
  empty: post('Content-Length:\r\n', 'hello'),
  'a plus': post('Content-Length: +5\r\n', 'hello'),
  'a minus': post('Content-Length: -5\r\n', 'hello'),
  'minus zero': post('Content-Length: -0\r\n'),
  hexadecimal: post('Content-Length: 0x5\r\n', 'hello'),
  'a fraction': post('Content-Length: 5.0\r\n', 'hello'),
  'an exponent': post('Content-Length: 5e0\r\n', 'hello'),
  'an underscore': post('Content-Length: 1_0\r\n', 'hello'),
  'a space inside': post('Content-Length: 1 0\r\n', 'hello'),
  'a word': post('Content-Length: five\r\n', 'hello'),
  'a comma': post('Content-Length: 5,\r\n', 'hello'),
  'too large for a double': post('Content-Length: 99999999999999999999\r\n'),
  'just too large': post('Content-Length: 9007199254740993\r\n'),
  'a digit of another script': post('Content-Length: \xb2\r\n', 'hello'),
  quoted: post('Content-Length: "5"\r\n', 'hello'),
  'a vertical tab': post('Content-Length: \x0b5\r\n', 'hello')
})

refusesRequests('an unknown transfer coding under a final chunked', 501, 'unsupported_coding', {
  'gzip, chunked': post('Transfer-Encoding: gzip, chunked\r\n', EMPTY),
  'identity, chunked': post('Transfer-Encoding: identity ,\tchunked\r\n', EMPTY),
  'with a parameter': post('Transfer-Encoding: foo;q=1, CHUNKED\r\n', EMPTY),
  xchunked: post('Transfer-Encoding: xchunked, chunked\r\n', EMPTY)
})

refusesRequests('a transfer coding that is malformed, repeated or does not end in chunked', 400, 'bad_request', {
  empty: post('Transfer-Encoding:\r\n', EMPTY),
  gzip: post('Transfer-Encoding: gzip\r\n', EMPTY),
  identity: post('Transfer-Encoding: identity\r\n'),
  'chunked, identity': post('Transfer-Encoding: chunked, identity\r\n', EMPTY),
  'a parameter': post('Transfer-Encoding: chunked;q=1\r\n', EMPTY),
  xchunked: post('Transfer-Encoding: xchunked\r\n', EMPTY),
  twice: post(`${CHUNKED}${CHUNKED}`, EMPTY),
  'twice in one': post('Transfer-Encoding: chunked, chunked\r\n', EMPTY),
  'two lines': post(`${CHUNKED}Transfer-Encoding: identity\r\n`, EMPTY),
  'a comma': post('Transfer-Encoding: chunked,\r\n', EMPTY),
  'a leading comma': post('Transfer-Encoding: ,chunked\r\n', EMPTY),
  quoted: post('Transfer-Encoding: "chunked"\r\n', EMPTY),
  'two words': post('Transfer-Encoding: chunked foo\r\n', EMPTY),
  'a vertical tab': post('Transfer-Encoding: \x0bchunked\r\n', EMPTY),
  'a byte beyond ASCII': post('Transfer-Encoding: \xffchunked\r\n', EMPTY),
  'a space that is none of ours': post('Transfer-Encoding: gzip,\xa0chunked\r\n', EMPTY),
  'in HTTP/1.0': `POST /invoke/f HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n${CHUNKED}\r\n${EMPTY}`
})

refusesRequests('a framing field in disguise', 400, 'bad_request', {
  'a space before the colon': post('Transfer-Encoding : chunked\r\n', EMPTY),
  'a tab before the colon': post('Content-Length\t: 5\r\n', 'hello'),
  folded: post('Transfer-Encoding:\r\n chunked\r\n', EMPTY),
  'a NUL in the name': post('Transfer-Encoding\0: chunked\r\n', EMPTY),
  'a bare CR in front': post('X: a\rTransfer-Encoding: chunked\r\n', EMPTY),
  'a bare LF in front': post('X: a\nTransfer-Encoding: chunked\r\n', EMPTY),
  'a leading space': request('POST /invoke/f', ' Transfer-Encoding: chunked\r\n', EMPTY)
})

acceptsRequests('framing that is plain', {
  'leading zeros': post('Content-Length: 0005\r\n', 'hello'),
  'white space around': post('Content-Length:\t 5 \t\r\n', 'hello'),
  'the coding in any case': post('transfer-encoding:  CHUNKED \r\n', '5\r\nhello\r\n' + EMPTY),
  'a name that only begins alike': post('Content-Length-X: 7\r\nX-Transfer-Encoding: chunked\r\n')
}, { script: async (call) => { await call.body(); call.answer() } })

const ok = (fields: string, body: string) => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`
refusesResponses('ambiguous framing', {
  'TE with CL': ok(`${CHUNKED}Content-Length: 5\r\n`, EMPTY),
  'CL with TE': ok(`Content-Length: 5\r\n${CHUNKED}`, EMPTY),
  'two CL that differ': ok('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'),
  'two CL that agree': ok('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'),
  'a list': ok('Content-Length: 5, 5\r\n', 'hello'),
  'CL empty': ok('Content-Length:\r\n', 'hello'),
  'CL negative': ok('Content-Length: -1\r\n', 'hello'),
  'CL with a plus': ok('Content-Length: +5\r\n', 'hello'),
  'CL too large': ok('Content-Length: 99999999999999999999\r\n', 'hello'),
  'TE gzip': ok('Transfer-Encoding: gzip\r\n', 'hello'),
  'TE gzip, chunked': ok('Transfer-Encoding: gzip, chunked\r\n', EMPTY),
  'TE twice': ok(CHUNKED + CHUNKED, EMPTY),
  'TE empty': ok('Transfer-Encoding:\r\n', EMPTY),
  'TE in HTTP/1.0': `HTTP/1.0 200 OK\r\n${CHUNKED}\r\n${EMPTY}`,
  'CL in disguise': ok('Content-Length : 5\r\n', 'hello'),
  'TE folded': ok('Transfer-Encoding:\r\n chunked\r\n', EMPTY),
  '204 with both': `HTTP/1.1 204 No Content\r\n${CHUNKED}Content-Length: 5\r\n\r\n`,
  '304 with two': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
  'an interim one with both': `HTTP/1.1 103 Early Hints\r\n${CHUNKED}Content-Length: 5\r\n\r\n`
})
refusesResponses('ambiguous framing to HEAD', {
  'TE with CL': ok(`${CHUNKED}Content-Length: 5\r\n`, ''),
  'two CL': ok('Content-Length: 5\r\nContent-Length: 6\r\n', '')
}, 'HEAD /invoke/f')
