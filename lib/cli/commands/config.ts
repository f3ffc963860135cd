/**
 * `fnlb config show|schema|defaults`: the effective configuration and where each value came from, the JSON Schema for
 * editors, and all defaults.
 */
import { FnlbError } from '../../errors.ts'
import { CONFIG_OPTION, configFileOf } from '../command.ts'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { Io } from '../io.ts'

const VIEWS = ['show', 'schema', 'defaults'] as const

export const config: Command = {
  usage: 'config [view]',
  describe: 'print the effective configuration, its schema or the defaults',
  positionals: { view: { describe: 'show, schema or defaults' } },
  options: {
    config: CONFIG_OPTION,
    output: {
      alias: 'o', choices: ['yaml', 'json'], requiresArg: true, describe: 'format (default: yaml; schema: json)'
    },
    origin: { type: 'boolean', describe: 'with show: where each value came from' }
  },
  examples: [
    ['fnlb config show -c config.yaml --origin', 'effective values: file and line, environment, flag or default'],
    ['fnlb config schema > config.schema.json', 'for completion in an editor']
  ],
  run: async (args, io) => {
    const view = args['view']
    switch (view) {
      case 'show': return await show(args, io)
      case 'schema': return await schema(args, io)
      case 'defaults': return await defaults(args, io)
      default: throw await wrongView(view)
    }
  }
}

async function wrongView (view: unknown): Promise<FnlbError> {
  const { didYouMean } = await import('../../config/suggest.ts')
  const message = view === undefined ? 'config needs to know what to print' : `there is no "config ${String(view)}"`
  return new FnlbError('FNLB_USAGE', `${message}${typeof view === 'string' ? didYouMean(view, VIEWS) : ''}`, {
    hint: `one of: ${VIEWS.map(name => `fnlb config ${name}`).join(', ')}`
  })
}

async function show (args: Arguments, io: Io): Promise<number> {
  const { loadConfig } = await import('../../config/load.ts')
  const file = configFileOf(args, io)
  // A configuration without pools is worth showing too.
  const result = loadConfig({
    ...(file === undefined ? {} : { file }), environment: io.environment, allowNoPools: true
  })
  if (!result.ok) {
    const { printProblems } = await import('../config-report.ts')
    printProblems(io, result.problems)
    return EXIT.usage
  }
  const { renderDocument } = await import('../output/document.ts')
  io.out(renderDocument(result.document, formatOf(args, 'yaml'), args['origin'] === true ? result.origins : undefined))
  return EXIT.ok
}

async function schema (args: Arguments, io: Io): Promise<number> {
  const { configJsonSchema } = await import('../../config/json-schema.ts')
  const { renderDocument } = await import('../output/document.ts')
  io.out(renderDocument(configJsonSchema(), formatOf(args, 'json')))
  return EXIT.ok
}

async function defaults (args: Arguments, io: Io): Promise<number> {
  const { defaultDocument } = await import('../../config/defaults.ts')
  const { renderDocument } = await import('../output/document.ts')
  io.out(renderDocument(defaultDocument(), formatOf(args, 'yaml')))
  return EXIT.ok
}

function formatOf (args: Arguments, fallback: 'yaml' | 'json'): 'yaml' | 'json' {
  const format = args['output']
  return format === 'yaml' || format === 'json' ? format : fallback
}
