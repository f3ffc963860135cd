/**
 * Where each effective value came from, as `config show --origin` prints it.
 */
import type { Origins } from './config.ts'
import type { Draft } from './draft.ts'
import { formatPath, formatSource } from './problem.ts'
import type { Path, Source } from './problem.ts'

/** The origins of all leaves of a validated document. */
export function originsOf (document: unknown, draft: Draft): Origins {
  const origins: Record<string, string> = {}
  walk(document, [], (path, source) => {
    origins[formatPath(path)] = source
  }, draft)
  return origins
}

function walk (value: unknown, path: Path, visit: (path: Path, origin: string) => void, draft: Draft): void {
  const isList = Array.isArray(value)
  if (typeof value === 'object' && value !== null) {
    const entries: (readonly [string | number, unknown])[] = isList
      ? value.map((entry: unknown, index) => [index, entry] as const)
      : Object.entries(value)
    for (const [step, entry] of entries) walk(entry, [...path, step], visit, draft)
    if (entries.length > 0) return
  }
  visit(path, draft.has(path) ? originText(draft.source(path)) : 'default')
}

/** Without the column: a line is what one looks for. */
function originText (source: Source): string {
  if (source.kind !== 'file') return formatSource(source)
  return formatSource(source.line === undefined ? source : { kind: 'file', file: source.file, line: source.line })
}
