/** Byte classes of HTTP/1.x and text out of bytes. */

export const CR = 13
export const LF = 10
export const SP = 32
export const HTAB = 9
export const COLON = 58
export const COMMA = 44

/** 1 for bytes of a field value (RFC 9110 §5.5): HTAB, SP, VCHAR, obs-text. */
export const VALUE_BYTE = (() => {
  const table = new Uint8Array(256).fill(1, 0x20)
  table[0x7f] = 0
  table[HTAB] = 1
  return table
})()

/** 1 for bytes of a request target: VCHAR without '#', which never leaves a client (RFC 9112 §3.2). */
export const TARGET_BYTE = (() => {
  const table = new Uint8Array(256).fill(1, 0x21, 0x7f)
  table[35] = 0
  return table
})()

type Latin1Bytes = Uint8Array & { latin1Slice (start: number, end: number): string }

/** Text of [start, end) with one character a byte. `bytes` is a Buffer. */
export function latin1 (bytes: Uint8Array, start: number, end: number): string {
  return (bytes as Latin1Bytes).latin1Slice(start, end)
}
