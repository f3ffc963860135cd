/**
 * HTTP/1.1 messages taken apart by an own, plain reading of RFC 9112, so that the tests do not ask the parser under test
 * whether it is right. Text is latin1 throughout: one character a byte.
 */

export interface RawHead {
  readonly startLine: string
  /** Field lines in order, names and values as they came. */
  readonly fields: ReadonlyArray<readonly [string, string]>
  /** Bytes of the head, empty line included. */
  readonly length: number
}

/** The head at the start of `text`; null while it is not complete. Throws when a line is malformed. */
export function readHead (text: string): RawHead | null {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n')
  return { startLine, fields: lines.map(fieldOf), length: end + 4 }
}

function fieldOf (line: string): readonly [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*$/.exec(line)
  if (match === null) throw new Error(`malformed field line ${JSON.stringify(line)}`)
  return [match[1]!, match[2]!]
}

/** All values of a field, whatever the case of its name. */
export function valuesOf (fields: RawHead['fields'], name: string): string[] {
  return fields.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

export interface RawBody {
  readonly content: string
  readonly trailers: RawHead['fields']
  /** Sizes of the chunks, the last one excluded. */
  readonly chunks: readonly number[]
  /** Bytes taken. */
  readonly length: number
}

/** The chunked body at the start of `text`; null while it is not complete. Throws when it is malformed. */
export function readChunked (text: string): RawBody | null {
  const chunks: number[] = []
  let content = ''
  let at = 0
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return null
    const size = text.slice(at, lineEnd)
    if (!/^[0-9a-f]+$/.test(size)) throw new Error(`malformed chunk size ${JSON.stringify(size)}`)
    at = lineEnd + 2
    const bytes = parseInt(size, 16)
    if (bytes === 0) break
    if (text.length < at + bytes + 2) return null
    if (text.slice(at + bytes, at + bytes + 2) !== '\r\n') throw new Error('a chunk is longer than its size')
    content += text.slice(at, at + bytes)
    chunks.push(bytes)
    at += bytes + 2
  }
  if (text.startsWith('\r\n', at)) return { content, trailers: [], chunks, length: at + 2 }
  const end = text.indexOf('\r\n\r\n', at)
  if (end === -1) return null
  return { content, trailers: text.slice(at, end).split('\r\n').map(fieldOf), chunks, length: end + 4 }
}

/** `text` as a chunked body in chunks of the given sizes (the last takes the rest). */
export function chunked (text: string, ...sizes: number[]): string {
  let coded = ''
  let at = 0
  for (const size of [...sizes, text.length]) {
    const piece = text.slice(at, at + size)
    if (piece !== '') coded += `${piece.length.toString(16)}\r\n${piece}\r\n`
    at += piece.length
  }
  return coded + '0\r\n\r\n'
}
