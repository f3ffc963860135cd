/**
 * Reads the configuration file as text: bounded in size, valid UTF-8, with failures in the operator's words.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** A thousand nodes take about 60 KB. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024

export type FileText = { readonly ok: true, readonly text: string } | { readonly ok: false, readonly reason: string }

/** The text of a file, or why there is none. */
export function readConfigText (file: string): FileText {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    return { ok: false, reason: readFailure(error) }
  }
  try {
    if (fstatSync(descriptor).isDirectory()) return { ok: false, reason: 'is a directory, not a file' }
    const bytes = readBounded(descriptor)
    if (bytes === undefined) return { ok: false, reason: `is larger than ${MAX_FILE_BYTES >> 20} MiB` }
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    return { ok: false, reason: error instanceof TypeError ? 'is not UTF-8 text' : readFailure(error) }
  } finally {
    closeSync(descriptor)
  }
}

// The size that stat tells is no bound: it is 0 for pipes and devices.
function readBounded (descriptor: number): Buffer | undefined {
  const chunks: Buffer[] = []
  let total = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(64 * 1024)
    const length = readSync(descriptor, chunk)
    if (length === 0) return Buffer.concat(chunks, total)
    total += length
    if (total > MAX_FILE_BYTES) return undefined
    chunks.push(chunk.subarray(0, length))
  }
}

/** A failed file operation in words. */
export function readFailure (error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT': return 'no such file'
    case 'ENOTDIR': return 'no such file (a part of the path is no directory)'
    case 'EISDIR': return 'is a directory, not a file'
    case 'EACCES':
    case 'EPERM': return 'permission denied'
    case undefined:
    default: return (error as Error).message
  }
}
