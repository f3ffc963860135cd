import t from 'tap'
import { appendVia, hasLoop } from '../../../lib/http/via.ts'

void t.test('our element comes last', async t => {
  t.equal(appendVia('', '1.1', 'fnlb-a'), '1.1 fnlb-a')
  t.equal(appendVia('1.0 fred, 1.1 p.example.net', '1.0', 'fnlb-a'), '1.0 fred, 1.1 p.example.net, 1.0 fnlb-a')
})

void t.test('what we append is what we find', async t => {
  let value = ''
  for (const name of ['edge', 'fnlb-a', 'mesh']) {
    t.equal(hasLoop(value, name), false)
    value = appendVia(value, '1.1', name)
    t.equal(hasLoop(value, name), true)
  }
  t.equal(hasLoop(value, 'fnlb-a'), true)
})

void t.test('a loop is seen in any writing', async t => {
  for (const value of [
    '1.1 fnlb', 'HTTP/1.1 fnlb', '1.1 FNLB', '1.1\tfnlb', ' ,, 1.1  fnlb ', '1.0 a (x, (y) \\) z), 1.1 fnlb',
    '1.1 fnlb(c)', '1.1 fnlb (c)', 'a,1.1 fnlb', 'a,b fnlb', '1.1 a \\, 1.1 fnlb', '1.1, 1.1 fnlb', '(c), 1.1 fnlb',
    '1.1 a ), 1.1 fnlb'
  ]) t.equal(hasLoop(value, 'Fnlb'), true, value)
})

void t.test('what only looks like one is none', async t => {
  for (const value of [
    '', 'fnlb', '1.1 fnlb:80', '1.1 xfnlb', '1.1 a (1.1 fnlb)', '1.1 a (b, 1.1 fnlb', '1.1 a (\\), 1.1 fnlb)',
    'fnlb 1.1', '1.1 a fnlb', '1.1 a b fnlb', '1.1 a (\\', '1.1 fnl', '1.1 a (b (c) , 1.1 fnlb)', '1.1'
  ]) t.equal(hasLoop(value, 'fnlb'), false, value)
  t.equal(hasLoop('1.1 ,', ''), false)
})
