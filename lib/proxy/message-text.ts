/**
 * The heads that we write: what came, minus what concerns only the connection it came on (RFC 9110 §7.6.1), plus what a
 * proxy has to say. Fields that stay keep their order, case and duplicates, because they are copied as bytes.
 */
import { KIND_COUNT, K_EXPECT, K_HOST, K_REQUEST_ID, K_VIA, kindOf } from '../http/field-names.ts'
import type { KnownName } from '../http/field-names.ts'
import { FRAMING_CHUNKED } from '../http/field-section.ts'
import type { FieldSection } from '../http/field-section.ts'
import { forwardedElement } from '../http/forwarded.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { ResponseHead } from '../http/response-head.ts'
import { STATUS_TEXT } from '../http/problem.ts'
import { appendVia } from '../http/via.ts'
import type { EngineHeaders } from './protocol.ts'

function dropTable (...names: KnownName[]): Uint8Array {
  const table = new Uint8Array(KIND_COUNT)
  for (const name of names) table[kindOf(name)] = 1
  return table
}

const CONNECTION_FIELDS = [
  'connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade', 'proxy-authenticate',
  'proxy-authorization', 'http2-settings', 'trailer'
] as const
/** Load reports are between a runner and us; a client's would be forged. */
const LOAD_FIELDS = ['xxx-fxlb-wait', 'endpoint-load-metrics', 'endpoint-load-metrics-bin'] as const
const FORWARDED_FIELDS = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'forwarded'] as const

/** Fields that may not stand in a trailer section: framing, routing, connection (RFC 9110 §6.5.1). */
const TRAILER_DROP = dropTable(...CONNECTION_FIELDS, ...LOAD_FIELDS, ...FORWARDED_FIELDS, 'host', 'content-length',
  'expect', 'via', 'x-request-id', 'traceparent', 'b3', 'retry-after', 'proxy-status')

/** Who sent a request, in the forms that the forwarding fields need. One per client connection. */
export interface Peer {
  readonly address: string
  readonly isTrusted: boolean
  readonly proto: 'http' | 'https'
  /** What the client connected to, for HTTP/1.0 requests without a Host (RFC 9112 §3.3). */
  readonly localAuthority: string
}

export interface RequestChange {
  /** Target to send instead of the one that came; '' = as it came. */
  readonly target: string
  /** Host to send instead of the one that came; '' = as it came. */
  readonly host: string
  readonly requestId: string
  readonly isUpgrade: boolean
}

/** Writes request heads for runners. */
export class RequestText {
  readonly #headers: EngineHeaders
  readonly #self: string
  readonly #drop: Uint8Array
  readonly #dropFromTrusted: Uint8Array

  /** @param self this proxy's name in Via */
  constructor (headers: EngineHeaders, self: string) {
    this.#headers = headers
    this.#self = self
    this.#dropFromTrusted = dropTable(...CONNECTION_FIELDS, ...LOAD_FIELDS)
    if (headers.requestId !== '') this.#dropFromTrusted[K_REQUEST_ID] = 1
    if (headers.via) this.#dropFromTrusted[K_VIA] = 1
    this.#drop = this.#dropFromTrusted.slice()
    for (const name of FORWARDED_FIELDS) this.#drop[kindOf(name)] = 1
  }

