/**
 * The version of fnlb, from its package.json, which lies above this file both in the sources and in dist/.
 */
import { existsSync, readFileSync } from 'node:fs'

let cached: string | undefined

/** For example `0.1.0`. */
export function fnlbVersion (): string {
  cached ??= read()
  return cached
}

function read (): string {
  for (const above of ['../package.json', '../../package.json']) {
    const file = new URL(above, import.meta.url)
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
  }
  throw new Error('package.json is missing from the installation')
}
