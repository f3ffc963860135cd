/**
 * What goes out on the other side: the very classes of the engine write each accepted message on, without sockets, and
 * Node's strict parser must find exactly one message there, with what the sender said and nothing of what it said to us
 * alone. This is where a smuggled request would show.
 */
import { METHODS } from 'node:http'
import { FRAMING_CHUNKED, FRAMING_LENGTH, FRAMING_NONE, FieldSection } from '../../lib/http/field-section.ts'
import { RequestHead } from '../../lib/http/request-head.ts'
import { parseRequestTarget } from '../../lib/http/request-target.ts'
import { ResponseHead } from '../../lib/http/response-head.ts'
import { RequestText, ResponseText } from '../../lib/proxy/message-text.ts'
import type { Peer } from '../../lib/proxy/message-text.ts'
import { RequestBody, UPLOAD_OK } from '../../lib/proxy/request-body.ts'
import { RELAY_END, RELAY_MORE, ResponseRelay } from '../../lib/proxy/response-relay.ts'
import type { RelayCall } from '../../lib/proxy/response-relay.ts'
import type { WiredSocket } from '../../lib/proxy/transport.ts'
import type { Case } from './corpus.ts'
import { LIMITS } from './our-reading.ts'
import type { Message, NodeReading, OwnMessage, OwnReading } from './readings.ts'

/** Bytes that we would send, and what they have to say. */
export interface Sent {
  readonly bytes: Buffer
  readonly original: OwnMessage
  /** Method and target, or only the status. */
  readonly start: string
  /** Host that must go out; '' for a response. */
  readonly host: string
  /** False where we broke off: then the receiver must notice. */
  readonly isComplete: boolean
}

/** Fields between us and a neighbour, and those that we write ourselves. Written down anew, not taken from lib. */
const OUR_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade', 'trailer',
  'proxy-authenticate', 'proxy-authorization', 'http2-settings', 'host', 'expect', 'x-request-id', 'via', 'forwarded',
  'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'xxx-fxlb-wait', 'endpoint-load-metrics',
  'endpoint-load-metrics-bin'])
const NO_TRAILERS = new Set([...OUR_FIELDS, 'content-length', 'retry-after', 'proxy-status', 'traceparent', 'b3'])

const HEADERS = { requestId: 'x-request-id', forwarded: 'both', via: true } as const
const PEERS: readonly Peer[] = [false, true].map((isTrusted) => ({
  address: '192.0.2.1', isTrusted, proto: 'http', localAuthority: 'local.example:8080'
}))
const REQUEST_ID = 'id-1'
const requestText = new RequestText(HEADERS, 'fnlb')
const responseText = new ResponseText(HEADERS, 'fnlb')
const requestHead = new RequestHead(LIMITS)
const responseHead = new ResponseHead(LIMITS)
const trailers = new FieldSection(LIMITS)

/** Takes what the engine writes to a socket. */
class Sink {
  readonly pieces: Buffer[] = []
  writableCorked = 0
  write (piece: string | Buffer, encoding?: BufferEncoding): boolean {
    this.pieces.push(typeof piece === 'string' ? Buffer.from(piece, encoding) : Buffer.from(piece))
    return true
  }

  destroy (): void {}
  cork (): void { this.writableCorked++ }
  uncork (): void { this.writableCorked-- }

  get bytes (): Buffer {
    return Buffer.concat(this.pieces)
  }
}

/** What goes to runners for the complete messages of a client connection. */
export function sentRequests (bytes: Buffer, reading: OwnReading): Sent[] {
  const sent: Sent[] = []
  let start = 0
  for (const message of reading.messages) {
    if (!message.isComplete) break
    const at = requestHead.parse(bytes, start, bytes.length)
    start = message.end
    const target = parseRequestTarget(message.method, message.target)!
    // Both are answered by us.
    if (message.method === 'CONNECT' || requestHead.expectsOther) continue
    const sentHost = valuesOf(message.fields, 'host')[0] ?? ''
    const isAbsolute = target.form === 'absolute'
    const peer = PEERS[sent.length % PEERS.length]!
    const sink = new Sink()
    const text = requestText.write(requestHead, peer, {
      target: isAbsolute ? target.originForm : '',
      host: isAbsolute ? target.authority : sentHost === '' ? peer.localAuthority : '',
      requestId: REQUEST_ID,
      isUpgrade: false
    })
    if (message.framing === FRAMING_NONE) sink.write(text, 'latin1')
    else {
      const body = new RequestBody(message.framing, requestHead.contentLength, 0, 64 * 1024, trailers, LIMITS.maxHeadBytes)
      // One half comes before there is a connection, the other after.
      const half = at + Math.floor((message.end - at) / 2)
      const first = body.take(bytes, at, half)
      body.attach(sink as unknown as WiredSocket, text)
      const second = body.isComplete ? UPLOAD_OK : body.take(bytes, half, message.end)
      if (first !== UPLOAD_OK || second !== UPLOAD_OK || body.at !== message.end) throw new Error('RequestBody and BodyReader disagree')
    }
    sent.push({
      bytes: sink.bytes,
      original: message,
      start: `${message.method} ${target.originForm}`,
      host: isAbsolute ? target.authority : sentHost === '' ? peer.localAuthority : sentHost,
      isComplete: true
    })
  }
  return sent
}

