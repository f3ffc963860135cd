import t from 'tap'
import { markdownTable, textTable, type Column } from '../../../bench/lib/table.ts'

const columns: Column[] = [{ title: 'name', align: 'left' }, { title: 'µs', align: 'right' }]

void t.test('text tables are aligned and have no trailing blanks', async t => {
  t.equal(textTable(columns, [['nginx', '9.5'], ['a', '123']]), [
    'name    µs',
    '-----  ---',
    'nginx  9.5',
    'a      123',
    ''
  ].join('\n'))
  const lastLeft: Column[] = [{ title: 'n', align: 'right' }, { title: 'verdict', align: 'left' }]
  t.equal(textTable(lastLeft, [['1', 'x']]), 'n  verdict\n-  -------\n1  x\n')
})

void t.test('Markdown tables say the alignment and escape bars', async t => {
  t.equal(markdownTable(columns, [['a|b', '1']]), '| name | µs |\n| --- | ---: |\n| a\\|b | 1 |\n')
})

void t.test('a table without rows is its titles', async t => {
  t.equal(textTable(columns, []), 'name  µs\n----  --\n')
})

void t.test('a row of the wrong width is an error, not a shifted table', async t => {
  t.throws(() => textTable(columns, [['only one']]), /1 cells under 2 columns/)
  t.throws(() => markdownTable(columns, [['1', '2', '3']]), /3 cells under 2 columns/)
})
