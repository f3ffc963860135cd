/** Versions of the programs and packages that take part: undefined means that it is not there. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** First match of `pattern` in what the program says (nginx and wrk say it on stderr). */
export function programVersion (command: string, args: readonly string[], pattern: RegExp): string | undefined {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 5000 })
  if (error !== undefined) return undefined
  return pattern.exec(`${stdout}\n${stderr}`)?.[1]
}

export function packageVersion (root: string, name: string): string | undefined {
  try {
    const text = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')
    return (JSON.parse(text) as { version: string }).version
  } catch {
    return undefined
  }
}

export function hasProgram (command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore', timeout: 5000 }).error === undefined
}
