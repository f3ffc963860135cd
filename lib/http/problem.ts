/**
 * Our own error answers: a complete HTTP/1.1 response with a problem details body (RFC 9457), ready to be written.
 *
 * Invariant: whatever the inputs, the text is printable ASCII with exactly the field lines made here. Values that a
 * client can influence reach a field only after a check, and the body only escaped; what fails its check is left
 * out.
 *
 * `type` is `tag:fnlb,2026:error:<code>` (tag URI, RFC 4151): RFC 9457 §3.1.1 asks for an identifier that is unique
 * and does not change, and allows one that can not be fetched. An http URI would claim a domain that is not ours, a
 * relative one would resolve into the function's own paths, and `about:blank` would make all 503 the same problem. A
 * code that has no place in a URI gets `about:blank`.
 */
import { allOf, isToken, REQUEST_ID } from './char-class.ts'
import { proxyStatus } from './proxy-status.ts'
import { isValidRequestId } from './request-id.ts'
import { isSfToken } from './structured-fields.ts'

export interface ProblemInput {
  /** 400 to 599; anything else is answered as 500. */
  readonly status: number
  /** Short summary, the same for each occurrence of `code`. */
  readonly title: string
  /** Refusal code, e.g. `all_nodes_full`. */
  readonly code: string
  /** What happened this time and what to do about it. */
  readonly detail: string
  /** Left out everywhere unless `isValidRequestId`. */
  readonly requestId: string
  readonly pool?: string
  /** Upstream attempts that were made. */
  readonly attempts?: number
  /** Rounded up to whole seconds. */
  readonly retryAfterSeconds?: number
  /** RFC 9209 error type; absent = no Proxy-Status field. */
  readonly proxyError?: string
  /** The connection ends after this response. */
  readonly close: boolean
  /** The request was HEAD: the head says what a body would be, but none follows. */
  readonly headOnly: boolean
  /** The client does not take JSON. */
  readonly textPlain?: boolean
  /** Field name for the request id in lower case, '' = none. */
  readonly requestIdHeader: string
  /** The client speaks HTTP/1.0, where keeping the connection has to be said. */
  readonly http10?: boolean
  /** Value of the Date field (IMF-fixdate), which a 4xx answer must have where there is a clock (RFC 9110 §6.6.1). */
  readonly date?: string
}

/** Reason phrases of the registered status codes (RFC 9110 §15, IANA), for status lines that we write. */
export const STATUS_TEXT: Record<number, string> = {
  100: 'Continue',
  101: 'Switching Protocols',
  102: 'Processing',
  103: 'Early Hints',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  207: 'Multi-Status',
  208: 'Already Reported',
  226: 'IM Used',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  305: 'Use Proxy',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  423: 'Locked',
  424: 'Failed Dependency',
  425: 'Too Early',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  506: 'Variant Also Negotiates',
  507: 'Insufficient Storage',
  508: 'Loop Detected',
  511: 'Network Authentication Required'
}

const TYPE_PREFIX = 'tag:fnlb,2026:error:'
const MAX_CODE_LENGTH = 64
/** Longer texts are cut: the answer to a refused request must stay small. */
const MAX_TEXT_LENGTH = 1000
const MAX_WHOLE = 2 ** 31 - 1
/** IMF-fixdate, RFC 9110 §5.6.7: all dates have this length. */
const DATE_LENGTH = 29
/** Fields that this response has already: a request id under such a name would be a second, contradicting line. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'cache-control', 'connection', 'content-length', 'content-type', 'date', 'proxy-status', 'retry-after',
  'transfer-encoding', 'keep-alive', 'upgrade', 'trailer', 'te'
])

/** The whole response, ASCII: its length is its size in bytes. */
export function problemResponse (p: ProblemInput): string {
  const status = Number.isInteger(p.status) && p.status >= 400 && p.status <= 599 ? p.status : 500
  const requestId = isValidRequestId(p.requestId) ? p.requestId : ''
  const retryAfter = wholeNumber(p.retryAfterSeconds)
  const isText = p.textPlain === true
  const body = isText ? textBody(p, status, requestId, retryAfter) : jsonBody(p, status, requestId, retryAfter)
  let head = `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ''}\r\n` +
    `Content-Type: ${isText ? 'text/plain; charset=utf-8' : 'application/problem+json'}\r\n` +
    `Content-Length: ${body.length}\r\nCache-Control: no-store\r\n`
  if (p.date?.length === DATE_LENGTH && isPlain(p.date)) head += `Date: ${p.date}\r\n`
  if (retryAfter !== -1) head += `Retry-After: ${retryAfter}\r\n`
  if (p.proxyError !== undefined && isSfToken(p.proxyError)) {
    head += `Proxy-Status: ${proxyStatus({ error: p.proxyError })}\r\n`
  }
  if (requestId !== '' && isToken(p.requestIdHeader) && !OWN_FIELDS.has(p.requestIdHeader.toLowerCase())) {
    head += `${p.requestIdHeader}: ${requestId}\r\n`
  }
  if (p.close) head += 'Connection: close\r\n'
  else if (p.http10 === true) head += 'Connection: keep-alive\r\n'
  return p.headOnly ? `${head}\r\n` : `${head}\r\n${body}`
}

function jsonBody (p: ProblemInput, status: number, requestId: string, retryAfter: number): string {
  // A code of these characters needs no escape, neither in the URI nor in JSON.
  const isUriSafe = p.code.length > 0 && p.code.length <= MAX_CODE_LENGTH && allOf(p.code, REQUEST_ID)
  const attempts = wholeNumber(p.attempts)
  let body = `{"type":"${isUriSafe ? TYPE_PREFIX + p.code : 'about:blank'}","title":${jsonString(p.title)}` +
    `,"status":${status},"detail":${jsonString(p.detail)}`
  if (requestId !== '') body += `,"instance":"urn:request:${requestId}"`
  body += `,"code":${jsonString(p.code)}`
  if (p.pool !== undefined) body += `,"pool":${jsonString(p.pool)}`
  if (attempts !== -1) body += `,"attempts":${attempts}`
  if (retryAfter !== -1) body += `,"retry_after_seconds":${retryAfter}`
  return `${body}}\n`
}

function textBody (p: ProblemInput, status: number, requestId: string, retryAfter: number): string {
  let body = `${status} ${printable(p.title)}\n${printable(p.detail)}\n\ncode: ${printable(p.code)}\n`
  if (requestId !== '') body += `request: ${requestId}\n`
  if (retryAfter !== -1) body += `retry after: ${retryAfter} s\n`
  return body
}

/** A JSON string of printable ASCII; everything else is escaped. */
function jsonString (text: string): string {
  const cut = text.length > MAX_TEXT_LENGTH ? text.slice(0, MAX_TEXT_LENGTH) : text
  if (isPlain(cut)) return `"${cut}"`
  return JSON.stringify(cut).replace(/[^ -~]/g, unit => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'))
}

/** One line for a terminal: nothing that could move its cursor. */
function printable (text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH).replace(/[^ -~]/g, '?')
}

/** Printable ASCII that needs no escape in JSON. */
function isPlain (text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false
  }
  return true
}

/** Rounded up, bounded; −1 when there is none or it is no count. */
function wholeNumber (value: number | undefined): number {
  return value !== undefined && value >= 0 ? Math.min(Math.ceil(value), MAX_WHOLE) : -1
}
