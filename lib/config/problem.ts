/**
 * A problem found in a configuration: what is wrong, at which value, and where that value was written.
 */

/** Keys and list indices from the root of the document. */
export type Path = readonly (string | number)[]

/** Where a value was written. */
export type Source =
  | { readonly kind: 'file', readonly file: string, readonly line?: number, readonly column?: number }
  | { readonly kind: 'env', readonly name: string }
  | { readonly kind: 'flag', readonly name: string }
  | { readonly kind: 'none' }

export interface Problem {
  /** Warnings do not keep the daemon from starting. */
  readonly severity: 'error' | 'warning'
  readonly path: Path
  readonly message: string
  readonly source: Source
}

/** `pools.fn.nodes[0].address` */
export function formatPath (path: Path): string {
  return path.reduce<string>((text, step) =>
    typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`, '')
}

/** `config.yaml:14:5`, `env FNLB_WORKERS`, `flag --workers`, or an empty text. */
export function formatSource (source: Source): string {
  switch (source.kind) {
    case 'file': {
      const position = [source.line, source.column].filter(part => part !== undefined)
      return [source.file, ...position].join(':')
    }
    case 'env': return `env ${source.name}`
    case 'flag': return `flag --${source.name}`
    case 'none': return ''
  }
}

/** One line: `config.yaml:14:5 pools.fn.probe.intervall: unknown key, did you mean "interval"?` */
export function formatProblem (problem: Problem): string {
  const where = [formatSource(problem.source), formatPath(problem.path)].filter(part => part !== '').join(' ')
  const text = where === '' ? problem.message : `${where}: ${problem.message}`
  return problem.severity === 'warning' ? `warning: ${text}` : text
}

/** In reading order: by file position, then environment by name, then flags; what has no place comes first. */
export function sortProblems (problems: readonly Problem[]): Problem[] {
  const rank = { none: 0, file: 1, env: 2, flag: 3 }
  const key = ({ source }: Problem): readonly number[] => source.kind === 'file'
    ? [rank.file, source.line ?? 0, source.column ?? 0]
    : [rank[source.kind], 0, 0]
  return [...problems].sort((a, b) => {
    const [left, right] = [key(a), key(b)]
    return left[0]! - right[0]! || left[1]! - right[1]! || left[2]! - right[2]! || compareVariables(a.source, b.source)
  })
}

function compareVariables (a: Source, b: Source): number {
  if (a.kind !== 'env' || b.kind !== 'env') return 0
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
