/**
 * `fnlb serve` in two processes: a short-lived child parses the command line and the configuration and prints what is
 * wrong with them; this process gets the finished plan and becomes the daemon.
 *
 * The parsers (yargs, zod, yaml) are needed for a tenth of a second, yet a process that has loaded them keeps their
 * memory for good: 88 MB against 51 MB here, on Node 26, before any data thread runs. An idle daemon may have 90 MB.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ServePlan, Start } from './commands/serve.ts'
import { EXIT } from './exit-codes.ts'
import type { Io } from './io.ts'
import { startDaemon } from './start-daemon.ts'

/** A plan of sixteen pools with a thousand nodes each takes about 5 MB. */
const MAX_PLAN_BYTES = 64 * 1024 * 1024

/** The descriptor on which the child hands over the plan. */
export const PLAN_FD = 3

/** Runs `serve` and gives the exit code once the daemon has stopped, or at once when it can not start. */
export async function launch (argv: readonly string[], io: Io, start: Start = startDaemon): Promise<number> {
  // Beside this file, with the same ending: `.js` as built, `.ts` where Node.js runs the sources.
  const entry = fileURLToPath(new URL(`./plan-entry${import.meta.url.slice(-3)}`, import.meta.url))
  const child = spawnSync(process.execPath, [entry, ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: io.environment as NodeJS.ProcessEnv,
    maxBuffer: MAX_PLAN_BYTES
  })
  if (child.error !== undefined) {
    // No second process to be had (a limit on processes or memory): parse here, at the price of the memory.
    const { run } = await import('./run.ts')
    return await run(argv, io, start)
  }
  if (child.signal !== null) return child.signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted
  const plan = child.output[PLAN_FD]
  // Help was asked for, or the configuration is wrong; the child has said so.
  if (child.status !== EXIT.ok || !plan?.length) return child.status ?? EXIT.bug
  return await start(JSON.parse(plan.toString()) as ServePlan)
}
