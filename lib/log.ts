/**
 * The log: JSON lines on standard output, made by pino. The main thread owns it; data threads send whole lines to be
 * written here, so that lines never mix. A slow reader does not block (see log-writer.ts).
 */
import { pino, stdSerializers, stdTimeFunctions } from 'pino'
import { LineWriter } from './log-writer.ts'

/** What modules get to log with. Facts go into `fields`; `message` is the same for each occurrence. */
export interface Logger {
  debug (fields: object, message: string): void
  info (fields: object, message: string): void
  warn (fields: object, message: string): void
  error (fields: object, message: string): void
  /** The process ends soon after; the caller sees to that. */
  fatal (fields: object, message: string): void
  /** A logger whose lines all carry `fields`. */
  child (fields: Record<string, unknown>): Logger
}

export interface Log {
  readonly logger: Logger
  /** Writes complete lines that were made elsewhere: access log lines of the data threads. */
  readonly writeLines: (lines: string) => void
  /** Lines lost so far because the reader was too slow, or is gone. */
  readonly droppedLines: () => number
  readonly setLevel: (level: string) => void
  /** Writes everything that waits, now. It happens by itself at exit. */
  readonly flush: () => void
  /** Flushes, and lets go of the process's exit. */
  readonly close: () => void
}

export interface LogOptions {
  /** `trace` … `fatal`, or `silent`. */
  readonly level: string
  /** Where to write; standard output by default. */
  readonly fd?: number
  /** Most bytes that may wait for a slow reader. */
  readonly maxWaitingBytes?: number
}

const MAX_WAITING_BYTES = 4 * 1024 * 1024

export function openLog ({ level, fd = 1, maxWaitingBytes = MAX_WAITING_BYTES }: LogOptions): Log {
  const writer = new LineWriter(fd, maxWaitingBytes)
  const logger = pino({
    level,
    // Process id and host name are the collector's business, and the same on each line.
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
    serializers: { err: stdSerializers.err }
  }, writer)
  return {
    logger,
    writeLines: lines => writer.write(lines),
    droppedLines: () => writer.droppedLines,
    setLevel: newLevel => {
      logger.level = newLevel
    },
    flush: () => writer.flushSync(),
    close: () => writer.close()
  }
}
