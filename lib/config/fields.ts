/**
 * The kinds of values that the schema is made of. Each kind carries what zod alone does not know: its name in the
 * reference page, its JSON Schema, and how a text from an environment variable or a flag becomes a value.
 *
 * A parsed document keeps quantities as they were written (`"5s"`), so that it can be shown again; `resolve.ts` turns
 * them into numbers with the same parsers.
 */
import * as z from 'zod'
import {
  DURATION_PATTERN, PERCENT_PATTERN, SIZE_PATTERN, describeValue, formatDuration, formatSize, parseDuration,
  parsePercent, parseSize
} from './units.ts'
import type { Parsed } from './units.ts'

/** What is known of one kind of value. */
export interface ValueKind {
  /** For people: `duration, 1s to 1h`. */
  readonly label: string
  /** For editors; keywords of JSON Schema draft 7. Absent: what zod makes of it is good enough. */
  readonly json?: Readonly<Record<string, unknown>>
  /** The value that a text from the environment or a flag stands for. It is validated afterwards like any other. */
  readonly fromText: (text: string) => unknown
}

/** Kinds by schema. Looked up by the walkers: environment, reference, JSON Schema. */
export const kinds = z.registry<ValueKind>()

/** A quantity as written; the number 0 needs no unit. */
export type Quantity = string | 0

/** The entries of a comma-separated text; an empty text has none. */
export function splitList (value: string): string[] {
  return value === '' ? [] : value.split(',').map(part => part.trim())
}

const asIs = (text: string): unknown => text
const asNumber = (text: string): unknown => /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text
const asBoolean = (text: string): unknown => text === 'true' ? true : text === 'false' ? false : text

/** A value with a parser of its own; the parser's words are the error message. */
export function parsed<T> (description: string, parse: (input: unknown) => Parsed<unknown>, kind: ValueKind) {
  return z.custom<T>(input => parse(input).ok, {
    error: issue => {
      const result = parse(issue.input)
      return result.ok ? undefined : result.reason
    }
  }).meta({ description }).register(kinds, kind)
}

export interface Bounds {
  readonly default: string
  readonly min: string
  readonly max: string
  /** 0 is allowed besides, and means this (`no limit`, `off`). */
  readonly zero?: string
}

export function duration (description: string, bounds: Bounds) {
  return parsed<Quantity>(description, bounded(parseDuration, formatDuration, bounds), {
    label: label('duration', bounds),
    json: { anyOf: [{ type: 'string', pattern: DURATION_PATTERN }, { const: 0 }] },
    fromText: asIs
  }).default(bounds.default)
}

export function size (description: string, bounds: Bounds) {
  return parsed<Quantity>(description, bounded(parseSize, formatSize, bounds), {
    label: label('size', bounds),
    json: { anyOf: [{ type: 'string', pattern: SIZE_PATTERN }, { const: 0 }] },
    fromText: asIs
  }).default(bounds.default)
}

export function percent (description: string, defaultValue: string) {
  return parsed<Quantity>(description, parsePercent, {
    label: 'percentage, 0% to 100%',
    json: { anyOf: [{ type: 'string', pattern: PERCENT_PATTERN }, { const: 0 }] },
    fromText: asIs
  }).default(defaultValue)
}

export interface Range {
  readonly default: number
  readonly min: number
  readonly max: number
  readonly zero?: string
}

/** A whole number. */
export function integer (description: string, range: Range) {
  const words = `a whole number from ${range.min} to ${range.max}`
  return z.int({ error: issue => `expected ${words}, got ${describeValue(issue.input)}` })
    .min(range.min, { error: issue => `expected ${words}, got ${describeValue(issue.input)}` })
    .max(range.max, { error: issue => `expected ${words}, got ${describeValue(issue.input)}` })
    .meta({ description })
    .register(kinds, {
      label: `integer, ${range.min} to ${range.max}${range.zero ? ` (0: ${range.zero})` : ''}`, fromText: asNumber
    })
    .default(range.default)
}

/** A number that may have a fraction. */
export function decimal (description: string, range: Range) {
  const words = `a number from ${range.min} to ${range.max}`
  return z.number({ error: issue => `expected ${words}, got ${describeValue(issue.input)}` })
    .min(range.min, { error: issue => `expected ${words}, got ${describeValue(issue.input)}` })
    .max(range.max, { error: issue => `expected ${words}, got ${describeValue(issue.input)}` })
    .meta({ description })
    .register(kinds, { label: `number, ${range.min} to ${range.max}`, fromText: asNumber })
    .default(range.default)
}

export function choice<const T extends readonly [string, ...string[]]> (
  description: string, values: T, defaultValue: T[number]
) {
  return z.enum(values).meta({ description })
    .register(kinds, { label: `one of ${values.map(value => `\`${value}\``).join(', ')}`, fromText: asIs })
    .default(defaultValue as never)
}

export function yesNo (description: string, defaultValue: boolean) {
  return z.boolean().meta({ description })
    .register(kinds, { label: 'true or false', fromText: asBoolean })
    .default(defaultValue)
}

/** A text with a rule of its own. */
export function text (description: string, name: string, parse: (input: unknown) => Parsed<unknown>) {
  return parsed<string>(description, parse, { label: name, json: { type: 'string' }, fromText: asIs })
}

/** A mapping whose keys all have defaults; absent is the same as empty. */
export function section<T extends z.ZodRawShape> (description: string, shape: T) {
  const object = z.strictObject(shape).meta({ description })
  return object.prefault({} as never)
}

function bounded (
  parse: (input: unknown) => Parsed<number>, format: (value: number) => string, bounds: Bounds
): (input: unknown) => Parsed<number> {
  const min = valueOf(parse, bounds.min)
  const max = valueOf(parse, bounds.max)
  return input => {
    const result = parse(input)
    if (!result.ok || (result.value === 0 && bounds.zero !== undefined)) return result
    if (result.value >= min && result.value <= max) return result
    const zero = bounds.zero === undefined ? '' : `, or 0 (${bounds.zero})`
    return { ok: false, reason: `expected ${format(min)} to ${format(max)}${zero}, got ${describeValue(input)}` }
  }
}

function valueOf (parse: (input: unknown) => Parsed<number>, input: string): number {
  const result = parse(input)
  if (!result.ok) throw new TypeError(result.reason)
  return result.value
}

function label (kind: string, bounds: Bounds): string {
  return `${kind}, ${bounds.min} to ${bounds.max}${bounds.zero ? ` (0: ${bounds.zero})` : ''}`
}
