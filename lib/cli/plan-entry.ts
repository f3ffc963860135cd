/**
 * The child process of launch.ts: runs the `serve` command up to the finished plan and writes that to its parent.
 */
import { writeFileSync } from 'node:fs'
import { EXIT } from './exit-codes.ts'
import { processIo } from './io.ts'
import { PLAN_FD } from './launch.ts'
import { reportFailure } from './main.ts'
import { run } from './run.ts'

const io = processIo()
try {
  process.exitCode = await run(process.argv.slice(2), io, plan => {
    writeFileSync(PLAN_FD, JSON.stringify(plan))
    return Promise.resolve(EXIT.ok)
  })
} catch (error) {
  process.exitCode = reportFailure(error, io)
}
