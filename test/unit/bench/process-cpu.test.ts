import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  clockTicksPerSecond, parseStat, processTree, resetPeaks, treeCpu, treeMemory
} from '../../../bench/lib/process-cpu.ts'

/** user, system, children's user, children's system. */
type Times = readonly [number, number, number, number]

function statLine (pid: number, name: string, parent: number, times: Times): string {
  const [user, system, childUser, childSystem] = times
  return `${pid} (${name}) S ${parent} 1 1 0 -1 4194304 100 0 0 0 ${user} ${system} ${childUser} ${childSystem} ` +
    '20 0 7 0 4242 1000000 500 18446744073709551615 0 0 0\n'
}

interface FakeProcess { parent: number, times: Times, rss?: number, peak?: number }

function fakeProc (directory: string, processes: Record<number, FakeProcess>): string {
  for (const [pid, { parent, times, rss, peak }] of Object.entries(processes)) {
    mkdirSync(join(directory, pid))
    writeFileSync(join(directory, pid, 'stat'), statLine(Number(pid), 'x', parent, times))
    const memory = rss === undefined ? '' : `VmHWM:\t ${peak} kB\nVmRSS:\t ${rss} kB\n`
    writeFileSync(join(directory, pid, 'status'), `Name:\tx\n${memory}Threads:\t1\n`)
  }
  mkdirSync(join(directory, 'net'))
  return directory
}

void t.test('parseStat counts the fields from the last parenthesis', async t => {
  const stat = parseStat(statLine(12, 'a) S 1 (b', 7, [5, 6, 70, 80]))
  t.match(stat, { pid: 12, parentPid: 7, name: 'a) S 1 (b', isZombie: false })
  t.match(stat, { userTicks: 75, systemTicks: 86, startTicks: 4242 })
})

void t.test('parseStat refuses what is no stat line', async t => {
  t.throws(() => parseStat(''), /not a \/proc/)
  t.throws(() => parseStat('12 no parentheses'), /not a \/proc/)
  t.throws(() => parseStat('12 (x) S 1 2'), /not a \/proc/)
})

void t.test('the tree is the root and all below it, and nobody else', async t => {
  const proc = fakeProc(t.testdir(), {
    10: { parent: 1, times: [100, 50, 0, 0], rss: 1000, peak: 2000 },
    11: { parent: 10, times: [10, 5, 3, 2], rss: 100, peak: 300 },
    12: { parent: 11, times: [1, 1, 0, 0] },
    20: { parent: 1, times: [9999, 9999, 0, 0], rss: 5, peak: 5 }
  })
  t.same(processTree(10, proc).map(stat => stat.pid), [10, 11, 12])
  t.same(treeCpu(10, proc, 100), { userSeconds: 1.14, systemSeconds: 0.58 })
  t.same(treeMemory(10, proc), { processes: 3, residentBytes: 1100 * 1024, peakBytes: 2300 * 1024 })
  t.same(processTree(99, proc), [])
  t.throws(() => treeCpu(99, proc, 100), /process 99 is gone/)
  t.throws(() => treeMemory(99, proc), /process 99 is gone/)
})

void t.test('real processes: spent time is seen, a child is found', { skip: process.platform !== 'linux' }, async t => {
  t.ok(clockTicksPerSecond() > 0)
  const before = treeCpu(process.pid)
  const cpuBefore = process.cpuUsage()
  // Four ticks of work: less could fall between two ticks.
  while (process.cpuUsage(cpuBefore).user < 4e6 / clockTicksPerSecond()) JSON.stringify(Array(50))
  const after = treeCpu(process.pid)
  t.ok(after.userSeconds + after.systemSeconds > before.userSeconds + before.systemSeconds)

  const child = spawn('sleep', ['30'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const tree = processTree(process.pid)
  t.ok(tree.some(stat => stat.pid === child.pid))
  t.ok(treeMemory(process.pid).residentBytes > 10e6)
  t.equal(resetPeaks(process.pid), true)
  child.kill('SIGKILL')
  await once(child, 'exit')
})
