/** Runs the daemon as a process of its own, for tests: options as JSON in the first argument. Prints errors as JSON. */
import { runDaemon } from '../../../lib/daemon.ts'
import type { DaemonOptions } from '../../../lib/daemon.ts'
import { FnlbError } from '../../../lib/errors.ts'

const { bug, entry, ...options } = JSON.parse(process.argv[2]!) as DaemonOptions & { bug?: string, entry?: string }
if (bug !== undefined) {
  process.on('SIGUSR2', () => {
    if (bug === 'throw') setImmediate(() => { throw new Error('thrown on purpose') })
    else void Promise.reject(new Error('rejected on purpose'))
  })
}
try {
  process.exitCode = await runDaemon({ ...options, ...(entry !== undefined && { threadEntry: new URL(entry) }) })
} catch (error) {
  if (!(error instanceof FnlbError)) throw error
  console.error(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }))
  process.exitCode = error.exitCode
}
