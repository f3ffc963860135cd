/**
 * What a command is to the tree: words for the help, its options, and a function from arguments to an exit code.
 */
import type { Options } from 'yargs'
import type { Io } from './io.ts'

export interface Command {
  /** As yargs takes it: `config [view]`. */
  readonly usage: string
  readonly describe: string
  readonly options: Readonly<Record<string, Options>>
  readonly positionals?: Readonly<Record<string, { readonly describe: string }>>
  readonly examples?: readonly (readonly [command: string, meaning: string])[]
  readonly run: (args: Arguments, io: Io) => Promise<number> | number
}

/** Parsed arguments by option name. */
export type Arguments = Readonly<Record<string, unknown>>

/** The option that all commands which read the configuration have. */
export const CONFIG_OPTION: Options = {
  alias: 'c', type: 'string', requiresArg: true, describe: 'configuration file (default: $FNLB_CONFIG, else none)'
}

/** A text option that may be given once; nothing when it was not. */
export function textOf (args: Arguments, name: string): string | undefined {
  const value = args[name]
  return typeof value === 'string' ? value : undefined
}

export function listOf (args: Arguments, name: string): readonly string[] | undefined {
  const value = args[name]
  return Array.isArray(value) ? value.map(String) : undefined
}

/** The configuration file that `-c` or the environment names. */
export function configFileOf (args: Arguments, io: Io): string | undefined {
  return textOf(args, 'config') ?? (io.environment['FNLB_CONFIG'] || undefined)
}
