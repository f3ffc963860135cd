/**
 * One run from start to end: what is there, who takes part, the steps in order, and everything ended afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgress } from '../lib/progress.ts'
import { startBackends } from './backends.ts'
import type { Contender, RunningProxy } from './contender.ts'
import { contenders } from './contenders/index.ts'
import { measureHalfLoad, takesPart } from './half-load.ts'
import { chooseCores, descriptorLimits, machineFacts, planDescriptors } from './machine.ts'
import { measureMemory } from './memory.ts'
import type { Options } from './options.ts'
import { createProcesses } from './processes.ts'
import { resultsFormat, type ContenderFacts, type Results } from './results.ts'
import { maxClients, reportProblem, startProxy, type Session } from './session.ts'
import { measureThreads, threadCounts } from './threads.ts'
import { measureThroughput, throughputSteps, warmUp } from './throughput.ts'
import { hasProgram, programVersion } from './tools.ts'
import { verifyProxy } from './verify.ts'

const backendCount = 8
/** Descriptors beside those of client and upstream connections: HAProxy's 256 pipes, listeners, logs. */
const sparePerProcess = 800

export class MissingToolError extends Error {}

interface Present {
  readonly contender: Contender
  readonly version: string
}

function totalSteps (options: Options, taking: readonly Contender[]): number {
  const half = taking.filter(takesPart).length
  const fnlb = taking.some(contender => contender.kind === 'fnlb')
  const extra = (name: Options['extras'][number], steps: number): number => options.extras.includes(name) ? steps : 0
  return throughputSteps({ options }, taking.length) +
    extra('half-load', half === 0 ? 0 : (half + 1) * options.rounds) +
    extra('memory', taking.length * options.memoryRounds) +
    extra('threads', fnlb ? threadCounts.length * options.rounds : 0)
}

function requireTools (): string {
  const wrk = programVersion('wrk', ['-v'], /wrk (\S+)/)
  const missing = [...(wrk === undefined ? ['wrk'] : []), ...(hasProgram('nginx') ? [] : ['nginx'])]
  if (missing.length > 0) {
    throw new MissingToolError(`${missing.join(' and ')} missing: the load and the backends need them. ` +
      'On Debian and Ubuntu: apt-get install nginx-light haproxy wrk (and stop the nginx service it starts)')
  }
  return wrk as string
}

/** Started and proved to do the job; whoever does not is a problem, and left out. */
async function startAll (session: Session, taking: readonly Contender[]): Promise<RunningProxy[]> {
  const proxies: RunningProxy[] = []
  for (const contender of taking) {
    session.progress.begin(`starting ${contender.id}`)
    try {
      const proxy = await startProxy(session, contender, { cpus: session.cores.proxy, threads: 1 })
      try {
        await verifyProxy(proxy.port, session.backends)
        proxies.push(proxy)
      } catch (error) {
        await proxy.process.stop()
        throw error
      }
    } catch (error) {
      reportProblem(session, `${contender.id} takes no part: ${(error as Error).message}`)
    }
  }
  return proxies
}

/**
 * @param strict a missing contender is a failure (CI)
 * @throws MissingToolError when nothing can be measured at all
 */
export async function runBench (options: Options, root: string, strict: boolean): Promise<Results> {
  const wrk = requireTools()
  const { cores, warnings } = chooseCores()
  const problems: string[] = []
  const present: Present[] = []
  for (const contender of contenders) {
    if (options.only.length > 0 && !options.only.includes(contender.id)) continue
    const version = contender.version(root)
    if (version !== undefined) present.push({ contender, version })
    else (strict ? problems : warnings).push(`SKIPPED ${contender.id}: it is not installed here`)
  }
  const facts = machineFacts(root, wrk)
  if (facts.loadAverage > 0.5) {
    warnings.push(`the machine is busy (load average ${facts.loadAverage.toFixed(2)}): ` +
      'stop what else runs, or distrust the numbers')
  }
  const limits = descriptorLimits()
  const descriptors = planDescriptors(2 * maxClients(options) + sparePerProcess, limits.soft, limits.hard)
  if (descriptors.problem !== undefined) warnings.push(descriptors.problem)

  const progress = createProgress()
  const processes = createProcesses(descriptors.raiseTo)
  const directory = mkdtempSync(join(tmpdir(), 'fnlb-bench-'))
  const cleanNow = (): void => {
    processes.killAllNow()
    rmSync(directory, { recursive: true, force: true })
  }
  const interrupted = (signal: NodeJS.Signals): void => {
    progress.note(`${signal}: ending every process of this run`)
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.once('exit', cleanNow)
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)

  try {
    for (const line of [...warnings, ...problems]) progress.note(`WARNING: ${line}`)
    const backends = await startBackends(processes, directory, backendCount, cores.load)
    const session: Session = { options, root, directory, cores, processes, backends, progress, problems, warnings }
    const proxies = await startAll(session, present.map(one => one.contender))
    const started = proxies.map(proxy => proxy.contender)
    progress.plan(totalSteps(options, started))
    if (options.warmup) await warmUp(session, proxies)
    const throughput = await measureThroughput(session, proxies)
    const halfLoad = options.extras.includes('half-load') ? await measureHalfLoad(session, proxies, throughput) : null
    await Promise.all(proxies.map(async proxy => { await proxy.process.stop() }))
    const memory = options.extras.includes('memory') ? await measureMemory(session, started) : []
    const fnlb = started.find(contender => contender.kind === 'fnlb')
    const threads = fnlb !== undefined && options.extras.includes('threads') ? await measureThreads(session, fnlb) : []
    return {
      format: resultsFormat,
      date: options.date,
      quick: options.quick,
      rounds: options.rounds,
      seconds: options.seconds,
      steps: [...options.scenarios, ...options.extras],
      pinned: cores.proxy !== null,
      machine: facts,
      contenders: present.map(({ contender: { id, title, kind, settings }, version }): ContenderFacts =>
        ({ id, title, kind, version, settings })),
      throughput,
      halfLoad,
      memory,
      threads,
      problems,
      warnings
    }
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
    await processes.close()
    process.off('exit', cleanNow)
    rmSync(directory, { recursive: true, force: true })
    progress.close()
  }
}