/** What goes to the client for the response of a runner, or null where nothing does. */
export function sentResponse (fuzzCase: Case, bytes: Buffer, reading: OwnReading): Sent | null {
  const sink = new Sink()
  const call: RelayCall = {
    facts: {
      method: fuzzCase.method,
      path: '/',
      host: '',
      traceId: '',
      headText: '',
      isHttp10: false,
      acceptsTrailers: true,
      expectsContinue: true,
      websocketAccept: '',
      requestId: REQUEST_ID
    },
    canGoElsewhere: () => false,
    connectionValue: () => '',
    onFinalHead: () => {}
  }
  const relay = new ResponseRelay(call, sink as unknown as WiredSocket, responseHead, LIMITS, responseText)
  const half = Math.floor(bytes.length / 2)
  let outcome = half === 0 ? RELAY_MORE : relay.onBytes(bytes, 0, half)
  let hasMore = false
  if (outcome === RELAY_MORE && half < bytes.length) outcome = relay.onBytes(bytes, half, bytes.length)
  else hasMore = half < bytes.length
  if (outcome === RELAY_MORE) outcome = relay.onEnd()
  const final = reading.messages.at(-1)
  const isGood = reading.ending === 'done' || reading.ending === 'leftover'
  if (isGood !== (outcome === RELAY_END)) throw new Error(`ResponseRelay ends with ${outcome}, the reading with ${reading.ending}`)
  if (isGood && reading.ending === 'leftover' && !relay.hasLeftover && !hasMore) throw new Error('ResponseRelay missed bytes behind the response')
  if (sink.pieces.length === 0 || final === undefined || final.status < 200) return null
  return { bytes: sink.bytes, original: final, start: String(final.status), host: '', isComplete: isGood }
}

/** What is wrong with what Node read of what we sent; '' when nothing is. */
export function sentFault (sent: Sent, node: NodeReading): string {
  const { original } = sent
  const isResponse = sent.host === ''
  const messages = isResponse ? node.messages.filter(({ start }) => !isInterim(start)) : node.messages
  const final = messages.at(-1)
  if (!sent.isComplete) return final?.isComplete === true ? 'a response that we broke off looks complete' : ''
  // Refused by Node, not by us: see agreed-differences.ts.
  if (!isResponse && !METHODS.includes(original.method)) return ''
  if (messages.length !== 1 || final === undefined) return `${messages.length} messages instead of one (${node.error})`
  if (node.error !== '') return `Node refuses it: ${node.error}`
  if (isResponse ? !final.start.startsWith(sent.start + ' ') : final.start !== sent.start) return `it starts with ${final.start}`
  if (!final.isComplete) return 'it is not complete'
  if (final.content !== original.content) return 'its content differs'
  return framingFault(sent, final) || fieldsFault(sent, final)
}

function framingFault (sent: Sent, final: Message): string {
  const { original } = sent
  const codings = valuesOf(final.fields, 'transfer-encoding')
  const lengths = valuesOf(final.fields, 'content-length')
  if (codings.length + lengths.length > 1 || (codings[0] ?? 'chunked') !== 'chunked') return 'its framing is ambiguous'
  if (sent.host === '') return ''
  const hosts = valuesOf(final.fields, 'host')
  if (hosts.length !== 1 || hosts[0] !== sent.host) return `its Host is ${hosts.join()} instead of ${sent.host}`
  if ((original.framing === FRAMING_CHUNKED) !== (codings.length === 1)) return 'its framing is another'
  if (original.framing === FRAMING_LENGTH && lengths.length !== 1) return 'its length is missing'
  return ''
}

function fieldsFault (sent: Sent, final: Message): string {
  const { original } = sent
  const isLengthless = original.status === 204
  const expected = JSON.stringify(without(original.fields, OUR_FIELDS, nominatedBy(original.fields), isLengthless))
  const found = JSON.stringify(without(final.fields, OUR_FIELDS))
  if (expected !== found) return `its fields are ${found} instead of ${expected}`
  // Connection in a trailer section nominates there, too.
  const trailers = JSON.stringify(without(original.trailers, NO_TRAILERS, nominatedBy(original.trailers)))
  return trailers === JSON.stringify(final.trailers) ? '' : `its trailers are not ${trailers}`
}

const isInterim = (start: string): boolean => start.startsWith('1')

function valuesOf (list: readonly string[], name: string): string[] {
  return list.filter((_text, index) => index % 2 === 1 && list[index - 1]!.toLowerCase() === name)
}

/** Names that Connection names, in lower case. */
function nominatedBy (list: readonly string[]): Set<string> {
  const names = valuesOf(list, 'connection').join(',').split(',').map((name) => name.trim().toLowerCase())
  return new Set(names.filter((name) => name !== 'close' && name !== 'content-length'))
}

/** The fields that have to come through as they are. */
function without (
  list: readonly string[], names: ReadonlySet<string>, others: ReadonlySet<string> = new Set(), isLengthless = false
): string[] {
  return list.filter((_text, index) => {
    const name = list[index - index % 2]!.toLowerCase()
    return !names.has(name) && !others.has(name) && !(isLengthless && name === 'content-length')
  })
}
