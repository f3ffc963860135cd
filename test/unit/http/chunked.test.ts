import t from 'tap'
import { CHUNK_DATA, CHUNK_END, CHUNK_FAULT, CHUNK_MORE, ChunkedDecoder, LAST_CHUNK, chunkHeader } from '../../../lib/http/chunked.ts'
import { bytesOf } from '../../support/parse-text.ts'

interface Decoded {
  readonly event: number
  readonly content: string
  readonly trailers: string
  /** Bytes that belong to the body. */
  readonly taken: number
}

const MAX_TRAILER_BYTES = 64
const EXTENSION_BYTES = 16 * 1024

/** Feeds `text` in pieces that end at `cuts`. The pieces lie in the middle of a larger buffer, like those of a socket. */
function decode (text: string, cuts: readonly number[] = [], maxTrailerBytes = MAX_TRAILER_BYTES): Decoded {
  const decoder = new ChunkedDecoder(maxTrailerBytes)
  const bytes = bytesOf('0\r\n' + text + '0\r\n\r\n')
  let content = ''
  let event = CHUNK_MORE
  let start = 3
  for (const cut of [...cuts, text.length]) {
    const end = 3 + cut
    decoder.at = start
    do {
      event = decoder.next(bytes, end)
      if (event === CHUNK_DATA && decoder.dataStart >= decoder.dataEnd) throw new Error('content without a byte')
      if (event === CHUNK_DATA) content += bytes.toString('latin1', decoder.dataStart, decoder.dataEnd)
    } while (event === CHUNK_DATA)
    start = end
    if (event !== CHUNK_MORE) break
    if (decoder.at !== end) throw new Error('CHUNK_MORE, but not all bytes are taken')
  }
  if (decoder.isAtEnd !== (event === CHUNK_END)) throw new Error('isAtEnd says something else')
  return { event, content, trailers: Buffer.from(decoder.trailers).toString('latin1'), taken: decoder.at - 3 }
}

/** Every single cut, every pair of neighbouring ones, and every byte alone. */
function waysToCut (text: string): number[][] {
  const all = Array.from({ length: text.length }, (_, index) => index)
  return [all, ...all.map((cut) => [cut]), ...all.slice(1).map((cut) => [cut - 1, cut])]
}

