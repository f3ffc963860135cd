/**
 * Loads the configuration: flags over environment over file over defaults, checked as a whole. All problems are found
 * in one go, each with the place where the value was written. Nothing is half applied: there is a `Config`, or
 * problems.
 */
import { dirname, resolve as resolvePath } from 'node:path'
import { FnlbError } from '../errors.ts'
import type { Config, Origins } from './config.ts'
import { crossCheck } from './cross-checks.ts'
import { Draft } from './draft.ts'
import { settingsFromEnvironment } from './env.ts'
import type { Environment } from './env.ts'
import { readConfigText } from './file-text.ts'
import { settingsFromFlags } from './flags.ts'
import type { Flags } from './flags.ts'
import { findings } from './issues.ts'
import { originsOf } from './origins.ts'
import { sortProblems } from './problem.ts'
import type { Problem, Source } from './problem.ts'
import { resolveConfig } from './resolve.ts'
import { schema } from './schema.ts'
import type { ConfigDocument } from './schema.ts'
import { readTls } from './tls-files.ts'
import { parseYaml } from './yaml-text.ts'
import type { YamlText } from './yaml-text.ts'

export interface ConfigSources {
  /** Path of the configuration file; messages name it as given here. */
  readonly file?: string
  readonly environment: Environment
  readonly flags?: Flags
  /** Accept a configuration without any pool (the demo brings its own). */
  readonly allowNoPools?: boolean
}

export type LoadResult =
  | {
    readonly ok: true
    readonly config: Config
    /** What was written and what is default, with units, for showing. */
    readonly document: ConfigDocument
    readonly origins: Origins
    readonly warnings: readonly Problem[]
  }
  | { readonly ok: false, readonly problems: readonly Problem[] }

/** Reads and checks everything; never throws for what an operator can get wrong. */
export function loadConfig (sources: ConfigSources): LoadResult {
  const problems: Problem[] = []
  const yaml = readFile(sources.file, problems)
  const filePools = poolNames(yaml.value)
  const environment = settingsFromEnvironment(sources.environment, filePools)
  const pools = new Set(filePools)
  for (const { path } of environment.overrides) if (path[0] === 'pools') pools.add(String(path[1]))
  const flags = settingsFromFlags(sources.flags ?? {}, [...pools])
  problems.push(...environment.problems, ...flags.problems)

  const draft = new Draft(sources.file, yaml, [...environment.overrides, ...flags.overrides])
  const parsed = schema.safeParse(draft.raw, { reportInput: true, jitless: true })
  if (!parsed.success) {
    for (const finding of findings(parsed.error.issues)) {
      draft.error(finding.path, finding.message, finding.atKey ? 'key' : 'value')
    }
  }
  // With no readable file everything would seem to be missing.
  if (yaml.isReadable) crossCheck(draft, { allowNoPools: sources.allowNoPools ?? false })

  const directory = sources.file === undefined ? process.cwd() : dirname(resolvePath(sources.file))
  const config = parsed.success && !hasErrors(draft.problems) ? resolveConfig(parsed.data, directory) : undefined
  if (config?.tls !== undefined) checkTls(config.tls, draft)
  problems.push(...(yaml.isReadable ? draft.problems : []))
  if (config === undefined || !parsed.success || hasErrors(problems)) {
    return { ok: false, problems: sortProblems(problems) }
  }
  return {
    ok: true,
    config,
    document: parsed.data,
    origins: originsOf(parsed.data, draft),
    warnings: sortProblems(problems)
  }
}

function readFile (file: string | undefined, problems: Problem[]): YamlText & { readonly isReadable: boolean } {
  const nothing = { value: {}, problems: [], isStructured: true, locate: () => undefined }
  if (file === undefined) return { ...nothing, isReadable: true }
  const report = (message: string, source: Omit<Source & { kind: 'file' }, 'kind' | 'file'> = {}): void => {
    problems.push({ severity: 'error', path: [], message, source: { kind: 'file', file, ...source } })
  }
  const content = readConfigText(file)
  if (!content.ok) {
    report(content.reason)
    return { ...nothing, isReadable: false }
  }
  const yaml = parseYaml(content.text)
  for (const { message, line, column } of yaml.problems) report(message, { line, column })
  return { ...yaml, isReadable: yaml.isStructured }
}

function poolNames (value: Readonly<Record<string, unknown>>): string[] {
  const pools = value['pools']
  return typeof pools === 'object' && pools !== null && !Array.isArray(pools) ? Object.keys(pools) : []
}

function checkTls (files: NonNullable<Config['tls']>, draft: Draft): void {
  try {
    readTls(files)
  } catch (error) {
    if (!(error instanceof FnlbError)) throw error
    draft.error(['tls'], error.message, 'key')
  }
}

function hasErrors (problems: readonly Problem[]): boolean {
  return problems.some(problem => problem.severity === 'error')
}
