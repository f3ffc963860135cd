/**
 * The bounded part of the fuzzer: the whole corpus, exhaustively, and some seconds of mutants from a fixed seed. Long runs
 * are made by hand with run.ts.
 */
import t from 'tap'
import { AGREED_DIFFERENCES, agreedOn } from './agreed-differences.ts'
import { firstDifference } from './compare.ts'
import type { Difference } from './compare.ts'
import { CORPUS } from './corpus.ts'
import { sentFault, sentRequests, sentResponse } from './forwarding.ts'
import { checkOne, fuzz } from './fuzzer.ts'
import { minimise } from './minimise.ts'
import { mutate } from './mutate.ts'
import { readRequests, readResponses } from './node-reading.ts'
import { Random } from './random.ts'
import { summary } from './readings.ts'
import type { NodeReading } from './readings.ts'
import { allWays, readInPieces, splitFault } from './splits.ts'

const SECONDS = 4
const SEED = 20240917
/** A fast machine gets no further than what has been run by hand: this test is not the place to find something new. */
const MAX_EXECUTIONS = 100_000
/** Longer pieces of the corpus are about limits: they are cut only around their ends, at all that matters there. */
const SHORT_BYTES = 400

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')
const nodeReads = async (side: string, method: string, bytes: Buffer): Promise<NodeReading> =>
  (side === 'request' ? await readRequests([bytes]) : await readResponses([{ method, bytes }]))[0]!

void t.test('every piece of the corpus ends as the RFCs say', async t => {
  for (const piece of CORPUS) {
    t.equal(summary(readInPieces(piece, bytesOf(piece.text), [])), piece.expected, `${piece.side} ${piece.name}`)
  }
})

void t.test('and so it does wherever it is cut', async t => {
  for (const piece of CORPUS) {
    const bytes = bytesOf(piece.text)
    const ways = bytes.length <= SHORT_BYTES
      ? allWays(bytes)
      : [1, 2, 3, 4, 5, 34, 35, 36, 37, 38, 39, 40].map((fromEnd) => [bytes.length - fromEnd])
    t.equal(splitFault(piece, bytes, ways), '', `${piece.side} ${piece.name}`)
    if (bytes.length <= SHORT_BYTES) t.equal(splitFault(piece, bytes, ways, 1), '', `${piece.side} ${piece.name}, tight limits`)
  }
})

void t.test('Node reads the corpus as we do, but for what is agreed on', async t => {
  const shown = new Set<string>()
  for (const piece of CORPUS) {
    const bytes = bytesOf(piece.text)
    const reading = readInPieces(piece, bytes, [])
    const difference = firstDifference(piece.side, reading, await nodeReads(piece.side, piece.method, bytes))
    const agreement = difference === null ? undefined : agreedOn(difference)
    t.ok(difference === null || agreement !== undefined, `${piece.side} ${piece.name}`)
    if (agreement !== undefined) shown.add(agreement.name)
  }
  t.same([...shown].sort(), AGREED_DIFFERENCES.map(({ name }) => name).sort(), 'each agreed difference is shown by the corpus')
})

void t.test('Node reads what we send on for the corpus as one message', async t => {
  let count = 0
  for (const piece of CORPUS) {
    const bytes = bytesOf(piece.text)
    const reading = readInPieces(piece, bytes, [])
    const response = piece.side === 'response' ? sentResponse(piece, bytes, reading) : null
    const sent = response !== null ? [response] : piece.side === 'request' ? sentRequests(bytes, reading) : []
    for (const one of sent) {
      count++
      t.equal(sentFault(one, await nodeReads(piece.side, piece.method, one.bytes)), '', `${piece.side} ${piece.name}`)
    }
  }
  t.ok(count > 100, `${count} messages`)
})

void t.test('some seconds of mutants', async t => {
  const report = await fuzz({ seed: SEED, seconds: SECONDS, maxExecutions: MAX_EXECUTIONS })
  t.same(report.failures, [])
  t.ok(report.executions >= 64 && report.acceptedHeads > 0 && report.nodeReadings > 0)
  t.ok(report.endings.size > 20, `endings: ${[...report.endings.keys()].join()}`)
  t.comment(`${report.executions} executions, ${report.acceptedHeads} heads accepted, ${report.nodeReadings} connections read by Node`)
})

void t.test('the same seed makes the same cases', async t => {
  const run = async () => {
    const report = await fuzz({ seed: 7, seconds: 60, maxExecutions: 256 })
    return [report.executions, [...report.endings], [...report.agreed], report.nodeReadings]
  }
  t.same(await run(), await run())
})

