/**
 * The command tree on yargs: strict, one line per mistake with a suggestion, no help text thrown at a typo.
 */
import yargs from 'yargs'
import type { Argv } from 'yargs'
import { didYouMean } from '../config/suggest.ts'
import { FnlbError } from '../errors.ts'
import type { Command } from './command.ts'
import { EXIT, EXIT_CODE_HELP } from './exit-codes.ts'
import type { Io } from './io.ts'

const HELP_COLUMNS = 110

/** Runs the command that `argv` names and gives its exit code. @throws FnlbError for a wrong command line. */
export async function runCommand (argv: readonly string[], commands: readonly Command[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok
  const tree = yargs()
    .scriptName('fnlb')
    .usage('$0 <command>\n\nSends each function call to a runner that is already warm for it.')
    // The locale of the environment must not change messages that are matched below.
    .locale('en')
    .exitProcess(false)
    .strict()
    .version(false)
    .help()
    .alias('help', 'h')
    .wrap(Math.min(HELP_COLUMNS, io.columns ?? HELP_COLUMNS))
    .parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false, 'dot-notation': false })
    .epilogue(EXIT_CODE_HELP)
    .fail((message, error) => {
      // An error that is not from yargs was thrown by a command and passes as it is.
      if (error !== undefined && error.name !== 'YError') throw error
      throw usageError(message ?? error?.message ?? 'wrong command line', argv, commands)
    })
  for (const command of commands) {
    tree.command({
      command: command.usage,
      describe: command.describe,
      builder: ((builder: Argv) => build(builder, command)) as never,
      handler: async args => {
        rejectRepeats(args, command)
        exitCode = await command.run(args, io)
      }
    })
  }
  tree.demandCommand(1, 'no command is given')
  let output = ''
  await tree.parseAsync(argv, {}, (_error, _args, text) => {
    output = text
  })
  if (output !== '') io.out(`${output}\n`)
  return exitCode
}

function build (builder: Argv, command: Command): Argv {
  for (const [name, facts] of Object.entries(command.positionals ?? {})) {
    builder.positional(name, { ...facts, type: 'string' })
  }
  builder.options(command.options)
  for (const [example, meaning] of command.examples ?? []) builder.example(example, meaning)
  return builder
}

// yargs makes a list of a text option that is given twice.
function rejectRepeats (args: Readonly<Record<string, unknown>>, command: Command): void {
  for (const [name, option] of Object.entries(command.options)) {
    if (option.array === true || !Array.isArray(args[name])) continue
    throw new FnlbError('FNLB_USAGE', `--${name} is given more than once`, { hint: 'give it once' })
  }
}

function usageError (message: string, argv: readonly string[], commands: readonly Command[]): FnlbError {
  const names = commands.map(command => nameOf(command))
  const given = argv.find(argument => !argument.startsWith('-'))
  const command = commands.find(candidate => nameOf(candidate) === given)
  if (command === undefined) {
    const hint = `the commands are: ${names.join(', ')}; more with fnlb --help`
    if (given === undefined) return new FnlbError('FNLB_USAGE', 'no command is given', { hint })
    return new FnlbError('FNLB_USAGE', `there is no command "${given}"${didYouMean(given, names)}`, { hint })
  }
  const hint = `fnlb ${nameOf(command)} --help lists its options`
  return new FnlbError('FNLB_USAGE', wordsOf(message, argv, command), { hint })
}

function nameOf (command: Command): string {
  return command.usage.split(' ', 1)[0]!
}

function wordsOf (message: string, argv: readonly string[], command: Command): string {
  const known = Object.keys(command.options)
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)
  if (unknown !== null) {
    const name = unknown[1]!.split(', ', 1)[0]!
    const isFlag = argv.some(argument => /^--?([^=]*)/.exec(argument)?.[1] === name)
    if (!isFlag) return `${nameOf(command)} does not take "${name}"`
    return `there is no option ${name.length === 1 ? '-' : '--'}${name}${suggestOption(name, known)}`
  }
  const lacking = /^Not enough arguments following: (.*)$/.exec(message)
  if (lacking !== null) {
    const name = lacking[1]!
    return `${name.length === 1 ? '-' : '--'}${name} needs a value`
  }
  const choice = /Argument: (\S+), Given: (.*), Choices: (.*)$/s.exec(message)
  if (choice !== null) return `--${choice[1]!} can not be ${choice[2]!}, only one of ${choice[3]!}`
  return message.split('\n', 1)[0]!
}

function suggestOption (name: string, known: readonly string[]): string {
  return didYouMean(name, known).replace('"', '"--')
}
