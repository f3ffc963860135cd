/** Feeding text to the codec's parsers in tests: one character is one byte. */
import type { HeadLimits } from '../../lib/http/field-section.ts'
import { RequestHead } from '../../lib/http/request-head.ts'
import { ResponseHead } from '../../lib/http/response-head.ts'

export const LIMITS: HeadLimits = { maxHeadBytes: 2048, maxFields: 20, maxTargetBytes: 256 }

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Joins lines with CRLF and ends the section. */
export const lines = (...all: string[]): string => [...all, '', ''].join('\r\n')

/** Parses a whole request head that starts at 0. */
export function parseRequest (text: string, head = new RequestHead(LIMITS)): { result: number, head: RequestHead } {
  const bytes = bytesOf(text)
  return { result: head.parse(bytes, 0, bytes.length), head }
}

/** Parses a whole response head to `method` that starts at 0. */
export function parseResponse (text: string, method = 'GET', head = new ResponseHead(LIMITS)): { result: number, head: ResponseHead } {
  const bytes = bytesOf(text)
  return { result: head.parse(bytes, 0, bytes.length, method), head }
}

/** The result of parsing each prefix, from the empty one to the whole. */
export function resultsOfPrefixes (text: string, parse: (bytes: Buffer, start: number, end: number) => number): number[] {
  const bytes = bytesOf(text)
  return Array.from({ length: bytes.length + 1 }, (_, end) => parse(bytes, 0, end))
}

/** Names and values in turn. */
export function fieldsOf (head: RequestHead | ResponseHead): string[] {
  const fields: string[] = []
  for (let i = 0; i < head.count; i++) fields.push(head.nameAt(i), head.valueAt(i))
  return fields
}
