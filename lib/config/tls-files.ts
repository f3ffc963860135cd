/**
 * Reads the certificate and key of the listeners and makes sure that they belong together, before anything listens.
 */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { FnlbError } from '../errors.ts'
import type { TlsFiles } from './config.ts'
import type { PemTexts } from './engine-settings.ts'
import { readFailure } from './file-text.ts'

/**
 * The PEM texts of a `Config`'s `tls`.
 * @throws FnlbError `FNLB_TLS_FILES`, worded for the operator, when a file can not be read or the two do not fit.
 */
export function readTls (files: TlsFiles): PemTexts {
  const cert = readPem(files.certFile)
  const key = readPem(files.keyFile)
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw new FnlbError('FNLB_TLS_FILES', `the certificate and key can not be used: ${(cause as Error).message}`, {
      hint: `check that ${files.certFile} and ${files.keyFile} are PEM files of one pair`, cause
    })
  }
  return { cert, key }
}

function readPem (file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new FnlbError('FNLB_TLS_FILES', `can not read ${file}: ${readFailure(cause)}`, {
      hint: 'check the path and the permissions', cause
    })
  }
}