  write (head: RequestHead, peer: Peer, change: RequestChange): string {
    const mode = this.#headers.forwarded
    const rewritesForwarded = mode !== 'off' && peer.isTrusted
    let drop = peer.isTrusted && !rewritesForwarded ? this.#dropFromTrusted : this.#drop
    let text: string
    if (change.target === '' && change.host === '' && head.minor === 1) {
      text = head.keep(head.lineStart, drop)
    } else {
      drop = drop.slice()
      if (change.host !== '') drop[K_HOST] = 1
      // An HTTP/1.0 client does not know interim responses (RFC 9110 §10.1.1).
      if (head.minor === 0) drop[K_EXPECT] = 1
      const host = change.host === '' ? '' : `Host: ${change.host}\r\n`
      text = `${head.method} ${change.target === '' ? head.target : change.target} HTTP/1.1\r\n${host}` +
        head.keep(head.lineEnd, drop)
    }
    if (head.framing === FRAMING_CHUNKED) text += 'Transfer-Encoding: chunked\r\n'
    if (change.isUpgrade) text += 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
    else if (head.acceptsTrailers) text += 'TE: trailers\r\nConnection: TE\r\n'
    if (mode !== 'off') text += this.#forwarded(head, peer, change.host === '' ? head.host : change.host)
    if (this.#headers.via) text += this.#via(head)
    if (change.requestId !== '') text += `${this.#headers.requestId}: ${change.requestId}\r\n`
    return text + '\r\n'
  }

  #forwarded (head: RequestHead, peer: Peer, ownHost: string): string {
    const mode = this.#headers.forwarded
    let text = ''
    if (mode !== 'rfc7239') {
      const before = peer.isTrusted ? joined(head, 'x-forwarded-for') : ''
      const proto = peer.isTrusted ? joined(head, 'x-forwarded-proto') : ''
      const host = peer.isTrusted ? joined(head, 'x-forwarded-host') : ''
      const port = peer.isTrusted ? joined(head, 'x-forwarded-port') : ''
      text = `X-Forwarded-For: ${before === '' ? '' : before + ', '}${peer.address}\r\n` +
        `X-Forwarded-Proto: ${proto === '' ? peer.proto : proto}\r\n`
      if (host !== '' || ownHost !== '') text += `X-Forwarded-Host: ${host === '' ? ownHost : host}\r\n`
      if (port !== '') text += `X-Forwarded-Port: ${port}\r\n`
    }
    if (mode !== 'x-forwarded') {
      const before = peer.isTrusted ? joined(head, 'forwarded') : ''
      text += `Forwarded: ${before === '' ? '' : before + ', '}${forwardedElement(peer.address, peer.proto, ownHost)}\r\n`
    }
    return text
  }

  #via (head: FieldSection): string {
    return `Via: ${appendVia(joined(head, 'via'), head.minor === 1 ? '1.1' : '1.0', this.#self)}\r\n`
  }
}

/** All values of a field as one list. */
export function joined (head: FieldSection, name: KnownName): string {
  const kind = kindOf(name)
  if (head.counts[kind] === 0) return ''
  const values: string[] = []
  for (let i = 0; i < head.count; i++) if (head.kinds[i] === kind) values.push(head.valueAt(i))
  return values.join(', ')
}

/** Writes response heads for clients. */
export class ResponseText {
  readonly #headers: EngineHeaders
  readonly #self: string
  readonly #drop: Uint8Array
  readonly #dropLength: Uint8Array

  constructor (headers: EngineHeaders, self: string) {
    this.#headers = headers
    this.#self = self
    this.#drop = dropTable(...CONNECTION_FIELDS, ...LOAD_FIELDS)
    if (headers.requestId !== '') this.#drop[K_REQUEST_ID] = 1
    if (headers.via) this.#drop[K_VIA] = 1
    this.#dropLength = this.#drop.slice()
    this.#dropLength[kindOf('content-length')] = 1
  }

  /**
   * @param framing lines that frame the body for the client (may be empty)
   * @param connection value for the Connection field, '' = none
   */
  write (head: ResponseHead, framing: string, connection: string, requestId: string): string {
    // A 1xx or 204 has no content, so a length in it can only mislead (RFC 9110 §8.6).
    const drop = head.status < 200 || head.status === 204 ? this.#dropLength : this.#drop
    let text = head.minor === 1
      ? head.keep(head.lineStart, drop)
      : `HTTP/1.1 ${head.status} ${STATUS_TEXT[head.status] ?? ''}\r\n` + head.keep(head.lineEnd, drop)
    text += framing
    if (connection !== '') text += `Connection: ${connection}\r\n`
    if (this.#headers.via) text += `Via: ${appendVia(joined(head, 'via'), head.minor === 1 ? '1.1' : '1.0', this.#self)}\r\n`
    if (requestId !== '') text += `${this.#headers.requestId}: ${requestId}\r\n`
    return text + '\r\n'
  }
}

/** The last chunk with those trailer fields that may be passed on; null when the section is malformed. */
export function lastChunkText (trailers: Uint8Array | null, parser: FieldSection, passes: boolean): string | null {
  if (trailers === null) return '0\r\n\r\n'
  if (parser.parseTrailers(trailers, 0, trailers.length) !== trailers.length) return null
  return passes ? `0\r\n${parser.keep(0, TRAILER_DROP)}\r\n` : '0\r\n\r\n'
}
