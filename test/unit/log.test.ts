/** The log loses nothing at exit, never blocks, and survives a reader that is slow or gone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import type { Test } from 'tap'
import { openLog } from '../../lib/log.ts'

const LOG = new URL('../../lib/log.js', import.meta.url).href

function linesOf (file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line))
}

void t.test('lines have a fixed form', async t => {
  const file = join(t.testdir({}), 'log')
  const fd = openSync(file, 'a')
  const log = openLog({ level: 'info', fd })
  log.logger.debug({}, 'not written')
  log.logger.info({ pool: 'fn' }, 'up')
  log.logger.child({ node: 'a' }).error({ err: new Error('no') }, 'failed')
  log.writeLines('{"made":"elsewhere"}\n')
  log.writeLines('')
  log.setLevel('debug')
  log.logger.debug({}, 'written')
  log.close()
  closeSync(fd)
  const lines = linesOf(file)
  t.match(lines, [
    { level: 'info', time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, pool: 'fn', msg: 'up' },
    { level: 'error', node: 'a', err: { type: 'Error', message: 'no' }, msg: 'failed' },
    { made: 'elsewhere' },
    { level: 'debug', msg: 'written' }
  ])
  t.same(Object.keys(lines[0]!), ['level', 'time', 'pool', 'msg'])
  t.equal(log.droppedLines(), 0)
})

async function run (t: Test, script: string): Promise<{ lines: string[], code: number | null }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `import { openLog } from '${LOG}'\n${script}`],
    { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', line => lines.push(line))
  const [code] = await once(child, 'close') as [number | null]
  return { lines, code }
}

void t.test('nothing is lost at process.exit, nor when the process crashes', async t => {
  for (const [end, expected] of [['process.exit(3)', 3], ['throw new Error("crash")', 1], ['', 0]] as const) {
    const { lines, code } = await run(t, `
      const log = openLog({ level: 'info' })
      for (let i = 0; i < 5000; i++) log.logger.info({ i, pad: 'x'.repeat(100) }, 'line')
      ${end}`)
    t.equal(code, expected)
    t.same(lines.map(line => (JSON.parse(line) as { i: number }).i).filter((i, at) => i !== at), [], 'in order')
    t.equal(lines.length, 5000)
  }
})

/** Runs a script into a real pipe (Node's own children get sockets) whose reader is a piece of shell. */
async function pipe (t: Test, script: string, reader: string): Promise<string> {
  const directory = t.testdir({ 'script.mjs': `import { openLog } from '${LOG}'\n${script}` })
  const child = spawn('sh', ['-c', `{ "${process.execPath}" script.mjs 2>err; echo $? >code; } | { ${reader}; }`],
    { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const chunks = child.stdout.setEncoding('utf8').toArray() as Promise<string[]>
  await once(child, 'close')
  return (await chunks).join('').trim()
}

void t.test('a reader that does not read costs lines, not memory or time', async t => {
  const [dropped, received] = (await pipe(t, `
    const log = openLog({ level: 'info', maxWaitingBytes: 300_000 })
    for (let i = 0; i < 10_000; i++) log.logger.info({ pad: 'x'.repeat(100) }, 'line')
    process.stderr.write(String(log.droppedLines()))
  `, 'while [ ! -s err ]; do sleep 0.02; done; cat err; echo; wc -l')).split('\n').map(Number)
  t.ok(dropped! > 5000, `${dropped} dropped`)
  t.equal(received! + dropped!, 10_000, 'each line is either written or counted')
})

void t.test('a reader that has stopped does not keep the process from its end', async t => {
  t.equal(await pipe(t, `
    const log = openLog({ level: 'info' })
    for (let i = 0; i < 10_000; i++) log.logger.info({ pad: 'x'.repeat(100) }, 'line')
    process.exit(4)
  `, 'while [ ! -s code ]; do sleep 0.02; done; cat code'), '4')
})

void t.test('a slow reader gets everything in order', async t => {
  const [lines, first, last] = (await pipe(t, `
    const log = openLog({ level: 'info' })
    for (let i = 0; i < 10_000; i++) {
      log.logger.info({ i, pad: 'x'.repeat(100) }, 'line')
      if (i % 1000 === 0) await new Promise(resolve => setImmediate(resolve))
    }
  `, 'sleep 0.1; sed -n \'s/.*"i":\\([0-9]*\\).*/\\1/p\' >seen; wc -l <seen; sort -nc seen && sed -n "1p;\\$p" seen'))
    .split('\n').map(Number)
  t.strictSame([lines, first, last], [10_000, 0, 9999])
})

void t.test('a reader that is gone does not keep the process alive', async t => {
  for (const [end, expected] of [
    // Two lines, so that one waits when the exit flushes.
    ['process.exit(5)', 5],
    ['setInterval(() => { if (log.droppedLines() === 2) process.exit(6) }, 2)', 6]
  ] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', `import { openLog } from '${LOG}'
      const log = openLog({ level: 'info' })
      process.once('SIGTERM', () => {
        log.logger.info({}, 'to nobody')
        log.logger.info({}, 'to nobody')
        ${end}
      })
      setInterval(() => {}, 1000)
      log.logger.info({}, 'ready')`], { stdio: ['ignore', 'pipe', 'ignore'] })
    t.teardown(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    child.stdout.destroy()
    await once(child.stdout, 'close')
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit') as [number | null]
    t.equal(code, expected)
  }
})
