/**
 * A workload from fnlb's own access log, so that an operator can ask what another policy would have done with the calls
 * of yesterday. One JSON line a call; lines of anything else, of calls that no node took, and of calls without a
 * function key are left out and counted.
 *
 * What a log does not say is assumed and must be told to who reads the result: execution time is the time behind the
 * balancer (it includes what the call waited in its node), memory is that of a small container, and a sampled log is as
 * if only those calls had been made.
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { compileKeyRules } from '../core/key-rules.ts'
import { percentiles } from './distribution.ts'
import { MIN_CONTAINER_MB, TraceError } from './trace-folder.ts'
import type { KeyRule } from '../tables/snapshot.ts'
import type { FunctionProfile, Workload } from './workload.ts'

const PERCENTS = [0, 1, 25, 50, 75, 99, 100]
const SMALLEST_S = 0.0005
/** Durations kept of one function; beyond, every second one is dropped and half as many taken from there on. */
const MAX_SAMPLES = 2048
const MAX_FUNCTIONS = 100_000
/** A week: a log that is longer is cut into windows by who has it. */
const MAX_MINUTES = 7 * 24 * 60

export interface RecordedWorkload extends Workload {
  /** Lines that were used, and that were not. */
  readonly used: number
  readonly skipped: number
}

class Samples {
  readonly calls = new Map<number, number>()
  #values: number[] = []
  #every = 1
  #seen = 0

  add (minute: number, seconds: number): void {
    this.calls.set(minute, (this.calls.get(minute) ?? 0) + 1)
    if (this.#seen++ % this.#every !== 0) return
    this.#values.push(seconds)
    if (this.#values.length < MAX_SAMPLES) return
    this.#values = this.#values.filter((_, index) => index % 2 === 0)
    this.#every *= 2
  }

  /** Percentiles of what was kept, as a trace would give them. */
  percentiles (): number[] {
    const sorted = this.#values.toSorted((a, b) => a - b)
    return PERCENTS.map(percent =>
      Math.max(SMALLEST_S, sorted[Math.min(sorted.length - 1, Math.floor(percent / 100 * sorted.length))]!))
  }
}

interface LogLine {
  readonly time?: unknown
  readonly msg?: unknown
  readonly path?: unknown
  readonly node?: unknown
  readonly duration_ms?: unknown
  readonly placed_ms?: unknown
}

/**
 * @param rules of the pool whose calls are wanted; rules that look at header fields find none in a log.
 * @throws TraceError when the file can not be read or holds no call.
 */
export async function readRecordedLog (file: string, rules: readonly KeyRule[]): Promise<RecordedWorkload> {
  const { extract } = compileKeyRules(rules)
  const functions = new Map<string, Samples>()
  let [first, last, used, skipped] = [Infinity, -Infinity, 0, 0]
  const take = (text: string): boolean => {
    const call = parseLine(text)
    if (call === null) return false
    const [path = '', query = ''] = call.target.split('?', 2)
    const key = extract(path, query, () => undefined)
    if (key === '') return false
    let samples = functions.get(key)
    if (samples === undefined) {
      if (functions.size === MAX_FUNCTIONS) return false
      samples = new Samples()
      functions.set(key, samples)
    }
    const minute = Math.floor(call.arrivedMs / 60_000)
    first = Math.min(first, minute)
    last = Math.max(last, minute)
    samples.add(minute, call.executionS)
    return true
  }
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
      if (take(line)) used++
      else if (line !== '') skipped++
    }
  } catch (error) {
    throw new TraceError(`${(error as Error).message}: expected an access log of fnlb, one JSON object a line`)
  }
  if (used === 0) {
    throw new TraceError(`${file}: none of ${skipped} lines is a call of a function by these key rules; turn the access ` +
      'log on (mode all) and give the rules of the pool')
  }
  const minutes = last - first + 1
  if (minutes > MAX_MINUTES) throw new TraceError(`${file} spans ${minutes} minutes: cut it to ${MAX_MINUTES} at most`)
  return {
    source: file,
    firstMinute: 0,
    minutes,
    functions: [...functions].map(([key, samples]) => profileOf(key, samples, first, minutes)),
    used,
    skipped
  }
}

function profileOf (key: string, samples: Samples, firstMinute: number, minutes: number): FunctionProfile {
  const calls = new Uint32Array(minutes)
  for (const [minute, count] of samples.calls) calls[minute - firstMinute] = count
  return { key, execution: percentiles(PERCENTS, samples.percentiles()), memoryMb: MIN_CONTAINER_MB, calls }
}

function parseLine (text: string): { target: string, arrivedMs: number, executionS: number } | null {
  let line: LogLine
  try {
    line = JSON.parse(text) as LogLine
  } catch {
    return null
  }
  if (line === null || typeof line !== 'object' || line.msg !== 'request') return null
  const { time, path, node, duration_ms: durationMs, placed_ms: placedMs } = line
  if (typeof path !== 'string' || typeof node !== 'string' || typeof durationMs !== 'number') return null
  const endedMs = typeof time === 'string' ? Date.parse(time) : NaN
  if (!Number.isFinite(endedMs) || !(durationMs >= 0)) return null
  const waitedMs = typeof placedMs === 'number' && placedMs >= 0 && placedMs <= durationMs ? placedMs : 0
  return { target: path, arrivedMs: endedMs - durationMs, executionS: (durationMs - waitedMs) / 1000 }
}
