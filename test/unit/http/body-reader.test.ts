import t from 'tap'
import { BODY_DATA, BODY_END, BODY_FAULT, BODY_MORE, BodyReader } from '../../../lib/http/body-reader.ts'
import { FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_LENGTH, FRAMING_NONE } from '../../../lib/http/field-section.ts'
import { bytesOf } from '../../support/parse-text.ts'

/** Reads `text` in pieces that end at `cuts`, out of the middle of a larger buffer. */
function read (reader: BodyReader, text: string, cuts: readonly number[] = []): { event: number, content: string, taken: number } {
  const bytes = bytesOf('##' + text + '##')
  let content = ''
  let event = BODY_MORE
  let start = 2
  for (const cut of [...cuts, text.length]) {
    reader.at = start
    do {
      event = reader.next(bytes, 2 + cut)
      if (event === BODY_DATA && reader.dataStart >= reader.dataEnd) throw new Error('content without a byte')
      if (event === BODY_DATA) content += bytes.toString('latin1', reader.dataStart, reader.dataEnd)
    } while (event === BODY_DATA)
    if (event !== BODY_MORE) break
    start = 2 + cut
  }
  return { event, content, taken: reader.at - 2 }
}

const everyCut = (text: string): number[][] => Array.from({ length: text.length + 1 }, (_, cut) => [cut])

void t.test('no body', async t => {
  const reader = new BodyReader(FRAMING_NONE, -1, 64)
  t.equal(reader.isComplete, true)
  t.equal(reader.trailers, null)
  t.same(read(reader, 'GET'), { event: BODY_END, content: '', taken: 0 }, 'nothing is taken')
})

void t.test('a length, cut everywhere', async t => {
  for (const cuts of [[], ...everyCut('hello')]) {
    const reader = new BodyReader(FRAMING_LENGTH, 5, 64)
    t.equal(reader.isComplete, false)
    t.same(read(reader, 'hello', cuts), { event: BODY_END, content: 'hello', taken: 5 })
    t.equal(reader.isComplete, true)
    t.equal(reader.trailers, null)
  }
  t.same(read(new BodyReader(FRAMING_LENGTH, 5, 64), 'helloGET'), { event: BODY_END, content: 'hello', taken: 5 }, 'what follows is not taken')
  const part = new BodyReader(FRAMING_LENGTH, 5, 64)
  t.same(read(part, 'hel'), { event: BODY_MORE, content: 'hel', taken: 3 })
  t.same(read(part, ''), { event: BODY_MORE, content: '', taken: 0 })
  t.same(read(part, 'lox'), { event: BODY_END, content: 'lo', taken: 2 })
  t.same(read(part, 'x'), { event: BODY_END, content: '', taken: 0 })
})

void t.test('a length beyond 32 bits', async t => {
  const reader = new BodyReader(FRAMING_LENGTH, 2 ** 33 + 1, 64)
  const piece = Buffer.alloc(1 << 20)
  for (let i = 0; i < 2 ** 13; i++) {
    reader.at = 0
    if (reader.next(piece, piece.length) !== BODY_DATA || reader.isComplete) throw new Error('ended too soon')
  }
  reader.at = 0
  t.equal(reader.next(piece, piece.length), BODY_DATA)
  t.same([reader.dataStart, reader.dataEnd, reader.isComplete], [0, 1, true])
})

void t.test('chunked, cut everywhere', async t => {
  const text = '5;a="b"\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n'
  for (const cuts of [[], ...everyCut(text)]) {
    const reader = new BodyReader(FRAMING_CHUNKED, -1, 64)
    const { event, content } = read(reader, text, cuts)
    t.same([event, content], [BODY_END, 'hello!'])
    t.equal(reader.isComplete, true)
    t.equal(Buffer.from(reader.trailers!).toString(), 'X: y\r\n\r\n')
  }
  const plain = new BodyReader(FRAMING_CHUNKED, -1, 64)
  t.same(read(plain, '0\r\n\r\nGET'), { event: BODY_END, content: '', taken: 5 })
  t.equal(plain.trailers, null)
})

void t.test('chunked, not complete and broken', async t => {
  const reader = new BodyReader(FRAMING_CHUNKED, -1, 64)
  t.equal(read(reader, '5\r\nhel').event, BODY_MORE)
  t.equal(reader.isComplete, false)
  t.same(read(reader, 'lo\r\nx'), { event: BODY_FAULT, content: 'lo', taken: 4 })
  t.equal(reader.isComplete, false)
  t.equal(read(reader, '0\r\n\r\n').event, BODY_FAULT, 'and so it stays')
})

void t.test('until the connection closes', async t => {
  const reader = new BodyReader(FRAMING_CLOSE, -1, 64)
  t.same(read(reader, 'a\r\n0\r\n\r\n', [1, 4]), { event: BODY_MORE, content: 'a\r\n0\r\n\r\n', taken: 8 })
  t.equal(reader.isComplete, false)
  t.equal(read(reader, 'more').content, 'more')
  t.equal(reader.isComplete, false)
})
