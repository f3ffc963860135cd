/**
 * Memory: just after the start, after load, and with thousands of idle client connections held by another process.
 * Each figure is of a process started for it, since a heap that has once grown hides what comes later.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { treeMemory } from '../lib/process-cpu.ts'
import type { Contender, RunningProxy } from './contender.ts'
import { runWrk } from './load.ts'
import type { RunningProcess } from './processes.ts'
import type { MemoryRow } from './results.ts'
import { functionKeys, scenarios, type Scenario } from './scenarios.ts'
import { reportProblem, rotated, startProxy, type Session } from './session.ts'

const openMs = 30_000
const closeMs = 5000

/** The next line of output that `pattern` matches. @throws Error when the process ends or is late */
async function outputLine (one: RunningProcess, pattern: RegExp, withinMs: number): Promise<RegExpExecArray> {
  let text = ''
  let timer: NodeJS.Timeout | undefined
  const found = new Promise<RegExpExecArray>((resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${one.name} did not say ${pattern.source} within ${withinMs} ms`))
    }, withinMs)
    one.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const match = pattern.exec(text)
      if (match !== null) resolve(match)
    })
    one.stdout.once('end', () => { reject(new Error(`${one.name} ended: ${one.complaint()}`)) })
  })
  try {
    return await found
  } finally {
    clearTimeout(timer)
    one.stdout.removeAllListeners('data').removeAllListeners('end')
  }
}

/** Resident bytes while all connections are open. @throws Error when one could not be served, or did not stay open */
async function measureHeld (session: Session, proxy: RunningProxy): Promise<number> {
  const count = session.options.idleConnections
  const holder = await session.processes.start({
    name: 'idle connections',
    command: process.execPath,
    args: [
      join(session.root, 'dist/bench/proxy/idle-connections.js'),
      `--port=${proxy.port}`, `--count=${count}`, `--keys=${functionKeys}`
    ],
    cpus: session.cores.load
  })
  try {
    await outputLine(holder, /ready\n/, openMs)
    await sleep(session.options.settleMs)
    const { residentBytes } = treeMemory(proxy.process.pid)
    const answer = outputLine(holder, /open (\d+)\n/, closeMs)
    holder.stdin.end()
    const open = Number((await answer)[1])
    if (open < count) throw new Error(`${count - open} of ${count} idle connections were closed by the proxy`)
    return residentBytes
  } finally {
    await holder.stop()
  }
}

async function measureOne (session: Session, contender: Contender, round: number): Promise<MemoryRow> {
  const connections = session.options.idleConnections
  const row = { contender: contender.id, round, connections }
  let proxy: RunningProxy | undefined
  try {
    proxy = await startProxy(session, contender, { cpus: session.cores.proxy, threads: 1 })
    const { pid } = proxy.process
    await sleep(session.options.settleMs)
    const idleBytes = treeMemory(pid).residentBytes
    const scenario = scenarios.find(one => one.id === 'get-64') as Scenario
    const { processes, root, cores } = session
    await runWrk({ processes, root, cpus: cores.load, port: proxy.port, scenario, seconds: 1 })
    await sleep(session.options.settleMs)
    const warmBytes = treeMemory(pid).residentBytes
    const heldBytes = await measureHeld(session, proxy)
    return { ...row, idleBytes, warmBytes, heldBytes, bytesPerConnection: (heldBytes - warmBytes) / connections }
  } catch (error) {
    const fault = (error as Error).message
    return { ...row, idleBytes: 0, warmBytes: 0, heldBytes: 0, bytesPerConnection: 0, fault }
  } finally {
    await proxy?.process.stop()
  }
}

export async function measureMemory (session: Session, contenders: readonly Contender[]): Promise<MemoryRow[]> {
  const rows: MemoryRow[] = []
  const { memoryRounds } = session.options
  for (let round = 1; round <= memoryRounds; round++) {
    for (const contender of rotated(contenders, round - 1)) {
      const name = `round ${round}/${memoryRounds} memory ${contender.id}`
      session.progress.begin(name)
      const row = await measureOne(session, contender, round)
      rows.push(row)
      session.progress.end(`${name}: ` + (row.fault === undefined
        ? `idle ${(row.idleBytes / 1e6).toFixed(1)} MB, ` +
          `${(row.bytesPerConnection / 1e3).toFixed(2)} kB per idle connection`
        : `FAILED: ${row.fault}`))
      if (row.fault !== undefined) reportProblem(session, `${name}: ${row.fault}`)
    }
  }
  return rows
}
