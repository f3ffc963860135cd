/**
 * `fnlb check`: validates file and environment as `serve` would, starts nothing.
 */
import { CONFIG_OPTION, configFileOf } from '../command.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

export const check: Command = {
  usage: 'check',
  describe: 'validate the configuration and start nothing',
  options: { config: CONFIG_OPTION },
  examples: [['fnlb check -c config.yaml', 'every problem with file, line and column']],
  run: async (args, io) => {
    const { loadConfig } = await import('../../config/load.ts')
    const { printProblems, printWarnings, summary } = await import('../config-report.ts')
    const file = configFileOf(args, io)
    const result = loadConfig({ ...(file === undefined ? {} : { file }), environment: io.environment })
    if (!result.ok) {
      printProblems(io, result.problems)
      return EXIT.usage
    }
    printWarnings(io, result.warnings)
    io.out(summary(result.config, file ?? 'environment alone'))
    return EXIT.ok
  }
}
