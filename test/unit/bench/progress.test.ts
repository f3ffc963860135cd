import t from 'tap'
import { barText, createProgress } from '../../../bench/lib/progress.ts'

void t.test('the bar fills and tells the time left', async t => {
  t.equal(barText(0, 4, 1000), '[------------------------]  0/4  0 %')
  t.equal(barText(1, 4, 30_000), '[######------------------]  1/4  25 %  1:30 left')
  t.equal(barText(4, 4, 30_000), '[########################]  4/4  100 %  0:00 left')
})

function capture (isTTY: boolean) {
  const written: string[] = []
  const stream = { isTTY, columns: 60, write: (text: string) => { written.push(text); return true } }
  return { written, progress: createProgress(stream as never) }
}

void t.test('not on a terminal: one line a step, nothing else', async t => {
  const { written, progress } = capture(false)
  progress.plan(12)
  progress.begin('nginx')
  progress.end('nginx: 5 µs')
  progress.note('WARNING: busy')
  progress.close()
  t.equal(written.join(''), '[ 1/12] nginx: 5 µs\nWARNING: busy\n')
})

void t.test('on a terminal the bar never wraps and is removed at the end', async t => {
  const { written, progress } = capture(true)
  progress.plan(2)
  progress.begin('a label that is much longer than the sixty columns of this terminal are')
  progress.close()
  for (const text of written) t.ok(text.replace('\r\x1b[K', '').length < 60)
  t.equal(written.at(-1), '\r\x1b[K')
})
