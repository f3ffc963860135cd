/**
 * The fuzzer: takes a piece of the corpus, changes it, and holds the codec to three promises:
 *   splits      the reading does not depend on how the bytes are cut (splits.ts), and nothing ever throws
 *   agreement   Node's strict parser reads the messages that we accept as we do (compare.ts, agreed-differences.ts)
 *   forwarding  what we send on is, to Node's strict parser, the same single message (forwarding.ts)
 * The same seed gives the same cases. Mutants that end in a new way join the corpus of the run.
 */
import { agreedOn } from './agreed-differences.ts'
import { firstDifference } from './compare.ts'
import { CORPUS } from './corpus.ts'
import type { Case } from './corpus.ts'
import { sentFault, sentRequests, sentResponse } from './forwarding.ts'
import type { Sent } from './forwarding.ts'
import { minimise } from './minimise.ts'
import { mutate } from './mutate.ts'
import { readRequests, readResponses } from './node-reading.ts'
import { Random } from './random.ts'
import type { NodeReading, OwnReading } from './readings.ts'
import { allWays, randomSplitFault, readInPieces, splitFault } from './splits.ts'

export interface Failure {
  readonly promise: 'crash' | 'splits' | 'agreement' | 'forwarding'
  readonly detail: string
  /** Number of the case in the run, from 1. */
  readonly execution: number
  /** The smallest case found that still fails. */
  readonly case: Case
}

export interface FuzzReport {
  readonly seed: number
  executions: number
  seconds: number
  /** Message heads that our codec accepted, and readings by Node. */
  acceptedHeads: number
  nodeReadings: number
  /** Readings of ours by their ending. */
  readonly endings: Map<string, number>
  /** Agreed differences by name. */
  readonly agreed: Map<string, number>
  readonly failures: Failure[]
}

export interface FuzzOptions {
  readonly seed: number
  readonly seconds: number
  readonly maxExecutions?: number
  readonly maxFailures?: number
}

/** Cases whose turns of the event loop are shared. */
const BATCH = 64
/** Bound on the mutants that join the corpus, and on their length. */
const MAX_POOL = 4096
const MAX_POOLED_BYTES = 1500
/** Every so many cases, what we send on is checked too: it costs as much as all the rest. */
const FORWARDING_ONE_IN = 3

interface Trial {
  readonly fuzzCase: Case
  readonly bytes: Buffer
  readonly reading: OwnReading
  readonly sent: readonly Sent[]
}

export async function fuzz ({ seed, seconds, maxExecutions = Infinity, maxFailures = 5 }: FuzzOptions): Promise<FuzzReport> {
  const random = new Random(seed)
  const pool: Case[] = [...CORPUS]
  const seen = new Set<string>()
  const report: FuzzReport = {
    seed, executions: 0, seconds: 0, acceptedHeads: 0, nodeReadings: 0, endings: new Map(), agreed: new Map(), failures: []
  }
  const start = performance.now()
  const fail = async (promise: Failure['promise'], detail: string, fuzzCase: Case, execution: number): Promise<void> => {
    const small = await minimise(fuzzCase, async (candidate) => (await checkOne(candidate, promise))?.promise === promise)
    report.failures.push({ promise, detail: (await checkOne(small, promise))?.detail ?? detail, execution, case: small })
  }
  while (report.executions < maxExecutions && report.seconds < seconds && report.failures.length < maxFailures) {
    const trials: Trial[] = []
    const firstExecution = report.executions + 1
    for (let i = 0; i < BATCH; i++) {
      report.executions++
      const fuzzCase = mutant(pool, random)
      const bytes = Buffer.from(fuzzCase.text, 'latin1')
      try {
        const fault = randomSplitFault(fuzzCase, bytes, random)
        if (fault !== '') await fail('splits', fault, fuzzCase, report.executions)
        const reading = readInPieces(fuzzCase, bytes, [])
        note(report, reading)
        grow(pool, seen, fuzzCase, reading)
        const forwards = random.oneIn(FORWARDING_ONE_IN)
        trials.push({ fuzzCase, bytes, reading, sent: forwards ? sentOf(fuzzCase, bytes, reading) : [] })
      } catch (error) {
        await fail('crash', String((error as Error).stack), fuzzCase, report.executions)
      }
    }
    const faults = await nodeFaults(trials, report)
    for (let i = 0; i < trials.length; i++) {
      const fault = faults[i]
      if (fault !== null && fault !== undefined) await fail(fault.promise, fault.detail, trials[i]!.fuzzCase, firstExecution + i)
    }
    report.seconds = (performance.now() - start) / 1000
  }
  return report
}

