/**
 * Field names that a proxy must know, as small numbers.
 *
 * The parser hashes each name while it scans it; a table without collisions then says in one look whether the name is
 * one of ours, and one comparison makes sure. Everything else is kind 0 and is passed on untouched.
 */

/** Every kind, in order; its index is the kind's number. 0 is "any other name". */
const NAMES = [
  '', 'host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'te', 'trailer', 'keep-alive',
  'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'http2-settings', 'x-forwarded-for',
  'x-forwarded-proto', 'x-forwarded-host', 'forwarded', 'via', 'x-request-id', 'traceparent', 'b3',
  'xxx-fxlb-wait', 'endpoint-load-metrics', 'endpoint-load-metrics-bin', 'retry-after', 'sec-websocket-accept',
  'sec-websocket-key', 'proxy-status', 'x-forwarded-port'
] as const

export type KnownName = Exclude<typeof NAMES[number], ''>

/** The number of a known name. */
export function kindOf (name: KnownName): number {
  return NAMES.indexOf(name)
}

export const KIND_COUNT = NAMES.length
export const K_HOST = kindOf('host')
export const K_CONNECTION = kindOf('connection')
export const K_CONTENT_LENGTH = kindOf('content-length')
export const K_TRANSFER_ENCODING = kindOf('transfer-encoding')
export const K_EXPECT = kindOf('expect')
export const K_UPGRADE = kindOf('upgrade')
export const K_TE = kindOf('te')
export const K_TRAILER = kindOf('trailer')
export const K_KEEP_ALIVE = kindOf('keep-alive')
export const K_VIA = kindOf('via')
export const K_FORWARDED = kindOf('forwarded')
export const K_X_FORWARDED_FOR = kindOf('x-forwarded-for')
export const K_X_FORWARDED_PROTO = kindOf('x-forwarded-proto')
export const K_X_FORWARDED_HOST = kindOf('x-forwarded-host')
export const K_REQUEST_ID = kindOf('x-request-id')
export const K_TRACEPARENT = kindOf('traceparent')
export const K_B3 = kindOf('b3')
export const K_RETRY_AFTER = kindOf('retry-after')
export const K_SEC_WEBSOCKET_ACCEPT = kindOf('sec-websocket-accept')
export const K_SEC_WEBSOCKET_KEY = kindOf('sec-websocket-key')

const TABLE_BITS = 10
const TABLE_MASK = (1 << TABLE_BITS) - 1

/** Lower case of each byte that may stand in a field name (RFC 9110 §5.6.2 token); 0 for every other byte. */
export const TOKEN_LOWER = (() => {
  const table = new Uint8Array(256)
  for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") table[char.charCodeAt(0)] = char.charCodeAt(0)
  for (let code = 65; code <= 90; code++) table[code] = code + 32
  return table
})()

/** Where a name's hash points to in the table. The hash is h = h * 31 + c over the lower-case bytes. */
function bucketOf (hash: number): number {
  return (hash ^ (hash >>> TABLE_BITS) ^ (hash >>> (2 * TABLE_BITS))) & TABLE_MASK
}

function hashOf (name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0
  return hash
}

/**
 * Recognises field names. One per parser, because the name of the request id header is configurable: it takes the
 * place of `x-request-id`.
 */
export class FieldNames {
  readonly #names: readonly string[]
  readonly #kindAt = new Uint8Array(TABLE_MASK + 1)

  constructor (requestIdName = '') {
    const names: string[] = [...NAMES]
    if (requestIdName !== '' && !names.includes(requestIdName)) names[K_REQUEST_ID] = requestIdName
    this.#names = names
    // Clashing names are found by walking on, as the look-up does; the table is 34 times larger than its content.
    for (let kind = 1; kind < names.length; kind++) {
      let at = bucketOf(hashOf(names[kind]!))
      while (this.#kindAt[at] !== 0) at = (at + 1) & TABLE_MASK
      this.#kindAt[at] = kind
    }
  }

  /** Kind of the name at [start, end) of `bytes`, whose hash over the lower-case bytes is `hash`. */
  lookup (bytes: Uint8Array, start: number, end: number, hash: number): number {
    let at = bucketOf(hash)
    for (;;) {
      const kind = this.#kindAt[at]!
      if (kind === 0) return 0
      const name = this.#names[kind]!
      if (name.length === end - start && equalsLower(bytes, start, name)) return kind
      at = (at + 1) & TABLE_MASK
    }
  }
}

/** Whether the bytes at `start` spell `lower` (lower-case ASCII), whatever their case. */
export function equalsLower (bytes: Uint8Array, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    if (TOKEN_LOWER[bytes[start + i]!] !== lower.charCodeAt(i)) return false
  }
  return true
}
