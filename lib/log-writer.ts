/**
 * Writes lines to a descriptor in order, without blocking the event loop on a slow reader, in bounded memory: what a
 * full pipe does not take waits, what exceeds the bound is dropped and counted.
 *
 * Every write is a plain `write(2)` on this thread, so nothing is ever under way: a line is written, or waits, and at
 * exit (`process.exit` and crashes included) what waits is written too. That needs a descriptor that does not block.
 * Making standard output itself non-blocking would do so for everybody who shares it, so a pipe or terminal is opened
 * anew; where that is not possible (sockets, other systems than Linux) a reader that has stopped does block.
 *
 * pino's own destination was tried: asynchronous, its last lines can overtake each other at exit; it also retries a
 * closed pipe for ever in its final flush, which would keep a stopped daemon alive.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'

/** A write of at most this size keeps the copy that a partial write needs small; it is a pipe's usual capacity. */
const MAX_WRITE_BYTES = 64 * 1024
/** A full pipe of a busy reader is empty again that soon: 32 MB/s. */
const RETRY_MS = 2
/** How long a reader that takes nothing is waited for at exit. */
const FINAL_PATIENCE_MS = 2000

export class LineWriter {
  readonly #fd: number
  readonly #ownsFd: boolean
  readonly #maxWaitingBytes: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #retry: NodeJS.Timeout | undefined
  #isBroken = false
  #droppedLines = 0
  readonly #atExit = (): void => this.flushSync()

  constructor (fd: number, maxWaitingBytes: number) {
    this.#fd = openNonBlocking(fd)
    this.#ownsFd = this.#fd !== fd
    this.#maxWaitingBytes = maxWaitingBytes
    process.on('exit', this.#atExit)
  }

  /** Lines lost because the reader was too slow or is gone. */
  get droppedLines (): number {
    return this.#droppedLines
  }

  /** Takes complete lines, each with its line feed. */
  write (lines: string): void {
    if (lines === '') return
    const bytes = Buffer.from(lines)
    if (this.#isBroken || this.#waitingBytes + bytes.length > this.#maxWaitingBytes) {
      this.#droppedLines += countLines(bytes)
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#retry === undefined) this.#drain()
  }

  /** Writes all that waits before it returns; gives up on a reader that takes nothing for two seconds. */
  flushSync (): void {
    for (let waitedMs = 0; this.#waiting.length > 0 && waitedMs < FINAL_PATIENCE_MS; waitedMs += RETRY_MS) {
      const before = this.#waitingBytes
      if (this.#writeAll()) return
      if (this.#waitingBytes < before) waitedMs = 0
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
    if (this.#waiting.length > 0) this.#giveUp()
  }

  /** Flushes and lets go of the descriptor; nothing may be written after this. */
  close (): void {
    this.flushSync()
    this.#giveUp()
    process.removeListener('exit', this.#atExit)
    if (this.#ownsFd) closeSync(this.#fd)
  }

  #drain (): void {
    this.#retry = undefined
    if (this.#writeAll()) return
    // Exit flushes anyway, so this need not keep the process alive.
    this.#retry = setTimeout(() => this.#drain(), RETRY_MS).unref()
  }

  /** Whether nothing waits any more. */
  #writeAll (): boolean {
    while (this.#waiting.length > 0) {
      const chunk = this.#take()
      try {
        this.#putBack(chunk.subarray(writeSync(this.#fd, chunk)))
      } catch (error) {
        this.#putBack(chunk)
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
        // The reader is gone, or the disk is full: a proxy goes on without its log.
        this.#giveUp()
      }
    }
    return true
  }

  #take (): Buffer {
    let bytes = this.#waiting[0]!.length
    let count = 1
    while (count < this.#waiting.length && bytes + this.#waiting[count]!.length <= MAX_WRITE_BYTES) {
      bytes += this.#waiting[count++]!.length
    }
    this.#waitingBytes -= bytes
    const chunks = this.#waiting.splice(0, count)
    return count === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)
  }

  #putBack (rest: Buffer): void {
    if (rest.length === 0) return
    this.#waiting.unshift(rest)
    this.#waitingBytes += rest.length
  }

  #giveUp (): void {
    this.#isBroken = true
    for (const chunk of this.#waiting) this.#droppedLines += countLines(chunk)
    this.#waiting = []
    this.#waitingBytes = 0
  }
}

function openNonBlocking (fd: number): number {
  try {
    const facts = fstatSync(fd)
    // A file never blocks for long, and opened anew it would be written from its start.
    if (!facts.isFIFO() && !facts.isCharacterDevice()) return fd
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return fd
  }
}

function countLines (bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++
  return count
}