/** Checks one case, for all promises or for the one that is looked into. */
export async function checkOne (
  fuzzCase: Case, only?: Failure['promise']
): Promise<{ promise: Failure['promise'], detail: string } | null> {
  const bytes = Buffer.from(fuzzCase.text, 'latin1')
  try {
    // Every cut of every candidate would take minutes.
    for (const limitsIndex of only === 'agreement' || only === 'forwarding' ? [] : [0, 1]) {
      const detail = splitFault(fuzzCase, bytes, allWays(bytes), limitsIndex)
      if (detail !== '') return { promise: 'splits', detail }
    }
    if (only === 'splits') return null
    const reading = readInPieces(fuzzCase, bytes, [])
    const [fault] = await nodeFaults([{ fuzzCase, bytes, reading, sent: sentOf(fuzzCase, bytes, reading) }], null)
    return fault ?? null
  } catch (error) {
    return { promise: 'crash', detail: String((error as Error).stack) }
  }
}

function mutant (pool: readonly Case[], random: Random): Case {
  const base = random.pick(pool)
  const other = (): string => {
    // A chunk or a response in a request stream is worth a try, but seldom.
    for (;;) {
      const found = random.pick(pool)
      if (found.side === base.side || random.oneIn(8)) return found.text
    }
  }
  const method = base.side === 'response' && random.oneIn(8) ? random.pick(['GET', 'HEAD', 'POST']) : base.method
  return { side: base.side, method, text: mutate(base.text, random, other) }
}

function note (report: FuzzReport, { messages, ending }: OwnReading): void {
  report.acceptedHeads += messages.length
  report.endings.set(ending, (report.endings.get(ending) ?? 0) + 1)
}

/** Keeps a mutant that did something new. */
function grow (pool: Case[], seen: Set<string>, fuzzCase: Case, { messages, ending }: OwnReading): void {
  if (pool.length >= MAX_POOL || fuzzCase.text.length > MAX_POOLED_BYTES) return
  const shape = messages.map(({ framing, version, saysClose, trailers, status, fields }) =>
    [framing, version, saysClose, trailers.length, status, Math.min(fields.length, 8)].join())
  const trait = `${fuzzCase.side} ${ending} ${shape.slice(0, 4).join(' ')}`
  if (seen.has(trait)) return
  seen.add(trait)
  pool.push(fuzzCase)
}

function sentOf (fuzzCase: Case, bytes: Buffer, reading: OwnReading): Sent[] {
  if (fuzzCase.side === 'request') return sentRequests(bytes, reading)
  const sent = sentResponse(fuzzCase, bytes, reading)
  return sent === null ? [] : [sent]
}

/** Lets Node read what came and what we would send on. @returns for each trial what is wrong, or null */
async function nodeFaults (
  trials: readonly Trial[], report: FuzzReport | null
): Promise<({ promise: 'agreement' | 'forwarding', detail: string } | null)[]> {
  const requests: Buffer[] = []
  const responses: { method: string, bytes: Buffer }[] = []
  const plan = (trial: Trial, bytes: Buffer): (() => NodeReading) => {
    if (trial.fuzzCase.side === 'request') {
      const index = requests.push(bytes) - 1
      return () => requestReadings[index]!
    }
    const index = responses.push({ method: trial.fuzzCase.method, bytes }) - 1
    return () => responseReadings[index]!
  }
  // What we refuse from the start goes nowhere.
  const planned = trials.map((trial) => trial.reading.messages.length === 0
    ? null
    : { came: plan(trial, trial.bytes), sent: trial.sent.map((sent) => plan(trial, sent.bytes)) })
  const requestReadings = requests.length === 0 ? [] : await readRequests(requests)
  const responseReadings = responses.length === 0 ? [] : await readResponses(responses)
  if (report !== null) report.nodeReadings += requests.length + responses.length
  return trials.map((trial, index) => {
    const plans = planned[index]
    if (plans === null || plans === undefined) return null
    const difference = firstDifference(trial.fuzzCase.side, trial.reading, plans.came())
    if (difference !== null) {
      const agreement = agreedOn(difference)
      if (agreement === undefined) return { promise: 'agreement' as const, detail: JSON.stringify(difference) }
      report?.agreed.set(agreement.name, (report.agreed.get(agreement.name) ?? 0) + 1)
    }
    for (let i = 0; i < trial.sent.length; i++) {
      const sent = trial.sent[i]!
      const fault = sentFault(sent, plans.sent[i]!())
      if (fault !== '') return { promise: 'forwarding' as const, detail: `${fault}: ${JSON.stringify(sent.bytes.toString('latin1'))}` }
    }
    return null
  })
}
