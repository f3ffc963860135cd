/**
 * One line per logged request, made by pino on the data thread and sent to the control thread in batches: the data path
 * never waits for a disk or a pipe. What can not be held is dropped and counted.
 */
import { pino } from 'pino'
import type { AccessLogSettings, FromThread } from './protocol.ts'

export interface AccessEntry {
  readonly client: string
  readonly requestId: string
  readonly traceId: string
  readonly method: string
  readonly host: string
  readonly path: string
  readonly status: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly durationMs: number
  readonly pool: string
  readonly node: string
  readonly reason: string
  readonly attempts: number
  readonly placedMs: number
  readonly firstByteMs: number
  readonly queueMs: number
  readonly error: string
}

/** Lines that wait to be sent; at ten sweeps a second this is 20 MB/s. */
const MAX_BATCH_CHARS = 2 * 1024 * 1024

export class AccessLog {
  readonly #settings: AccessLogSettings
  readonly #random: () => number
  readonly #post: (message: FromThread) => void
  readonly #logger
  #lines = ''
  #dropped = 0
  /** Lines lost since the start, for the metric. */
  droppedTotal = 0

  constructor (settings: AccessLogSettings, random: () => number, post: (message: FromThread) => void) {
    this.#settings = settings
    this.#random = random
    this.#post = post
    this.#logger = settings.mode === 'off'
      ? null
      : pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
        { write: (line: string) => { this.#append(line) } })
  }

  /** Whether a request with this outcome is to be logged: asked first, because making an entry costs more. */
  wants (status: number, isFault: boolean, durationMs: number): boolean {
    const { mode, sampleRatio, slowMs } = this.#settings
    if (mode === 'off') return false
    if (mode === 'all' || isFault || status >= 500 || (slowMs > 0 && durationMs >= slowMs)) return true
    return mode === 'sampled' && this.#random() < sampleRatio
  }

  add (entry: AccessEntry): void {
    this.#logger?.info({
      id: entry.requestId || undefined,
      trace_id: entry.traceId || undefined,
      client: entry.client,
      method: entry.method,
      host: entry.host,
      path: entry.path,
      status: entry.status,
      bytes_in: entry.bytesIn,
      bytes_out: entry.bytesOut,
      duration_ms: round(entry.durationMs),
      pool: entry.pool || undefined,
      node: entry.node || undefined,
      reason: entry.reason || undefined,
      attempts: entry.attempts,
      placed_ms: entry.placedMs < 0 ? undefined : round(entry.placedMs),
      first_byte_ms: entry.firstByteMs < 0 ? undefined : round(entry.firstByteMs),
      queue_ms: entry.queueMs === 0 ? undefined : round(entry.queueMs),
      error: entry.error || undefined
    }, 'request')
  }

  /** Sends what has gathered. */
  flush (): void {
    if (this.#lines === '' && this.#dropped === 0) return
    this.#post({ type: 'log', lines: this.#lines, dropped: this.#dropped })
    this.#lines = ''
    this.#dropped = 0
  }

  #append (line: string): void {
    if (this.#lines.length + line.length > MAX_BATCH_CHARS) {
      this.#dropped++
      this.droppedTotal++
    } else this.#lines += line
  }
}

/** Microseconds are enough. */
function round (ms: number): number {
  return Math.round(ms * 1000) / 1000
}
