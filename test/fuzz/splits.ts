/**
 * The same bytes in other pieces must be the same messages: the reading must not depend on where TCP cuts them, on what
 * lies behind a head, on where in a buffer a piece lies, or on what the parser read before.
 */
import type { Case } from './corpus.ts'
import { LIMITS, OwnRequests, OwnResponses, Parsers, TIGHT_LIMITS } from './our-reading.ts'
import type { Random } from './random.ts'
import type { OwnReading } from './readings.ts'

/** Beyond this, reading byte by byte costs more than it finds: each byte parses the whole head again. */
const MAX_BYTES_ONE_BY_ONE = 700

const PARSERS = [new Parsers(LIMITS), new Parsers(TIGHT_LIMITS)]

/** Reads a case in pieces that end at `cuts` (ascending). `limitsIndex`: 0 = the defaults, 1 = tight. */
export function readInPieces (fuzzCase: Case, bytes: Buffer, cuts: readonly number[], limitsIndex = 0): OwnReading {
  const parsers = PARSERS[limitsIndex]!
  const stream = fuzzCase.side === 'request' ? new OwnRequests(parsers) : new OwnResponses(parsers, fuzzCase.method)
  let start = 0
  for (const cut of [...cuts, bytes.length]) {
    stream.feed(bytes, start, cut)
    start = cut
  }
  stream.finish()
  return stream.reading
}

/** What is wrong when the case is cut in each of these ways, '' when nothing is. */
export function splitFault (fuzzCase: Case, bytes: Buffer, ways: readonly (readonly number[])[], limitsIndex = 0): string {
  const whole = JSON.stringify(readInPieces(fuzzCase, bytes, [], limitsIndex))
  for (const cuts of ways) {
    const pieces = JSON.stringify(readInPieces(fuzzCase, bytes, cuts, limitsIndex))
    if (whole !== pieces) return `in one piece ${whole}, cut at ${cuts.slice(0, 20).join(' ')} ${pieces}`
  }
  return ''
}

/** Cuts at every byte. */
export function everyByte (bytes: Buffer): number[] {
  return Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1)
}

/** Each single cut, and all at once. */
export function allWays (bytes: Buffer): number[][] {
  const cuts = everyByte(bytes)
  return [cuts, ...cuts.map((cut) => [cut])]
}

/** Tries random cuts, every byte at once, and all single cuts now and then. @returns what is wrong, '' = nothing */
export function randomSplitFault (fuzzCase: Case, bytes: Buffer, random: Random): string {
  const cut = (): number => random.below(bytes.length + 1)
  const ways = [[cut()], [cut(), cut(), cut()].sort((a, b) => a - b)]
  if (bytes.length <= MAX_BYTES_ONE_BY_ONE) ways.push(...(random.oneIn(32) ? allWays(bytes) : [everyByte(bytes)]))
  return splitFault(fuzzCase, bytes, ways, random.oneIn(3) ? 1 : 0)
}
