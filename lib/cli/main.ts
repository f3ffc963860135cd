/**
 * The entry of the command line: checks the Node.js version, runs one command, and turns whatever happens into an exit
 * code and at most a few lines on standard error. It loads next to nothing by itself, because `serve` stays in this
 * process for good, and each package that is loaded here costs the daemon memory.
 */
import { FnlbError } from '../errors.ts'
import { EXIT } from './exit-codes.ts'
import { printFailure, processIo } from './io.ts'
import type { Io } from './io.ts'
import { judgeNodeVersion } from './node-version.ts'

/** Commands that run a proxy, or say whether one could run; the others do not touch the network. */
const WARNED_COMMANDS = new Set(['serve', 'check'])

/** @returns the exit code; see exit-codes.ts. Never throws. */
export async function main (argv: readonly string[], io: Io = processIo()): Promise<number> {
  const node = judgeNodeVersion(process.versions.node)
  if (node.verdict === 'unsupported') {
    printFailure(io, node.message, node.hint)
    return EXIT.usage
  }
  if (node.verdict === 'outdated' && WARNED_COMMANDS.has(argv[0] ?? '')) printFailure(io, node.warning, node.hint)
  try {
    if (argv[0] === 'serve') {
      const { launch } = await import('./launch.ts')
      return await launch(argv, io)
    }
    const { run } = await import('./run.ts')
    return await run(argv, io)
  } catch (error) {
    return reportFailure(error, io)
  }
}

/** Prints what ended a command and gives the exit code. */
export function reportFailure (error: unknown, io: Io): number {
  if (error instanceof FnlbError) {
    printFailure(io, error.message, error.hint)
    return error.exitCode
  }
  printFailure(io, `internal error: ${error instanceof Error ? error.stack ?? error.message : String(error)}`,
    'this is a bug in fnlb; please report it with the lines above')
  return EXIT.bug
}
