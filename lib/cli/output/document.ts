/**
 * Renders a configuration as YAML or JSON, on request with the origin of each value beside it.
 */
import { Document, isMap, isScalar, isSeq } from 'yaml'
import type { Node } from 'yaml'
import type { Origins } from '../../config/config.ts'
import { formatPath } from '../../config/problem.ts'
import type { Path } from '../../config/problem.ts'

export function renderDocument (value: unknown, format: 'yaml' | 'json', origins?: Origins): string {
  if (format === 'json') {
    return `${JSON.stringify(origins === undefined ? value : { config: value, origins }, null, 2)}\n`
  }
  const document = new Document(value, { aliasDuplicateObjects: false })
  if (origins !== undefined) annotate(document.contents, [], origins)
  // yaml puts the comment of an empty list on a line of its own.
  return document.toString({ lineWidth: 0 }).replace(/\n\s+(\[\]|\{\})\n\s+#/g, ' $1 #')
}

/** Puts each leaf's origin into a comment behind it. */
function annotate (node: unknown, path: Path, origins: Origins): void {
  if (isMap(node)) {
    for (const pair of node.items) {
      annotate(pair.value, [...path, isScalar(pair.key) ? String(pair.key.value) : ''], origins)
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => annotate(item, [...path, index], origins))
  }
  const origin = origins[formatPath(path)]
  if (origin !== undefined) (node as Node).comment = ` ${origin}`
}
