/** Suggestions are offered for slips, not for other words. */
import t from 'tap'
import { didYouMean, editDistance, nearest } from '../../../lib/config/suggest.ts'

void t.test('distance', async t => {
  t.equal(editDistance('kitten', 'sitting'), 3)
  t.equal(editDistance('form', 'from'), 1, 'a swap of neighbours is one slip')
  t.equal(editDistance('', 'abc'), 3)
  t.equal(editDistance('abc', 'abc'), 0)
  t.equal(editDistance('a', 'abcdef', 2), 3, 'gives up early')
})

void t.test('nearest', async t => {
  const keys = ['interval', 'timeout', 'rise', 'fall', 'fn']
  t.equal(nearest('intervall', keys), 'interval')
  t.equal(nearest('TIMEOUT', keys), 'timeout')
  t.equal(nearest('raise', keys), 'rise')
  t.equal(nearest('foo', keys), undefined)
  t.equal(nearest('x', []), undefined)
  t.equal(nearest('ab', ['ac', 'ad']), 'ac', 'the first of equals')
  t.equal(didYouMean('fll', keys), ', did you mean "fall"?')
  t.equal(didYouMean('nothing-like-it', keys), '')
})
