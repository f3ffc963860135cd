/**
 * Where Node's strict parser may differ from our codec on a message that we accept, each with its reason. The fuzzer fails
 * on every difference that is not here; a test fails on every entry that nothing in the corpus shows any more.
 */
import { METHODS } from 'node:http'
import type { Difference } from './compare.ts'
import type { Message } from './readings.ts'

export interface AgreedDifference {
  readonly name: string
  readonly reason: string
  applies (difference: Difference): boolean
}

/** Whether a list of names and values holds a field of this lower-case name, with this in its value. */
function has (list: readonly string[], name: string, part = ''): boolean {
  return list.some((text, index) => index % 2 === 0 && text.toLowerCase() === name &&
    list[index + 1]!.toLowerCase().includes(part))
}

const hasField = (message: Message | undefined, name: string, part = ''): boolean =>
  message !== undefined && has(message.fields, name, part)

export const AGREED_DIFFERENCES: readonly AgreedDifference[] = [
  {
    name: 'method unknown to Node',
    reason: 'A method is any token (RFC 9110 §9.1), and a proxy forwards those that it does not know. Node refuses all ' +
      'that are not on its list.',
    applies: ({ kind, side, ours }) => side === 'request' && kind === 'refused' && !METHODS.includes(ours!.method)
  },
  {
    name: 'Proxy-Connection read as Connection',
    reason: 'Node takes close in Proxy-Connection for the end of the connection. The field has no meaning in HTTP/1.1 ' +
      '(RFC 9112 appendix C.2.2); we drop it and read on, so the next message is still read as sent.',
    applies: ({ kind, error, before }) => kind === 'refused' && error === 'HPE_CLOSED_CONNECTION' &&
      hasField(before.at(-1), 'proxy-connection', 'close')
  },
  {
    name: 'Node stops behind a declined upgrade',
    reason: 'Node reads nothing behind a request that offers an upgrade, even where the upgrade is not made. A server ' +
      'may ignore Upgrade (RFC 9110 §7.8), and then the connection goes on as HTTP/1.1.',
    applies: ({ kind, side, before }) => side === 'request' && kind === 'missing' &&
      before.at(-1)?.saysUpgrade === true && hasField(before.at(-1), 'upgrade')
  },
  {
    name: 'tab behind chunked not taken',
    reason: 'White space around a value is spaces and tabs (RFC 9110 §5.6.3); behind chunked Node takes only spaces. It ' +
      'refuses such a request (with an upgrade, it sees no body), and reads such a response up to the end of the ' +
      'connection. What we send on says chunked in our own words.',
    applies: ({ kind, side, error, ours }) => ours !== null && /^transfer-encoding:[ \t]*chunked[ \t]*\t/im.test(ours.text) &&
      (kind === 'refused'
        ? error === 'HPE_INVALID_TRANSFER_ENCODING'
        : /^(content|extent|trailers)$/.test(kind) && (side === 'response' || ours.saysUpgrade))
  },
  {
    name: 'framing fields in trailers refused',
    reason: 'Node applies the rules of head fields to trailers. Content-Length and Transfer-Encoding must not stand there ' +
      '(RFC 9110 §6.5.1) and have no effect there; we never pass them on. (Of a request that offers an upgrade, Node ' +
      'does not even report the error.)',
    applies: ({ kind, error, ours }) => ours !== null && ours.isComplete &&
      (kind === 'refused' ? /_(CONTENT_LENGTH|TRANSFER_ENCODING)$/.test(error) : kind === 'extent' && ours.saysUpgrade) &&
      (has(ours.trailers, 'content-length') || has(ours.trailers, 'transfer-encoding'))
  },
  {
    name: 'Connection in trailers obeyed by Node',
    reason: 'Connection is no trailer field: it must be known before the body (RFC 9110 §6.5.1). We ignore it there and ' +
      'never pass it on.',
    applies: ({ kind, error, before }) => kind === 'refused' && error === 'HPE_CLOSED_CONNECTION' && before.length > 0 &&
      (has(before.at(-1)!.trailers, 'connection', 'close') || has(before.at(-1)!.trailers, 'proxy-connection', 'close'))
  },
  {
    name: 'close in an interim response obeyed by Node',
    reason: 'The final response still has to come on the same connection (RFC 9110 §15.2), so an interim one can not end ' +
      'it. Node takes what follows for data after the end.',
    applies: ({ kind, side, error, before }) => side === 'response' && kind === 'refused' &&
      error === 'HPE_CLOSED_CONNECTION' && before.some(({ status, saysClose, minor }) => status < 200 && (saysClose || minor === 0))
  }
]

/** The entry of the list that covers a difference. */
export function agreedOn (difference: Difference): AgreedDifference | undefined {
  return AGREED_DIFFERENCES.find((entry) => entry.applies(difference))
}
