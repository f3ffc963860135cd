/**
 * Quantities as they are written in a configuration: durations (`250ms 5s 2m 1h`), sizes (`512B 16KiB 8MiB 2GiB`) and
 * percentages (`1%`, `0.5%`). Strict: a number without a unit is refused (only 0 needs none), and so are spaces, other
 * letter case, signs, sums and decimal fractions of a duration or a size. A guess here would be an outage later.
 */

/** A value, or the reason why the text is none, worded to follow "expected …, ". */
export type Parsed<T> = { readonly ok: true, readonly value: T } | { readonly ok: false, readonly reason: string }

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4
}

/** What people write out of habit → what it is called here. */
const DURATION_HABITS = habits({
  ms: 'msec millis MS', s: 'S sec secs second seconds', m: 'M min mins minute minutes', h: 'H hr hrs hour hours'
})
const SIZE_HABITS = habits({
  B: 'b', KiB: 'k K kb kB KB Ki kib', MiB: 'm M mb MB Mi mib', GiB: 'g G gb GB Gi gib', TiB: 't T tb TB Ti tib'
})

export const DURATION_PATTERN = '^(0|[0-9]+(ms|s|m|h))$'
export const SIZE_PATTERN = '^(0|[0-9]+(B|KiB|MiB|GiB|TiB))$'
export const PERCENT_PATTERN = '^(0|[0-9]+(\\.[0-9]+)?%)$'

const AMOUNT = /^([0-9]+)([A-Za-z]*)$/

/** Milliseconds of a duration. */
export function parseDuration (input: unknown): Parsed<number> {
  return parseAmount(input, MS_PER_UNIT, DURATION_HABITS, 'a duration like "250ms", "5s", "2m" or "1h"')
}

/** Bytes of a size. */
export function parseSize (input: unknown): Parsed<number> {
  return parseAmount(input, BYTES_PER_UNIT, SIZE_HABITS, 'a size like "512B", "16KiB", "8MiB" or "2GiB"')
}

/** The ratio (0..1) of a percentage. */
export function parsePercent (input: unknown): Parsed<number> {
  const expected = 'a percentage like "1%" or "0.5%"'
  if (input === 0 || input === '0') return { ok: true, value: 0 }
  if (typeof input === 'number') return refuse(expected, input, `write "${input}%"`)
  const match = typeof input === 'string' ? /^([0-9]+(?:\.[0-9]+)?)%$/.exec(input) : null
  if (match === null) return refuse(expected, input)
  const percent = Number(match[1])
  if (percent > 100) return refuse('at most "100%"', input)
  return { ok: true, value: percent / 100 }
}

/** The shortest exact way to write a duration; 0 is `0s`. */
export function formatDuration (ms: number): string {
  for (const unit of ['h', 'm', 's']) {
    if (ms > 0 && ms % MS_PER_UNIT[unit]! === 0) return `${ms / MS_PER_UNIT[unit]!}${unit}`
  }
  return ms === 0 ? '0s' : `${ms}ms`
}

/** The shortest exact way to write a size; 0 is `0B`. */
export function formatSize (bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    if (bytes > 0 && bytes % BYTES_PER_UNIT[unit]! === 0) return `${bytes / BYTES_PER_UNIT[unit]!}${unit}`
  }
  return `${bytes}B`
}

type Units = Readonly<Record<string, number>>

function parseAmount (
  input: unknown, units: Units, habit: ReadonlyMap<string, string>, expected: string
): Parsed<number> {
  if (input === 0 || input === '0') return { ok: true, value: 0 }
  if (typeof input === 'number') return refuse(expected, input, 'add a unit')
  const match = typeof input === 'string' ? AMOUNT.exec(input) : null
  if (match === null) return refuse(expected, input)
  const [, digits, unit] = match as unknown as [string, string, string]
  if (unit === '') return refuse(expected, input, 'add a unit')
  const factor = Object.hasOwn(units, unit) ? units[unit]! : undefined
  if (factor === undefined) {
    const meant = habit.get(unit)
    const advice = meant === undefined ? `"${unit}" is no unit` : `did you mean "${digits}${meant}"?`
    return refuse(expected, input, advice)
  }
  const value = Number(digits) * factor
  return Number.isSafeInteger(value) ? { ok: true, value } : refuse(expected, input, 'too large')
}

function habits (wordsByUnit: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(wordsByUnit)
    .flatMap(([unit, words]) => words.split(' ').map(word => [word, unit] as const)))
}

/** A refusal in the one form that all of them have: what was expected, what came, and advice in brackets. */
export function refuse (expected: string, input: unknown, advice?: string): { ok: false, reason: string } {
  return { ok: false, reason: `expected ${expected}, got ${describeValue(input)}${advice ? ` (${advice})` : ''}` }
}

/** A value in words, for messages: `"text"`, `the number 7`, `a list`, `nothing`. Long texts are cut. */
export function describeValue (input: unknown): string {
  if (input === undefined || input === null) return 'nothing'
  if (typeof input === 'string') return input.length > 60 ? `"${input.slice(0, 60)}…"` : `"${input}"`
  if (typeof input === 'number' || typeof input === 'bigint') return `the number ${input}`
  if (typeof input === 'boolean') return `${input}`
  return Array.isArray(input) ? 'a list' : 'a mapping'
}
