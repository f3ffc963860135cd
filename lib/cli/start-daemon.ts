/**
 * Becomes the daemon: the one place of the command line that loads it.
 */
import type { Start } from './commands/serve.ts'

/** Runs the daemon in this process; ends when it has stopped. */
export const startDaemon: Start = async plan => {
  const { runDaemon } = await import('../daemon.ts')
  return await runDaemon(plan)
}
