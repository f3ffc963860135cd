/**
 * The process of one instance: stands for a container. It loads one function (argument 1), which opens its socket
 * through the FDK, and it must never outlive its runner: standard input is a pipe that nobody writes to, so its end
 * means that the runner is gone, however it died.
 */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'

const name = process.argv[2] ?? ''
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

function endWithRunner (): void {
  const socket = process.env['FN_LISTENER'] ?? ''
  // A runner that was killed cannot remove the directory any more.
  if (socket.startsWith('unix:/')) rmSync(dirname(socket.slice('unix:'.length)), { recursive: true, force: true })
  // A function may hold the process by timers or exit handlers; the end of a container asks nobody.
  process.kill(process.pid, 'SIGKILL')
}

process.stdin.on('end', endWithRunner)
process.stdin.on('error', endWithRunner)
process.stdin.resume()
await import(new URL(`./functions/${name}.${extension}`, import.meta.url).href)
