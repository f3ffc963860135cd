/**
 * Changes to a message, from single bits to whole lines. They know a little of HTTP, because blind changes hardly ever
 * get past the first line; and they are plain text operations (one character a byte), because speed is executions.
 */
import type { Random } from './random.ts'
import type { ByteText } from './readings.ts'

/** Pieces that mean something to some parser. */
const PIECES = [
  '\r\n', '\n', '\r', '\r\n\r\n', '\n\n', '\r\r\n', '\0', ' ', '\t', ':', ';', ',', '=', '"', '\\', '#', '?', '/', '*', '@', '[', ']', '%', '0',
  '\x7f', '\x80', '\xff', '\xa0', '\x0b', '\x0c', '\x85',
  'Content-Length: 5\r\n', 'Content-Length: 0\r\n', 'content-length:6\r\n', 'Content-Length:\r\n', 'Content-Length: 1, 1\r\n',
  'Transfer-Encoding: chunked\r\n', 'transfer-encoding:chunked\r\n', 'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer-Encoding: identity\r\n', 'Transfer-Encoding : chunked\r\n', 'Transfer-Encoding:\r\n chunked\r\n',
  'Connection: close\r\n', 'Connection: keep-alive\r\n', 'Connection: Upgrade\r\n', 'Connection: x-a, TE\r\n', 'Proxy-Connection: close\r\n',
  'Upgrade: websocket\r\n', 'Upgrade: h2c\r\n', 'Host: h\r\n', 'Host: [::1]:80\r\n', 'Host:\r\n', 'Expect: 100-continue\r\n', 'Expect: x\r\n',
  'TE: trailers\r\n', 'Trailer: X-Sum\r\n', 'X-A: b\r\n', ' folded\r\n', '\tfolded\r\n', ': x\r\n', 'x\r\n',
  '0\r\n\r\n', '1\r\na\r\n', '5\r\nhello\r\n', '5;a=b\r\nhello\r\n', '5;a="\r\n"\r\nhello\r\n', 'ffffffffffffffff\r\n', '0\r\nX: y\r\n\r\n', ';a', ';a="b"', '0x',
  'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'http://h', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: h\r\n\r\n', 'GET ', 'CONNECT h:1 ', 'HEAD ', 'OPTIONS * ', 'PRI * HTTP/2.0\r\n\r\n'
] as const

type Mutation = (text: ByteText, random: Random, other: () => ByteText) => ByteText

const cut = (text: string, from: number, to: number, insert = ''): string => text.slice(0, from) + insert + text.slice(to)

/** Start and end of a random line, its line feed included. */
function lineOf (text: string, random: Random): [number, number] {
  const at = random.below(text.length + 1)
  const start = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
  const feed = text.indexOf('\n', at)
  return [start, feed < 0 ? text.length : feed + 1]
}

const MUTATIONS: readonly Mutation[] = [
  function flipBit (text, random) {
    const at = random.below(text.length)
    return cut(text, at, at + 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))))
  },
  function setByte (text, random) {
    const at = random.below(text.length)
    return cut(text, at, at + 1, String.fromCharCode(random.below(256)))
  },
  function insertByte (text, random) {
    const at = random.below(text.length + 1)
    return cut(text, at, at, String.fromCharCode(random.below(256)))
  },
  function insertPiece (text, random) {
    const at = random.below(text.length + 1)
    return cut(text, at, at, random.pick(PIECES))
  },
  function insertLine (text, random) {
    const [start] = lineOf(text, random)
    return cut(text, start, start, random.pick(PIECES))
  },
  function replaceByPiece (text, random) {
    const at = random.below(text.length)
    const piece = random.pick(PIECES)
    return cut(text, at, at + piece.length, piece)
  },
  function remove (text, random) {
    const at = random.below(text.length)
    return cut(text, at, at + 1 + random.below(random.oneIn(4) ? 32 : 2))
  },
  function truncate (text, random) {
    return text.slice(0, random.below(text.length))
  },
  function doubleLine (text, random) {
    const [start, end] = lineOf(text, random)
    return cut(text, end, end, text.slice(start, end))
  },
  function removeLine (text, random) {
    const [start, end] = lineOf(text, random)
    return cut(text, start, end)
  },
  function moveLine (text, random) {
    const [start, end] = lineOf(text, random)
    const rest = cut(text, start, end)
    const [to] = lineOf(rest, random)
    return cut(rest, to, to, text.slice(start, end))
  },
  function lineFromOther (text, random, other) {
    const source = other()
    const [start, end] = lineOf(source, random)
    const [to] = lineOf(text, random)
    return cut(text, to, to, source.slice(start, end))
  },
  function changeLineEnd (text, random) {
    const [, end] = lineOf(text, random)
    const from = text.slice(0, end).endsWith('\r\n') ? end - 2 : Math.max(0, end - 1)
    return cut(text, from, end, random.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n\r\n', '\r\n ', '\r\n\t', ' \r\n', '\0\r\n', '']))
  },
  function changeAllLineEnds (text, random) {
    return text.replaceAll('\r\n', random.pick(['\n', '\r', '\r\r\n', '\n\r']))
  },
  function changeCase (text, random) {
    const [start, end] = lineOf(text, random)
    const line = text.slice(start, end)
    return cut(text, start, end, random.oneIn(2) ? line.toUpperCase() : line.toLowerCase())
  },
  function changeNumber (text, random) {
    const numbers = [...text.matchAll(/[0-9a-f]+/gi)]
    if (numbers.length === 0) return text
    const found = random.pick(numbers)
    const value = random.pick(['0', '1', '2', '5', '9', '10', '00', '15', '16', '100', 'a', 'F', '-1', '+1', '4294967296', '18446744073709551616', '1e1', ''])
    return cut(text, found.index, found.index + found[0].length, value)
  },
  function splice (text, random, other) {
    const source = other()
    return text.slice(0, random.below(text.length + 1)) + source.slice(random.below(source.length + 1))
  },
  function append (text, _random, other) {
    return text + other()
  },
  function repeat (text, random) {
    const at = random.below(text.length)
    const end = Math.min(text.length, at + 1 + random.below(8))
    return cut(text, end, end, text.slice(at, end).repeat(1 + random.below(random.oneIn(8) ? 64 : 3)))
  }
]

/** Applies one to four random changes. `other` yields another entry of the corpus. */
export function mutate (text: ByteText, random: Random, other: () => ByteText): ByteText {
  // Half of the results should stay near to what is valid.
  for (let left = random.oneIn(2) ? 1 : 1 + random.below(4); left > 0; left--) {
    if (text === '') text = other()
    // Upper case turns 0xFF and 0xB5 into characters that are no bytes.
    text = random.pick(MUTATIONS)(text, random, other).replace(/[^\0-\xff]/g, '\xff')
  }
  return text
}
