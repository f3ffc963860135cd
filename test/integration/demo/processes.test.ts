/** Runner nodes as processes: nothing of them outlives a kill -9 of the node, nor one of its parent. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import { startDemoPool } from '../../../lib/demo/demo-pool.ts'
import { requireFdk } from '../../../lib/demo/fdk.ts'
import { startRunner } from '../../../lib/demo/runner.ts'
import { startRunnerProcess } from '../../../lib/demo/runner-process.ts'
import { call, holdCall, isAlive, until } from './client.ts'

const temporary = mkdtempSync('/tmp/fnlb-t-')
process.env['TMPDIR'] = temporary
t.teardown(() => { rmSync(temporary, { recursive: true }) })

const MAIN = fileURLToPath(new URL('../../../lib/demo/main.js', import.meta.url))
const POOL = new URL('../../../lib/demo/demo-pool.js', import.meta.url).href

void t.test('kill -9 of a node ends its instances: idle, busy and starting ones', async t => {
  const node = await startRunnerProcess({ functions: { 'hello-late': { initMs: 60_000 } } })
  t.teardown(() => node.stop(0))
  await call(`${node.url}/invoke/hello`)
  const busy = [
    holdCall(`${node.url}/invoke/echo`), call(`${node.url}/invoke/mute`).catch(() => {}),
    call(`${node.url}/invoke/cpu`, { headers: { 'X-Demo-Ms': '60000' } }).catch(() => {}),
    call(`${node.url}/invoke/hello-late`).catch(() => {})
  ]
  t.ok(busy)
  const pids = async (): Promise<number[]> =>
    (await node.state()).functions.flatMap(fn => fn.instances.map(({ pid }) => pid)).filter(pid => pid !== 0)
  await until('four of the five have a process', async () => (await pids()).length === 4)
  await until('three take calls', async () => (await node.state()).counters.running === 2)
  const instances = await pids()
  t.ok(instances.every(isAlive))

  node.signal('SIGKILL')
  t.equal(await node.exited, 'SIGKILL')
  await until('all instances have ended', () => !instances.some(isAlive))
  await until('they took their directories with them', () => readdirSync(temporary).length === 0)
})

void t.test('a pool: three nodes, one crashes and comes back at its port, stop leaves nothing', async t => {
  const pool = await startDemoPool({ truth: true })
  t.teardown(() => pool.stop(0))
  t.same(pool.nodes.map(({ nodeId }) => nodeId), ['demo-1', 'demo-2', 'demo-3'])
  t.equal(new Set(pool.nodes.map(({ address }) => address)).size, 3)
  const [first, second] = pool.nodes
  if (first === undefined || second === undefined) throw new Error('no nodes')
  const reply = await call(`${first.url}/invoke/hello`, { headers: { 'x-call-id': 'before' } })
  t.match(reply.headers, { 'demo-node': 'demo-1', 'demo-cold': '1' })
  t.match(await first.calls(), [{ id: 'before', executed: true, outcome: 'done' }])
  await first.clearCalls()
  t.same(await first.calls(), [])

  await first.setFault({ kind: 'crash' })
  await t.rejects(call(`${first.url}/invoke/hello`), { code: 'ECONNRESET' })
  t.equal(await first.exited, 'SIGKILL')
  await t.rejects(first.state(), { code: 'FNLB_DEMO_CONTROL' })
  const fresh = await pool.restart('demo-1')
  t.equal(fresh.address, first.address)
  t.not(fresh.pid, first.pid)
  t.match((await call(`${fresh.url}/invoke/hello`)).headers, { 'demo-node': 'demo-1', 'demo-cold': '1' })
  t.equal(pool.nodes[0], fresh)

  await second.setFault({ kind: 'busy' })
  t.equal((await call(`${second.url}/invoke/hello`)).status, 503)
  await second.setFault(undefined)
  t.equal((await call(`${second.url}/invoke/hello`)).status, 200)
  await t.rejects(second.setFault({ kind: 'nosuch' as 'busy' }), { message: /kind: must be one of slow, hang/ })

  const pids = pool.nodes.map(({ pid }) => pid)
  await pool.stop()
  t.notOk(pids.some(isAlive))
  t.same(readdirSync(temporary), [])
  await pool.stop()
})

void t.test('kill -9 of the process that started a pool ends the nodes and their instances', async t => {
  const script = join(temporary, 'parent.mjs')
  writeFileSync(script, `
    import { startDemoPool } from ${JSON.stringify(POOL)}
    const pool = await startDemoPool({ nodes: 2 })
    const pids = pool.nodes.map(node => node.pid)
    for (const node of pool.nodes) {
      const reply = await fetch(node.url + '/invoke/hello', { method: 'POST' })
      pids.push((await reply.json()).pid)
    }
    console.log(JSON.stringify(pids))`)
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => parent.kill('SIGKILL'))
  const line = await new Promise<string>(resolve => { parent.stdout.setEncoding('utf8').once('data', resolve) })
  const pids = JSON.parse(line) as number[]
  t.equal(pids.length, 4)
  t.ok(pids.every(isAlive))
  parent.kill('SIGKILL')
  await until('nothing is left', () => !pids.some(isAlive))
  rmSync(script)
  await until('no directory either', () => readdirSync(temporary).length === 0)
})

void t.test('a node that is told to stop ends the running call first', async t => {
  const node = await startRunnerProcess()
  const running = holdCall(`${node.url}/invoke/echo`)
  await until('it runs', async () => (await node.state()).counters.running === 1)
  const stopped = node.stop()
  await until('it accepts nothing new', async () =>
    await call(`${node.url}/version`, { method: 'GET' }).then(() => false, () => true))
  t.equal((await running.finish()).text, 'begin end')
  await stopped
  t.equal(await node.exited, 0)
})

void t.test('a node that was stopped like a machine that hangs can still be ended', async t => {
  const node = await startRunnerProcess({ inline: true })
  node.signal('SIGSTOP')
  await node.stop()
  t.equal(await node.exited, 0)
})

void t.test('errors before the start say what to do, with exit code 2', async t => {
  const run = (...flags: string[]): { status: number | null, text: string } => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...flags], { encoding: 'utf8', timeout: 10_000 })
    return { status, text: stderr }
  }
  const taken = await startRunner({ inline: true })
  t.teardown(() => taken.stop())
  for (const [flags, message] of [
    [['--listen', 'nowhere'], /^--listen nowhere: must be host:port, e\.g\. 127\.0\.0\.1:0\n$/],
    [['--max-instances', '0'], /maxInstances: must be a whole number from 1 to 100000, not 0\n$/],
    [['--max-instances', 'many'], /^--max-instances many: must be a whole number\n$/],
    [['--nosuch'], /known: --listen, /],
    [['--listen', taken.address], /cannot listen on .* \(EADDRINUSE\); use another port, or 0 for any free one\n$/]
  ] as const) {
    const { status, text } = run(...flags)
    t.equal(status, 2, flags.join(' '))
    t.match(text, message)
  }
  await t.rejects(startRunnerProcess({ port: taken.port, inline: true }), {
    code: 'FNLB_DEMO_START', message: /cannot listen on .*EADDRINUSE/
  })
  await t.rejects(startDemoPool({ maxInstances: -1 }), { code: 'FNLB_DEMO_OPTION' })
})

void t.test('without the FDK there is a clear error', async t => {
  t.throws(() => { requireFdk(pathToFileURL(join(temporary, 'x.js'))) }, {
    code: 'FNLB_DEMO_NO_FDK', message: /need @fnproject\/fdk, which is not installed here: run "npm ci"/
  })
  t.doesNotThrow(() => { requireFdk() })
})
