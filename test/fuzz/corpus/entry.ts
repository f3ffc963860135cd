/**
 * A piece of the corpus: bytes, written as text with one character a byte, and what our codec must say of them.
 *
 * `expected` is the number of messages whose head is accepted and the ending of the reading (readings.ts), for instance
 * `2 idle`. It is derived from RFC 9110 and 9112, not from what the code does.
 */
export interface Entry {
  readonly name: string
  readonly expected: string
  readonly text: string
}

/** Builds entries out of [name, expected, text]. */
export function entries (...rows: readonly (readonly [name: string, expected: string, text: string])[]): Entry[] {
  return rows.map(([name, expected, text]) => ({ name, expected, text }))
}