const VALID: readonly (readonly [text: string, content: string, trailers: string])[] = [
  ['0\r\n\r\n', '', ''],
  ['0000000000000\r\n\r\n', '', ''],
  ['5\r\nhello\r\n0\r\n\r\n', 'hello', ''],
  ['5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'hello world', ''],
  ['0000000000005\r\nhello\r\n0\r\n\r\n', 'hello', ''],
  ['a\r\n0123456789\r\nA\r\n0123456789\r\n1f\r\n' + 'x'.repeat(31) + '\r\n0\r\n\r\n', '01234567890123456789' + 'x'.repeat(31), ''],
  ['7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n\r\n', ''],
  ['1;a\r\nx\r\n0;b\r\n\r\n', 'x', ''],
  ['1;a=b;c=d;e\r\nx\r\n0\r\n\r\n', 'x', ''],
  ['1;a="b"\r\nx\r\n0\r\n\r\n', 'x', ''],
  ['1;a="";b="\\"\\\\ ;=\t\xff";c\r\nx\r\n0\r\n\r\n', 'x', ''],
  ['0\r\nX: y\r\n\r\n', '', 'X: y\r\n\r\n'],
  ['1\r\nx\r\n0\r\nX: y\r\nZ:\r\n\r\n', 'x', 'X: y\r\nZ:\r\n\r\n'],
  ['0\r\nnot checked here\r\n\r\n', '', 'not checked here\r\n\r\n'],
  ['0\r\n' + 'a'.repeat(MAX_TRAILER_BYTES - 4) + '\r\n\r\n', '', 'a'.repeat(MAX_TRAILER_BYTES - 4) + '\r\n\r\n']
]

const FAULTY = [
  '\r\n', 'g\r\n', '-1\r\n', '+1\r\n', ' 1\r\n', '"1"\r\n', ':\r\n', '/\r\n', '@\r\n', '`\r\n', '\xb2\r\n',
  '1 \r\n', '1\t\r\n', '1x\r\n', '0x1\r\n', '1\n', '1\rx', '1\r\r\n', '1,\r\n', '00000000000001\r\n', 'ffffffffffffff\r\n',
  '1\r\nxx', '1\r\nx\n', '1\r\nx\rx', '1\r\nx\r\r', '1\r\nx\r\n\r\n', '1\r\nx\r\nx',
  '1;\r\n', '1;;a\r\n', '1; a\r\n', '1;=a\r\n', '1;a=\r\n', '1;a= b\r\n', '1;a=;b\r\n', '1;a@\r\n', '1;a=b@\r\n', '1;a=b=c\r\n', '1;a\n', '1;a\rx', '1;a\0',
  '1;a="\r\n', '1;a="\n', '1;a="\0', '1;a="\x7f', '1;a="\\\n', '1;a="\\\0', '1;a="b"c\r\n', '1;a="b" \r\n', '1;a="b"\n', '1;a="b"="c"\r\n',
  '0\n', '0\rx', '0;\r\n',
  '0\r\n' + 'a'.repeat(MAX_TRAILER_BYTES), '0\r\n' + 'a'.repeat(MAX_TRAILER_BYTES - 3) + '\r\n\r\n',
  '0\r\n' + 'a\n\n'.repeat(MAX_TRAILER_BYTES), '0\r\n' + '\n'.repeat(MAX_TRAILER_BYTES)
]

void t.test('good bodies, cut everywhere', async t => {
  for (const [text, content, trailers] of VALID) {
    const expected = { event: CHUNK_END, content, trailers, taken: text.length }
    t.same(decode(text), expected, JSON.stringify(text))
    const cut = waysToCut(text).filter((cuts) => JSON.stringify(decode(text, cuts)) !== JSON.stringify(expected))
    t.same(cut, [], 'no cut matters')
    t.same(decode(text + 'GET / HTTP/1.1\r\n\r\n'), expected, 'and nothing behind it')
    const behind = waysToCut(text).filter((cuts) => JSON.stringify(decode(text + '\r\n0\r\n\r\n', cuts)) !== JSON.stringify(expected))
    t.same(behind, [], 'whatever the cut')
  }
})

void t.test('no part of a good body is its end, or a fault', async t => {
  for (const [text] of VALID) {
    for (let end = 0; end < text.length; end++) t.equal(decode(text.slice(0, end)).event, CHUNK_MORE)
  }
})

void t.test('broken bodies, cut everywhere', async t => {
  for (const text of FAULTY) {
    const whole = decode(text)
    t.equal(whole.event, CHUNK_FAULT, JSON.stringify(text))
    const cut = waysToCut(text).filter((cuts) => {
      const { event, content } = decode(text, cuts)
      return event !== CHUNK_FAULT || content !== whole.content
    })
    t.same(cut, [], 'no cut matters')
    t.equal(decode(text + '0\r\n\r\n').event, CHUNK_FAULT, 'and nothing behind it mends it')
    t.equal(decode('3\r\nabc\r\n' + text).content.slice(0, 3), 'abc', 'content in front is delivered')
  }
})

void t.test('extensions are bounded, for all chunks together', async t => {
  const one = (size: number) => decode(`1;${'a'.repeat(size - 1)}\r\nx\r\n0\r\n\r\n`).event
  t.equal(one(EXTENSION_BYTES), CHUNK_END)
  t.equal(one(EXTENSION_BYTES + 1), CHUNK_FAULT)
  const many = (count: number) => decode('1;a\r\nx\r\n'.repeat(count) + '0\r\n\r\n').event
  t.equal(many(EXTENSION_BYTES / 2), CHUNK_END)
  t.equal(many(EXTENSION_BYTES / 2 + 1), CHUNK_FAULT)
})

void t.test('a fault and an end stay what they are', async t => {
  const decoder = new ChunkedDecoder(MAX_TRAILER_BYTES)
  const bytes = bytesOf('x0\r\n\r\n')
  t.equal(decoder.next(bytes, 1), CHUNK_FAULT)
  t.equal(decoder.next(bytes, bytes.length), CHUNK_FAULT)
  decoder.at = bytes.length
  t.equal(decoder.next(bytes, bytes.length), CHUNK_FAULT, 'also without more bytes')

  const ended = new ChunkedDecoder(MAX_TRAILER_BYTES)
  ended.at = 1
  t.equal(ended.next(bytes, bytes.length), CHUNK_END)
  t.equal(ended.next(bytes, bytes.length), CHUNK_END)
  ended.at = 0
  t.equal(ended.next(bytes, bytes.length), CHUNK_END)
  t.equal(ended.at, 0, 'nothing more is taken')
})

void t.test('large chunks come through without being gathered', async t => {
  const decoder = new ChunkedDecoder(MAX_TRAILER_BYTES)
  const head = bytesOf('fffffffffffff\r\n')
  t.equal(decoder.next(head, head.length), CHUNK_MORE)
  const piece = Buffer.alloc(65536)
  for (let i = 0; i < 3; i++) {
    decoder.at = 100
    t.equal(decoder.next(piece, piece.length), CHUNK_DATA)
    t.same([decoder.dataStart, decoder.dataEnd, decoder.at], [100, piece.length, piece.length])
    t.equal(decoder.next(piece, piece.length), CHUNK_MORE)
  }
})

void t.test('the trailer section is a copy', async t => {
  const decoder = new ChunkedDecoder(MAX_TRAILER_BYTES)
  const bytes = bytesOf('0\r\nX: y\r\n\r\n')
  t.equal(decoder.next(bytes, bytes.length), CHUNK_END)
  bytes.fill(0)
  t.equal(Buffer.from(decoder.trailers).toString(), 'X: y\r\n\r\n')
})

void t.test('writing', async t => {
  t.equal(chunkHeader(255), 'ff\r\n')
  t.equal(decode(chunkHeader(3) + 'abc\r\n' + LAST_CHUNK).content, 'abc')
})
