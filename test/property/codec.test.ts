/** What must hold of every message that the RFCs allow, however it is written and cut. */
import fc from 'fast-check'
import t from 'tap'
import { BODY_DATA, BODY_END, BODY_FAULT, BodyReader } from '../../lib/http/body-reader.ts'
import { chunkHeader } from '../../lib/http/chunked.ts'
import { KIND_COUNT, kindOf } from '../../lib/http/field-names.ts'
import type { KnownName } from '../../lib/http/field-names.ts'
import { FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_LENGTH, FRAMING_NONE } from '../../lib/http/field-section.ts'
import type { HeadLimits } from '../../lib/http/field-section.ts'
import { RequestHead } from '../../lib/http/request-head.ts'
import { ResponseHead } from '../../lib/http/response-head.ts'
import { bytesOf, fieldsOf } from '../support/parse-text.ts'

/** The same cases on each run; a failure prints a smaller one and its seed. */
fc.configureGlobal({ seed: Number(process.env['FNLB_SEED'] ?? 9112), numRuns: 1000 })

const LIMITS: HeadLimits = { maxHeadBytes: 64 * 1024, maxFields: 64, maxTargetBytes: 1024 }

const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
const chars = (of: string, min: number, max: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...of), { minLength: min, maxLength: max }).map((list) => list.join(''))
const codes = (allowed: (code: number) => boolean): string =>
  Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((_char, code) => allowed(code)).join('')

const token = chars(TOKEN, 1, 20)
const vchar = codes((code) => code > 0x20 && code !== 0x7f)
/** field-content: no white space at its ends. */
const value = fc.tuple(chars(vchar, 0, 1), chars(vchar + ' \t', 0, 30), chars(vchar, 1, 1))
  .map(([first, middle, last]) => first === '' ? '' : first + middle + last)
const blank = chars(' \t', 0, 3)

/** A field line in one of its spellings. */
interface Line { readonly name: string, readonly value: string, readonly text: string }
const spell = ([name, value, before, after]: [string, string, string, string]): Line =>
  ({ name, value, text: `${name}:${before}${value}${after}\r\n` })

/** Names that mean nothing to the codec. */
const plainName = token.filter((name) => !/^(host|connection|content-length|transfer-encoding|expect|upgrade|te)$/i.test(name))
const plainLine = fc.tuple(plainName, value, blank, blank).map(spell)
const DROPPED = ['keep-alive', 'via', 'x-forwarded-for', 'traceparent', 'trailer'] as const satisfies KnownName[]
const cased = (name: string): fc.Arbitrary<string> =>
  fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) => [...name].map((char, at) => upper[at]! ? char.toUpperCase() : char).join(''))
const droppedLine = fc.tuple(fc.constantFrom(...DROPPED).chain(cased), value, blank, blank).map(spell)
const hostLine = fc.tuple(cased('host'), fc.constantFrom('h', 'fn.example:8080', '[::1]', '10.0.0.1:1'), blank, blank).map(spell)

/** Lines in any order, with the Host somewhere between them. */
const requestLines = fc.tuple(fc.array(fc.oneof({ weight: 3, arbitrary: plainLine }, droppedLine), { maxLength: 12 }), hostLine, fc.nat())
  .map(([lines, host, at]) => lines.toSpliced(at % (lines.length + 1), 0, host))
const target = fc.tuple(fc.constantFrom('/', '*', 'http://h/', '?'), chars(codes((code) => code > 0x20 && code < 0x7f && code !== 35), 0, 40))
  .map(([start, rest]) => start + rest)

/** Feeds `bytes` in pieces that end at `cuts`, as a parser sees them that gets all that has come each time. */
function feed (bytes: Buffer, cuts: readonly number[], parse: (end: number) => number): number {
  for (const end of [...cuts].sort((a, b) => a - b)) {
    const result = parse(end % (bytes.length + 1))
    if (result !== 0) return result
  }
  return parse(bytes.length)
}

