/**
 * A configuration that is still being checked: the raw values of file, environment and flags laid over each other, and
 * for each value where it came from. Also what the cross-checks read from, so that they can run beside other errors: a
 * value that is absent reads as its default, and one that is itself wrong reads as nothing.
 */
import type { Override } from './env.ts'
import { formatPath } from './problem.ts'
import type { Path, Problem, Source } from './problem.ts'
import { treeAt } from './schema-tree.ts'
import type { YamlText } from './yaml-text.ts'
import type { Parsed } from './units.ts'

export class Draft {
  readonly raw: Readonly<Record<string, unknown>>
  readonly problems: Problem[] = []
  readonly #file: string | undefined
  readonly #locate: YamlText['locate']
  readonly #overrides = new Map<string, Override>()
  readonly #faulty = new Set<string>()

  constructor (file: string | undefined, yaml: Pick<YamlText, 'value' | 'locate'>, overrides: readonly Override[]) {
    this.#file = file
    this.#locate = yaml.locate
    let raw: unknown = yaml.value
    for (const override of overrides) {
      raw = withValue(raw, override.path, override.value)
      this.#overrides.set(formatPath(override.path), override)
    }
    this.raw = raw as Record<string, unknown>
  }

  /** Where a value (or its key) was written; for what was not written, where its nearest parent was. */
  source (path: Path, part: 'key' | 'value' = 'value'): Source {
    for (let length = path.length; length > 0; length--) {
      const override = this.#overrides.get(formatPath(path.slice(0, length)))
      if (override !== undefined) return override.source
    }
    if (this.#file === undefined) return { kind: 'none' }
    for (let length = path.length; length > 0; length--) {
      // Of a parent, the key is what shows where something is missing.
      const position = this.#locate(path.slice(0, length), length < path.length ? 'key' : part)
      if (position !== undefined) return { kind: 'file', file: this.#file, ...position }
    }
    return { kind: 'file', file: this.#file }
  }

  /** Whether the value was written anywhere, rather than being a default. */
  has (path: Path): boolean {
    return valueAt(this.raw, path) !== undefined
  }

  error (path: Path, message: string, part: 'key' | 'value' = 'value'): void {
    this.problems.push({ severity: 'error', path, message, source: this.source(path, part) })
    for (let length = path.length; length > 0; length--) this.#faulty.add(formatPath(path.slice(0, length)))
  }

  warn (path: Path, message: string): void {
    this.problems.push({ severity: 'warning', path, message, source: this.source(path) })
  }

  /** The value at a path, or its default; nothing when it, or something in it, is already known to be wrong. */
  value (path: Path): unknown {
    if (this.#faulty.has(formatPath(path))) return undefined
    return valueAt(this.raw, path) ?? defaultAt(path)
  }

  /** The value, parsed; nothing when it does not parse. */
  parsed<T> (path: Path, parse: (input: unknown) => Parsed<T>): T | undefined {
    const result = parse(this.value(path))
    return result.ok ? result.value : undefined
  }

  text (path: Path): string | undefined {
    const value = this.value(path)
    return typeof value === 'string' ? value : undefined
  }

  number (path: Path): number | undefined {
    const value = this.value(path)
    return typeof value === 'number' ? value : undefined
  }

  /** The entries of a list, as they are, even if some are wrong. */
  list (path: Path): readonly unknown[] {
    const value = valueAt(this.raw, path) ?? defaultAt(path)
    return Array.isArray(value) ? value : []
  }

  /** The keys of a mapping, even if what they hold is wrong. */
  keys (path: Path): string[] {
    const value = valueAt(this.raw, path)
    return isRecord(value) ? Object.keys(value) : []
  }
}

function isRecord (value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valueAt (root: unknown, path: Path): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[step]
  }
  return value
}

function defaultAt (path: Path): unknown {
  const parent = treeAt(path.slice(0, -1))
  return parent?.type === 'section' ? parent.fields.get(String(path.at(-1)))?.default : undefined
}

// A copy, so that what the file said stays as it was. A parent of the wrong type is replaced: the override wins.
function withValue (root: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  const copy: Record<string, unknown> = isRecord(root) ? { ...root } : {}
  copy[step] = withValue(copy[step], rest, value)
  return copy
}
