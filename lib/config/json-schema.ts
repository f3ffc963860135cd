/**
 * JSON Schema (draft 7, what editors' YAML support understands best) of the configuration file, from the zod schema.
 */
import * as z from 'zod'
import { kinds } from './fields.ts'
import { schema } from './schema.ts'
import { MAX_POOLS } from '../tables/counters.ts'

/** The content of config.schema.json. */
export function configJsonSchema (): Record<string, unknown> {
  const generated = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const json = kinds.get(zodSchema)?.json
      if (json !== undefined) Object.assign(jsonSchema, json)
      // A section without keys has the defaults of its keys; an editor would offer the empty one.
      if (zodSchema instanceof z.ZodPrefault) delete jsonSchema.default
      if (zodSchema instanceof z.ZodRecord) jsonSchema.maxProperties = MAX_POOLS
    }
  })
  const { $schema, ...rest } = generated
  return { $schema, title: 'fnlb configuration', ...rest }
}
