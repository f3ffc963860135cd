/**
 * A response text taken apart the hard way, for tests of what we write: each line must have its form, the field
 * lines end where the grammar says, and the length given must be the length that is there. Throws otherwise.
 */
export interface ParsedResponse {
  readonly statusLine: string
  readonly fields: ReadonlyArray<readonly [string, string]>
  readonly body: string
}

/** @param headOnly the response to HEAD: Content-Length speaks of a body that is not there. */
export function parseResponse (text: string, headOnly = false): ParsedResponse {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) throw new Error('no end of the head')
  const lines = text.slice(0, end).split('\r\n')
  const statusLine = lines[0]!
  if (!/^HTTP\/1\.1 [1-5][0-9]{2} [ -~]*$/.test(statusLine)) throw new Error(`status line: ${statusLine}`)
  const fields = lines.slice(1).map(line => {
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([!-~](?:[ -~]*[!-~])?)$/.exec(line)
    if (match === null) throw new Error(`field line: ${JSON.stringify(line)}`)
    return [match[1]!, match[2]!] as const
  })
  const names = fields.map(([name]) => name.toLowerCase())
  if (new Set(names).size !== names.length) throw new Error(`a field comes twice: ${names.join()}`)
  const body = text.slice(end + 4)
  const length = Number(fields.find(([name]) => name === 'Content-Length')?.[1])
  if (headOnly ? body !== '' : length !== Buffer.byteLength(body)) throw new Error('length and body disagree')
  return { statusLine, fields, body }
}