void t.test('the comparison sees what it is there to see', async t => {
  const text = 'POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n'
  const ours = readInPieces({ side: 'request', method: '', text }, bytesOf(text), [])
  const kindFor = (change: (node: NodeReading) => void): Difference['kind'] | undefined => {
    const node: NodeReading = { messages: ours.messages.map((message) => ({ ...message })), error: '' }
    change(node)
    return firstDifference('request', ours, node)?.kind
  }
  t.equal(kindFor(() => {}), undefined)
  t.equal(kindFor(({ messages }) => { messages[0]!.start = 'POST /x' }), 'start')
  t.equal(kindFor(({ messages }) => { messages[0]!.version = '1.0' }), 'version')
  t.equal(kindFor(({ messages }) => { messages[0]!.fields = ['Host', 'h'] }), 'fields')
  t.equal(kindFor(({ messages }) => { messages[0]!.fields = ['host', 'h', 'Transfer-Encoding', 'chunked'] }), 'fields')
  t.equal(kindFor(({ messages }) => { messages[0]!.content = 'ho' }), 'content')
  t.equal(kindFor(({ messages }) => { messages[0]!.trailers = [] }), 'trailers')
  t.equal(kindFor(({ messages }) => { messages[0]!.isComplete = false }), 'extent')
  t.equal(kindFor(({ messages }) => { messages.pop() }), 'missing')
  t.equal(kindFor((node) => { node.messages.pop(); node.error = 'HPE_X' }), 'refused')
  t.equal(kindFor((node) => { node.messages[0]!.isComplete = false; node.error = 'HPE_X' }), 'refused')
  t.equal(kindFor(({ messages }) => { messages.push(messages[1]!) }), 'extra')

  const half = text.slice(0, text.indexOf('hi') + 1)
  const partial = readInPieces({ side: 'request', method: '', text: half }, bytesOf(half), [])
  t.equal(summary(partial), '1 partial')
  const node = { messages: [{ ...partial.messages[0]!, isComplete: true }], error: '' }
  t.equal(firstDifference('request', partial, node)?.kind, 'extent', 'a message that only Node holds for complete')
  node.messages[0]!.content = ''
  t.equal(firstDifference('request', partial, node)?.kind, 'content')
})

void t.test('the check of what we send on sees what it is there to see', async t => {
  const text = 'GET http://other/x HTTP/1.1\r\nHost: h\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n'
  const bytes = bytesOf(text)
  const [sent] = sentRequests(bytes, readInPieces({ side: 'request', method: '', text }, bytes, []))
  const faultOf = async (change: (text: string) => string): Promise<string> =>
    sentFault(sent!, await nodeReads('request', '', bytesOf(change(sent!.bytes.toString('latin1')))))
  t.equal(await faultOf((text) => text), '')
  t.match(await faultOf((text) => text.replace('GET /x', 'GET /y')), 'starts with')
  t.match(await faultOf((text) => text.replace('Host: other', 'Host: h')), 'Host')
  t.match(await faultOf((text) => text.replace('X-End: 2', 'X-End: 3')), 'fields')
  t.match(await faultOf((text) => text.replace('X-End: 2', 'X-Hop: 1\r\nX-End: 2')), 'fields')
  t.match(await faultOf((text) => text.replace('X-End: 2', 'X-End: 2\r\nContent-Length: 3')), 'complete')
  t.match(await faultOf((text) => text + 'GET /admin HTTP/1.1\r\nHost: h\r\n\r\n'), '2 messages')
  t.match(await faultOf((text) => text + 'x'), 'Node refuses it')
  t.match(await faultOf(() => ''), '0 messages')
})

void t.test('failing cases are made small', async t => {
  const small = await minimise({ side: 'request', method: '', text: 'abc\nd X e\nfgh Y\n' }, async ({ text }) => /X.*Y/s.test(text))
  t.equal(small.text, 'XY')
  t.equal(await checkOne({ side: 'request', method: '', text: 'GET / HTTP/1.1\r\nHost: h\r\n\r\n' }), null)
})

void t.test('mutants are bytes', async t => {
  const random = new Random(1)
  for (let i = 0; i < 5000; i++) {
    const text = mutate(random.oneIn(10) ? '' : 'Gr\xfc\xdfe \xff\xb5\r\nHost: h\r\n\r\n', random, () => random.oneIn(3) ? '' : 'other\n')
    if (/[^\0-\xff]/.test(text)) t.fail(JSON.stringify(text))
  }
  t.not(new Random(1).next(), new Random(2).next())
})
