/**
 * How problems and summaries of a configuration are printed. Data for people: one fact a line.
 */
import { formatListen } from '../config/addresses.ts'
import type { Config } from '../config/config.ts'
import { formatProblem } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import type { Io } from './io.ts'

/**
 * Every problem on standard error, then what it means and what to do.
 * @param consequence follows the count: `; nothing was started`.
 */
export function printProblems (io: Io, problems: readonly Problem[], consequence = ''): void {
  for (const problem of problems) io.err(`${formatProblem(problem)}\n`)
  io.err(`fnlb: ${counted(problems, 'error')} in the configuration${consequence}\n`)
  io.err(`hint: ${hintFor(problems)}\n`)
}

function hintFor (problems: readonly Problem[]): string {
  const only = problems.length === 1 ? problems[0]! : undefined
  if (only?.source.kind === 'file' && only.source.line === undefined && only.path.length === 0) {
    return 'check the path of the file and its permissions'
  }
  if (only?.source.kind === 'none') {
    return 'give a file with -c FILE, or runners with fnlb serve --node HOST:PORT, or try fnlb serve --demo'
  }
  return '"fnlb config defaults" shows every setting, docs/configuration.md what it means'
}

export function printWarnings (io: Io, warnings: readonly Problem[]): void {
  for (const warning of warnings) io.err(`${formatProblem(warning)}\n`)
}

/** Listeners and pools, as `fnlb check` shows them. */
export function summary (config: Config, source: string): string {
  const secure = config.tls === undefined ? '' : ' (tls)'
  const lines = [
    `ok       ${source}`,
    `listen   ${config.listen.map(formatListen).join(', ')}${secure}`,
    `admin    ${config.admin.listen === undefined ? 'off' : formatListen(config.admin.listen)}`,
    `workers  ${config.workers}`,
    ...config.pools.map(pool => {
      const capacity = pool.nodes.reduce((sum, node) => sum + node.capacity, 0)
      const facts = [plural(pool.nodes.length, 'node'), `capacity ${capacity}`, pool.policy]
      return `pool     ${pool.name}: ${[...facts, ...(pool.name === config.defaultPool ? ['default'] : [])].join(', ')}`
    }),
    ...config.routes.map(route => `route    ${route.host ?? '*'}${route.pathPrefix ?? '/'} → ${route.pool}`)
  ]
  return `${lines.join('\n')}\n`
}

function counted (problems: readonly Problem[], severity: Problem['severity']): string {
  return plural(problems.filter(problem => problem.severity === severity).length, severity)
}

function plural (count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
