/**
 * All commands in one place, run within this process.
 */
import { check } from './commands/check.ts'
import { config } from './commands/config.ts'
import { serveCommand } from './commands/serve.ts'
import type { Start } from './commands/serve.ts'
import { version } from './commands/version.ts'
import type { Io } from './io.ts'
import { startDaemon } from './start-daemon.ts'
import { runCommand } from './tree.ts'

/** @param start what `serve` does with its plan. */
export async function run (argv: readonly string[], io: Io, start: Start = startDaemon): Promise<number> {
  const args = argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v') ? ['version'] : argv
  return await runCommand(args, [serveCommand(start), check, config, version], io)
}
