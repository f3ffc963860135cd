/** A logger for tests. */

export interface LogLine { readonly level: string, readonly fields: Record<string, unknown>, readonly message: string }

/** Keeps what was logged, and lets a test wait for a line. */
export class LogKeeper {
  readonly lines: LogLine[] = []
  #waiting: Array<{ message: string, resolve: (line: LogLine) => void }> = []

  debug (fields: object, message: string): void { this.#add('debug', fields, message) }
  info (fields: object, message: string): void { this.#add('info', fields, message) }
  warn (fields: object, message: string): void { this.#add('warn', fields, message) }
  error (fields: object, message: string): void { this.#add('error', fields, message) }

  /** The next line with this message that is logged from now on. */
  next (message: string): Promise<LogLine> {
    return new Promise((resolve) => { this.#waiting.push({ message, resolve }) })
  }

  count (message: string): number {
    return this.lines.filter((line) => line.message === message).length
  }

  #add (level: string, fields: object, message: string): void {
    const line = { level, fields: { ...fields }, message }
    this.lines.push(line)
    const ready = this.#waiting.filter((waiting) => waiting.message === message)
    this.#waiting = this.#waiting.filter((waiting) => waiting.message !== message)
    for (const { resolve } of ready) resolve(line)
  }
}
