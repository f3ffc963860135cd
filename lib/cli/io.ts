/**
 * What a command may touch of the process: two outputs and the environment. Commands get it as an argument, so that
 * tests run them without a process of their own.
 */

export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Columns of the terminal on standard output; absent when it is none. */
  readonly columns?: number
}

/** The real process. */
export function processIo (): Io {
  // `fnlb config schema | head -1` closes the pipe early; that is no failure.
  process.stdout.on('error', ignoreClosedPipe)
  process.stderr.on('error', ignoreClosedPipe)
  return {
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    environment: process.env,
    ...(process.stdout.isTTY ? { columns: process.stdout.columns } : {})
  }
}

function ignoreClosedPipe (error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** The two lines that every expected failure prints. */
export function printFailure (io: Io, message: string, hint: string | undefined): void {
  io.err(`fnlb: ${message}\n`)
  if (hint !== undefined) io.err(`hint: ${hint}\n`)
}
