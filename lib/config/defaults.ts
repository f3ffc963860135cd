/**
 * All defaults as a document. A pool's defaults are shown in a pool named `fn` that has no nodes yet.
 */
import { poolSchema } from './pool-schema.ts'
import { schema } from './schema.ts'

/** The defaults as they would be written; not valid until nodes are named. */
export function defaultDocument (): Record<string, unknown> {
  const pool = poolSchema.parse({ nodes: ['example:8080'] })
  return { ...schema.parse({}), pools: { fn: { ...pool, nodes: [] } } }
}
