/**
 * CPU time and memory of a process and all its descendants, as Linux counts them (proc(5)): `/proc/<pid>/stat` sums
 * every thread of a process, and `cutime`/`cstime` keep the time of children that were already waited for. So the
 * sum over the living tree never falls while the root lives, and no thread or helper process can hide its cost.
 * The grain is one clock tick (10 ms on most kernels): measure for a second or more.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ProcessStat {
  readonly pid: number
  readonly parentPid: number
  readonly name: string
  /** Ended, but not yet waited for by its parent. */
  readonly isZombie: boolean
  /** Own ticks plus those of children that ended and were waited for. */
  readonly userTicks: number
  readonly systemTicks: number
  /** Since boot; with the pid it names one process for ever (pids are used again). */
  readonly startTicks: number
}

export interface CpuTime {
  readonly userSeconds: number
  readonly systemSeconds: number
}

export interface TreeMemory {
  readonly processes: number
  /** Sum of resident sets; pages shared between the processes count in each. */
  readonly residentBytes: number
  /** Sum of the highest resident sets (`VmHWM`) since the start or the last {@link resetPeaks}. */
  readonly peakBytes: number
}

/**
 * Parses one `/proc/<pid>/stat` line. The name stands in parentheses and may itself hold blanks and parentheses:
 * the fields are counted from the last one.
 *
 * @throws Error when the line is not of that form
 */
export function parseStat (line: string): ProcessStat {
  const open = line.indexOf('(')
  const close = line.lastIndexOf(')')
  const fields = close < 0 ? [] : line.slice(close + 2).trim().split(' ')
  // Numbered as in proc(5), where the field after the name is the third.
  const field = (number: number): number => Number(fields[number - 3])
  const stat = {
    pid: Number(line.slice(0, Math.max(open, 0)).trim() || Number.NaN),
    parentPid: field(4),
    name: line.slice(open + 1, close),
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    userTicks: field(14) + field(16),
    systemTicks: field(15) + field(17),
    startTicks: field(22)
  }
  if (![stat.pid, stat.parentPid, stat.userTicks, stat.systemTicks, stat.startTicks].every(Number.isSafeInteger)) {
    throw new Error(`not a /proc/<pid>/stat line: ${line.slice(0, 120)}`)
  }
  return stat
}

/** A process may end between the listing and the read: then it is simply not there. */
function readProcessFile (procDir: string, pid: number, file: string): string | undefined {
  try {
    return readFileSync(join(procDir, String(pid), file), 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}

/** The root first, then its living descendants. Empty when the root is gone. */
export function processTree (rootPid: number, procDir = '/proc'): ProcessStat[] {
  const childrenOf = new Map<number, ProcessStat[]>()
  let root: ProcessStat | undefined
  for (const entry of readdirSync(procDir)) {
    if (!/^\d+$/.test(entry)) continue
    const line = readProcessFile(procDir, Number(entry), 'stat')
    if (line === undefined) continue
    const stat = parseStat(line)
    if (stat.pid === rootPid) root = stat
    const siblings = childrenOf.get(stat.parentPid)
    if (siblings === undefined) childrenOf.set(stat.parentPid, [stat])
    else siblings.push(stat)
  }
  if (root === undefined) return []
  const tree = [root]
  for (const stat of tree) tree.push(...(childrenOf.get(stat.pid) ?? []))
  return tree
}

let ticksPerSecond = 0

/** Clock ticks per second of this kernel, asked once. */
export function clockTicksPerSecond (): number {
  if (ticksPerSecond === 0) {
    const answer = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
    if (!(answer > 0)) throw new Error('`getconf CLK_TCK` gave no number: CPU time cannot be read here')
    ticksPerSecond = answer
  }
  return ticksPerSecond
}

/** @throws Error when the root process is gone: its time would be missing without a word */
export function treeCpu (rootPid: number, procDir = '/proc', ticks = clockTicksPerSecond()): CpuTime {
  const tree = processTree(rootPid, procDir)
  if (tree.length === 0) throw new Error(`process ${rootPid} is gone: it ended while it was being measured`)
  let user = 0
  let system = 0
  for (const stat of tree) {
    user += stat.userTicks
    system += stat.systemTicks
  }
  return { userSeconds: user / ticks, systemSeconds: system / ticks }
}

function statusBytes (status: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)
  // A process that is just ending has no memory lines any more.
  return match === null ? 0 : Number(match[1]) * 1024
}

/** @throws Error when the root process is gone */
export function treeMemory (rootPid: number, procDir = '/proc'): TreeMemory {
  let processes = 0
  let residentBytes = 0
  let peakBytes = 0
  for (const { pid } of processTree(rootPid, procDir)) {
    const status = readProcessFile(procDir, pid, 'status')
    if (status === undefined) continue
    processes++
    residentBytes += statusBytes(status, 'VmRSS')
    peakBytes += statusBytes(status, 'VmHWM')
  }
  if (processes === 0) throw new Error(`process ${rootPid} is gone: it ended while it was being measured`)
  return { processes, residentBytes, peakBytes }
}

/** Lets `VmHWM` start again from the present size (`clear_refs`, value 5). False where the kernel refuses. */
export function resetPeaks (rootPid: number, procDir = '/proc'): boolean {
  try {
    for (const { pid } of processTree(rootPid, procDir)) writeFileSync(join(procDir, String(pid), 'clear_refs'), '5')
    return true
  } catch {
    return false
  }
}
