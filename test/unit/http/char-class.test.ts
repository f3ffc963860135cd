import t from 'tap'
import {
  allOf, CLASS, DIGIT, HEXDIG, isToken, LOWER_HEXDIG, REG_NAME, REQUEST_ID, TCHAR
} from '../../../lib/http/char-class.ts'

/** The grammars written a second time, as regular expressions. */
const GRAMMAR: ReadonlyArray<readonly [string, number, RegExp]> = [
  ['tchar', TCHAR, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/],
  ['unreserved / sub-delims', REG_NAME, /^[A-Za-z0-9\-._~!$&'()*+,;=]$/],
  ['hexdig', HEXDIG, /^[0-9A-Fa-f]$/],
  ['lower hexdig', LOWER_HEXDIG, /^[0-9a-f]$/],
  ['digit', DIGIT, /^[0-9]$/],
  ['request id', REQUEST_ID, /^[A-Za-z0-9._~:/+=@-]$/]
]

for (const [name, bit, grammar] of GRAMMAR) {
  void t.test(`the class ${name} is its grammar`, async t => {
    const wrong: number[] = []
    for (let code = 0; code < 256; code++) {
      if (((CLASS[code]! & bit) !== 0) !== grammar.test(String.fromCharCode(code))) wrong.push(code)
    }
    t.same(wrong, [])
  })
}

void t.test('a range is checked without its surroundings', async t => {
  t.equal(allOf('..12..', DIGIT, 2, 4), true)
  t.equal(allOf('..12..', DIGIT, 2, 5), false)
  t.equal(allOf('', DIGIT), true)
  t.equal(allOf('1２', DIGIT), false, 'a digit beyond ASCII is none')
})

void t.test('a token is not empty', async t => {
  t.equal(isToken(''), false)
  t.equal(isToken('x-request-id'), true)
  t.equal(isToken('x request'), false)
  t.equal(isToken('naïve'), false)
})
