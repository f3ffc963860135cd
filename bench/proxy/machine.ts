/**
 * What the numbers depend on and a reader must know: the machine, the versions, the state of the tree; and what the
 * machine lacks for an honest run, said before it starts.
 */
import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { hasProgram } from './tools.ts'

export interface MachineFacts {
  readonly cpuModel: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  readonly wrk: string
  readonly commit: string
  /** Files differ from the commit: the numbers are of no commit. */
  readonly dirty: boolean
  readonly loadAverage: number
}

/** `taskset` CPU lists; null = not pinned. */
export interface Cores {
  readonly proxy: string | null
  readonly load: string | null
  /** For several data threads: everything, proxy and load alike. */
  readonly all: string | null
}

function git (root: string, ...args: string[]): string {
  try {
    return execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

export function machineFacts (root: string, wrk: string): MachineFacts {
  const processors = cpus()
  return {
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    node: process.version,
    wrk,
    commit: git(root, 'rev-parse', '--short=12', 'HEAD') || 'no git',
    // The results of earlier runs do not change what is measured.
    dirty: git(root, 'status', '--porcelain', '--', '.', ':!bench/results') !== '',
    loadAverage: loadavg()[0] ?? 0
  }
}

/** Pins this process (and so, by default, its children) to the load's core. */
export function chooseCores (): { cores: Cores, warnings: string[] } {
  const unpinned: Cores = { proxy: null, load: null, all: null }
  const count = cpus().length
  if (count < 2) {
    return {
      cores: unpinned,
      warnings: ['NOT PINNED: this machine has one core, so proxy, load and backends share it. ' +
        'CPU per request still means something, throughput and latency do not.']
    }
  }
  if (!hasProgram('taskset')) {
    return {
      cores: unpinned,
      warnings: ['NOT PINNED: taskset is missing (install util-linux), so proxy and load may share a core. ' +
        'Throughput and latency will vary from round to round.']
    }
  }
  execFileSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)], { stdio: 'ignore' })
  return { cores: { proxy: '0', load: '1', all: `0-${count - 1}` }, warnings: [] }
}

export interface DescriptorPlan {
  /** What every process gets; null = the present soft limit does. */
  readonly raiseTo: number | null
  /** What to do when even the hard limit is too low. */
  readonly problem: string | undefined
}

/** @param wanted descriptors of one process: a proxy may hold one upstream connection for each client connection */
export function planDescriptors (wanted: number, softLimit: number, hardLimit: number): DescriptorPlan {
  if (softLimit >= wanted) return { raiseTo: null, problem: undefined }
  if (hardLimit >= wanted) return { raiseTo: wanted, problem: undefined }
  return {
    raiseTo: hardLimit > softLimit ? hardLimit : null,
    problem: `the hard limit of open files is ${hardLimit}, this run needs ${wanted}: ` +
      `run \`ulimit -Hn ${wanted}\` as root first (or raise LimitNOFILE), or leave out --scenario memory and get-1000`
  }
}

/** `ulimit -n` of this process; Infinity for `unlimited`. */
export function descriptorLimits (): { soft: number, hard: number } {
  const limit = (flag: string): number => {
    const answer = execFileSync('sh', ['-c', `ulimit ${flag} -n`], { encoding: 'utf8' }).trim()
    return answer === 'unlimited' ? Infinity : Number(answer)
  }
  return { soft: limit('-S'), hard: limit('-H') }
}
