import { once } from 'node:events'
import t from 'tap'
import { processTree } from '../../../bench/lib/process-cpu.ts'
import { createProcesses, runToEnd } from '../../../bench/proxy/processes.ts'

const linuxOnly = { skip: process.platform !== 'linux' }

function shell (script: string) {
  return { name: 'script', command: 'sh', args: ['-c', script], cpus: null }
}

void t.test('stop ends a child that its own parent left behind', linuxOnly, async t => {
  const processes = createProcesses(null)
  // The root dies of SIGTERM and leaves its child, as an nginx master does with its worker when it is killed.
  const one = await processes.start(shell('sleep 60 & echo started; wait'))
  await once(one.stdout, 'data')
  const tree = processTree(one.pid)
  t.equal(tree.length, 2)
  await one.stop()
  t.equal(one.hasEnded(), true)
  for (const { pid } of tree) t.same(processTree(pid).filter(stat => stat.name === 'sleep' && !stat.isZombie), [])
})

void t.test('what ignores SIGTERM is killed after its grace', linuxOnly, async t => {
  const processes = createProcesses(null)
  const one = await processes.start({ ...shell('trap "" TERM; echo ready; while :; do sleep 60; done'), stopMs: 50 })
  await once(one.stdout, 'data')
  await processes.close()
  t.match(await one.ended, /SIGKILL/)
})

void t.test('each process gets the descriptors that were asked for', linuxOnly, async t => {
  const output = await runToEnd(createProcesses(256), shell('ulimit -S -n'), 5000)
  t.equal(output.trim(), '256')
})

void t.test('runToEnd: output, failure with its complaint, lateness', async t => {
  const processes = createProcesses(null)
  t.equal(await runToEnd(processes, shell('echo out; echo noise >&2'), 5000), 'out\n')
  await t.rejects(runToEnd(processes, shell('echo "fatal: broken" >&2; exit 3'), 5000), /exit code 3: fatal: broken/)
  await t.rejects(runToEnd(processes, { ...shell('exec sleep 60'), stopMs: 50 }, 50), /still running after 50 ms/)
  const nothing = { name: 'nothing', command: '/no/such/program', args: [], cpus: null }
  await t.rejects(processes.start(nothing), /cannot start nothing/)
})
