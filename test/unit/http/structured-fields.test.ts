import t from 'tap'
import { isSfToken, sfString } from '../../../lib/http/structured-fields.ts'

void t.test('tokens', async t => {
  for (const good of ['a', 'Z', '*', 'connection_timeout', 'a/b:c', '*1!']) t.equal(isSfToken(good), true, good)
  for (const bad of ['', '1a', '_a', '[', '@', '`', '{', 'a b', 'a"', 'a;b', 'a\r\n', 'aé', 'é', 'a\u0141']) {
    t.equal(isSfToken(bad), false, JSON.stringify(bad))
  }
})

void t.test('strings are escaped, and hold printable ASCII only', async t => {
  t.equal(sfString(''), '""')
  t.equal(sfString('a ~b'), '"a ~b"')
  t.equal(sfString('a"b\\c'), '"a\\"b\\\\c"')
  t.equal(sfString('a\r\nb\x7fé😀'), '"a??b????"')
})

void t.test('strings are cut before they are escaped', async t => {
  t.equal(sfString('""""', 2), '"\\"\\""')
  t.equal(sfString('ab', 5), '"ab"')
})
