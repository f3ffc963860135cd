/**
 * Writes what is generated from the schema: `config.schema.json` and `docs/configuration.md`, into the directory given
 * as the argument (default: the working directory). `npm run schema` runs it; tests fail while a file is stale.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configJsonSchema } from './json-schema.ts'
import { configReference } from './reference.ts'

const root = process.argv[2] ?? process.cwd()
mkdirSync(join(root, 'docs'), { recursive: true })
writeFileSync(join(root, 'config.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
writeFileSync(join(root, 'docs', 'configuration.md'), configReference())