void t.test('a request head that was written is read again', async () => {
  const head = new RequestHead(LIMITS)
  fc.assert(fc.property(token, target, requestLines, fc.constantFrom('1.0', '1.1'), fc.array(fc.nat(), { maxLength: 4 }), fc.string(),
    (method, target, lines, version, cuts, behind) => {
      const text = `${method} ${target} HTTP/${version}\r\n${lines.map((line) => line.text).join('')}\r\n`
      const bytes = bytesOf(text + behind)
      if (feed(bytes, cuts, (end) => head.parse(bytes, 0, end)) !== text.length) return false
      return head.method === method && head.target === target && `1.${head.minor}` === version && head.framing === FRAMING_NONE &&
        JSON.stringify(fieldsOf(head)) === JSON.stringify(lines.flatMap((line) => [line.name, line.value])) &&
        head.host === lines.find((line) => /^host$/i.test(line.name))!.value
    }))
})

void t.test('a response head that was written is read again', async () => {
  const head = new ResponseHead(LIMITS)
  const reason = chars(codes((code) => code === 9 || (code >= 0x20 && code !== 0x7f)), 0, 30).map((text) => text === '' ? '' : ' ' + text)
  fc.assert(fc.property(fc.integer({ min: 100, max: 999 }), reason, fc.array(fc.oneof(plainLine, droppedLine), { maxLength: 12 }),
    fc.constantFrom('1.0', '1.1'), fc.constantFrom('GET', 'HEAD'), fc.array(fc.nat(), { maxLength: 4 }),
    (status, reason, lines, version, method, cuts) => {
      const text = `HTTP/${version} ${status}${reason}\r\n${lines.map((line) => line.text).join('')}\r\n`
      const bytes = bytesOf(text + 'body')
      if (feed(bytes, cuts, (end) => head.parse(bytes, 0, end, method)) !== text.length) return false
      const hasNoBody = method === 'HEAD' || status < 200 || status === 204 || status === 304
      return head.status === status && `1.${head.minor}` === version && head.framing === (hasNoBody ? FRAMING_NONE : FRAMING_CLOSE) &&
        JSON.stringify(fieldsOf(head)) === JSON.stringify(lines.flatMap((line) => [line.name, line.value]))
    }))
})

void t.test('keep drops the marked kinds and what Connection names, and not a byte of the rest', async () => {
  const head = new RequestHead(LIMITS)
  const nominations = fc.array(plainName, { maxLength: 4 })
  fc.assert(fc.property(requestLines, nominations, fc.uniqueArray(fc.constantFrom(...DROPPED, 'host' as const)), fc.boolean(),
    (lines, nominated, dropped, withFirstLine) => {
      // Some nominate a field that is there.
      const names = [...nominated, ...lines.filter((_line, at) => at % 4 === 0).map((line) => line.name)].slice(0, 16)
        .filter((name) => !/^(close|keep-alive|upgrade)$/i.test(name))
      const connection = { name: 'Connection', value: names.join(','), text: `Connection: ${names.join(' ,')}\r\n` }
      const all = [...lines, connection]
      const first = 'GET / HTTP/1.1\r\n'
      const bytes = bytesOf(`${first}${all.map((line) => line.text).join('')}\r\n`)
      if (head.parse(bytes, 0, bytes.length) !== bytes.length) return false
      const drop = new Uint8Array(KIND_COUNT)
      for (const name of dropped) drop[kindOf(name)] = 1
      const goes = new Set<string>(dropped)
      for (const name of names) if (!/^host$/i.test(name)) goes.add(name.toLowerCase())
      const kept = all.filter((line) => !goes.has(line.name.toLowerCase())).map((line) => line.text).join('')
      return head.keep(withFirstLine ? head.lineStart : head.lineEnd, drop) === (withFirstLine ? first : '') + kept
    }))
})

