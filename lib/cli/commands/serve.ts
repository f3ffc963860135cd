/**
 * `fnlb serve`: reads and checks the configuration and hands a plan to whoever starts the daemon. In the usual case
 * this runs in a short-lived child process (see launch.ts), so nothing here may keep state.
 */
import type { Config, Origins } from '../../config/config.ts'
import type { Flags } from '../../config/flags.ts'
import { CONFIG_OPTION, configFileOf, listOf, textOf } from '../command.ts'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { Io } from '../io.ts'

/** What `runDaemon` of lib/daemon.ts takes. Plain data. */
export interface ServePlan {
  readonly config: Config
  readonly origins: Origins
  /** Add a pool of embedded demo runners. */
  readonly demo: boolean
  readonly configFile?: string
}

/** Starts the daemon and gives its exit code once it has stopped. */
export type Start = (plan: ServePlan) => Promise<number>

/** The command; `start` is called only with a configuration that has no errors. */
export function serveCommand (start: Start): Command {
  return {
    usage: 'serve',
    describe: 'run the daemon',
    options: {
      config: CONFIG_OPTION,
      listen: {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'where clients connect: ":8080", "unix:/run/fnlb.sock"'
      },
      node: { type: 'string', array: true, requiresArg: true, describe: 'runner nodes of the only pool, as host:port' },
      workers: { type: 'string', requiresArg: true, describe: 'data threads: auto or a number' },
      admin: { type: 'string', requiresArg: true, describe: 'where the admin server listens; "" switches it off' },
      demo: { type: 'boolean', describe: 'add a pool of embedded demo runners' }
    },
    examples: [
      ['fnlb serve --demo', 'try it without anything else'],
      ['fnlb serve --node 10.0.0.1:8080 --node 10.0.0.2:8080', 'two runners, no file'],
      ['fnlb serve -c config.yaml', 'the usual way']
    ],
    run: (args, io) => serve(args, io, start)
  }
}

async function serve (args: Arguments, io: Io, start: Start): Promise<number> {
  const { loadConfig } = await import('../../config/load.ts')
  const { printProblems, printWarnings } = await import('../config-report.ts')
  const file = configFileOf(args, io)
  const demo = args['demo'] === true
  const result = loadConfig({
    ...(file === undefined ? {} : { file }),
    environment: io.environment,
    flags: flagsOf(args),
    allowNoPools: demo
  })
  if (!result.ok) {
    printProblems(io, result.problems, '; nothing was started')
    return EXIT.usage
  }
  printWarnings(io, result.warnings)
  return await start({
    config: result.config,
    origins: result.origins,
    demo,
    ...(file === undefined ? {} : { configFile: file })
  })
}

function flagsOf (args: Arguments): Flags {
  const listen = listOf(args, 'listen')
  const node = listOf(args, 'node')
  const workers = textOf(args, 'workers')
  const admin = textOf(args, 'admin')
  return {
    ...(listen === undefined ? {} : { listen }),
    ...(node === undefined ? {} : { node }),
    ...(workers === undefined ? {} : { workers }),
    ...(admin === undefined ? {} : { admin })
  }
}
