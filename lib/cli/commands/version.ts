/**
 * `fnlb version`: what runs here.
 */
import { fnlbVersion } from '../../version.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

export const version: Command = {
  usage: 'version',
  describe: 'print the version of fnlb and of Node.js',
  options: { output: { alias: 'o', choices: ['text', 'json'], requiresArg: true, describe: 'format (default: text)' } },
  run: (args, io) => {
    const facts = { version: fnlbVersion(), node_version: process.versions.node }
    io.out(args['output'] === 'json'
      ? `${JSON.stringify(facts)}\n`
      : `fnlb ${facts.version} (Node.js ${facts.node_version})\n`)
    return EXIT.ok
  }
}