void t.test('what keep returns is read again as the same fields', async () => {
  const head = new RequestHead(LIMITS)
  const again = new RequestHead(LIMITS)
  const drop = new Uint8Array(KIND_COUNT)
  for (const name of DROPPED) drop[kindOf(name)] = 1
  fc.assert(fc.property(requestLines, (lines) => {
    const bytes = bytesOf(`GET / HTTP/1.1\r\n${lines.map((line) => line.text).join('')}\r\n`)
    if (head.parse(bytes, 0, bytes.length) !== bytes.length) return false
    const kept = bytesOf(head.keep(head.lineStart, drop) + '\r\n')
    if (again.parse(kept, 0, kept.length) !== kept.length) return false
    const isDropped = (name: string): boolean => (DROPPED as readonly string[]).includes(name.toLowerCase())
    return JSON.stringify(fieldsOf(again)) ===
      JSON.stringify(lines.filter((line) => !isDropped(line.name)).flatMap((line) => [line.name, line.value]))
  }))
})

/** Reads a body in pieces that end at `cuts`. Null: faulty, or not complete. */
function readBody (reader: BodyReader, bytes: Buffer, cuts: readonly number[]): { content: string, taken: number } | null {
  let content = ''
  let start = 0
  for (const end of [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    reader.at = start
    for (let event = reader.next(bytes, end); ; event = reader.next(bytes, end)) {
      if (event === BODY_FAULT) return null
      if (event === BODY_END) return reader.isComplete ? { content, taken: reader.at } : null
      if (event !== BODY_DATA) break
      content += bytes.toString('latin1', reader.dataStart, reader.dataEnd)
    }
    start = end
  }
  return null
}

const binary = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const quoted = chars(codes((code) => code === 9 || (code >= 0x20 && code !== 0x7f)), 0, 8).map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`)
const extension = fc.tuple(token, fc.oneof(fc.constant(''), token.map((text) => '=' + text), quoted.map((text) => '=' + text))).map(([name, value]) => `;${name}${value}`)
const chunkSize = (size: number, zeros: number, isUpper: boolean): string => {
  const digits = size.toString(16).padStart(zeros, '0')
  return isUpper ? digits.toUpperCase() : digits
}

void t.test('content is the same in whatever chunks, extensions and pieces it comes', async () => {
  const chunk = fc.tuple(binary.filter((data) => data !== ''), fc.integer({ min: 1, max: 13 }), fc.boolean(), fc.array(extension, { maxLength: 2 }))
  const trailerLines = fc.array(plainLine, { maxLength: 3 })
  fc.assert(fc.property(fc.array(chunk, { maxLength: 6 }), trailerLines, fc.array(fc.nat(), { maxLength: 6 }), binary, (chunks, trailers, cuts, behind) => {
    const section = trailers.map((line) => line.text).join('')
    const text = chunks.map(([data, zeros, isUpper, extensions]) =>
      `${chunkSize(data.length, zeros, isUpper)}${extensions.join('')}\r\n${data}\r\n`).join('') + `0\r\n${section}\r\n`
    const reader = new BodyReader(FRAMING_CHUNKED, -1, 4096)
    const read = readBody(reader, bytesOf(text + behind), cuts)
    return read !== null && read.taken === text.length && read.content === chunks.map(([data]) => data).join('') &&
      Buffer.from(reader.trailers ?? []).toString('latin1') === (section === '' ? '' : section + '\r\n')
  }))
})

void t.test('content with a length is as long as it says, in whatever pieces', async () => {
  fc.assert(fc.property(binary.filter((data) => data !== ''), fc.array(fc.nat(), { maxLength: 6 }), binary, (content, cuts, behind) => {
    const read = readBody(new BodyReader(FRAMING_LENGTH, content.length, 0), bytesOf(content + behind), cuts)
    return read !== null && read.content === content && read.taken === content.length
  }))
})

void t.test('chunks that we write are read as they were, and a body that is cut off is never complete', async () => {
  fc.assert(fc.property(fc.array(binary.filter((data) => data !== ''), { minLength: 1, maxLength: 4 }), fc.nat(), (parts, cut) => {
    const text = parts.map((part) => `${chunkHeader(part.length)}${part}\r\n`).join('') + '0\r\n\r\n'
    const whole = readBody(new BodyReader(FRAMING_CHUNKED, -1, 64), bytesOf(text), [])
    const part = readBody(new BodyReader(FRAMING_CHUNKED, -1, 64), bytesOf(text.slice(0, cut % text.length)), [])
    return whole !== null && whole.content === parts.join('') && part === null
  }))
})
