/** The flags of `bench:proxy`. Pure: text in, options or one clear complaint out. */
import { parseArgs } from 'node:util'
import { extraSteps, scenarios, type ExtraStep } from './scenarios.ts'

export interface Options {
  readonly rounds: number
  /** Whole seconds of each measurement: wrk knows no others. */
  readonly seconds: number
  /** Contender ids; empty = all. */
  readonly only: readonly string[]
  /** Scenario ids. */
  readonly scenarios: readonly string[]
  readonly extras: readonly ExtraStep[]
  readonly idleConnections: number
  /** Before memory is read: fnlb gives back what starting took within this time, and the rivals get the same. */
  readonly settleMs: number
  readonly memoryRounds: number
  readonly warmup: boolean
  readonly quick: boolean
  readonly markdown: boolean
  readonly bars: boolean
  /** Write the results down; a quick or partial run must not replace a full one. */
  readonly save: boolean
  readonly date: string
  /** Print the tables of a saved run instead of measuring. */
  readonly from: string | undefined
  readonly help: boolean
}

export class UsageError extends Error {}

const usage = `usage: npm run bench:proxy -- [flags]

  --rounds N        rounds, contenders in rotated order in each   (5; quick: 1)
  --seconds N       whole seconds of each measurement             (2; quick: 1)
  --only A,B        these contenders
  --scenario A,B    these steps: SCENARIOS
  --quick           every contender once, shortly: do they start, serve, give plausible numbers
  --bars            exit 1 when a bar of DESIGN §7 is missed or could not be measured (not with --quick)
  --markdown        print Markdown instead of plain tables
  --save            write bench/results/ also for a quick or partial run (a full run always does)
  --date DAY        the day in the file names                     (today, YYYY-MM-DD)
  --from FILE       print the tables of a saved .json, measure nothing
`

function list (text: string | undefined): string[] {
  return (text ?? '').split(',').map(part => part.trim()).filter(part => part !== '')
}

function wholeNumber (name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1000) {
    throw new UsageError(`--${name} ${text}: give a whole number from 1 to 1000`)
  }
  return value
}

function known (name: string, given: readonly string[], all: readonly string[]): void {
  const wrong = given.find(one => !all.includes(one))
  if (wrong === undefined) return
  throw new UsageError(`--${name} ${wrong}: there is no such one, choose from ${all.join(', ')}`)
}

function parseFlags (args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        only: { type: 'string' },
        scenario: { type: 'string' },
        quick: { type: 'boolean' },
        bars: { type: 'boolean' },
        markdown: { type: 'boolean' },
        save: { type: 'boolean' },
        date: { type: 'string' },
        from: { type: 'string' },
        help: { type: 'boolean', short: 'h' }
      }
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/**
 * @param contenderIds all that can be named
 * @param today `YYYY-MM-DD`
 * @throws UsageError
 */
export function parseOptions (args: readonly string[], contenderIds: readonly string[], today: string): Options {
  const flags = parseFlags(args)
  const allSteps = [...scenarios.map(scenario => scenario.id), ...extraSteps]
  const only = list(flags.only)
  const steps = list(flags.scenario)
  known('only', only, contenderIds)
  known('scenario', steps, allSteps)
  const date = flags.date ?? today
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) throw new UsageError(`--date ${date}: give a day as YYYY-MM-DD`)
  const quick = flags.quick === true
  if (quick && flags.bars === true) {
    throw new UsageError('--bars with --quick: a quick run only shows that all works, judge the bars by a full one')
  }
  const wanted = (id: string): boolean => steps.length === 0 || steps.includes(id)
  const partial = quick || only.length > 0 || steps.length > 0
  return {
    rounds: wholeNumber('rounds', flags.rounds, quick ? 1 : 5),
    seconds: wholeNumber('seconds', flags.seconds, quick ? 1 : 2),
    only,
    scenarios: scenarios.map(scenario => scenario.id).filter(wanted),
    extras: extraSteps.filter(wanted),
    idleConnections: quick ? 500 : 5000,
    settleMs: quick ? 1000 : 5000,
    memoryRounds: quick ? 1 : 3,
    warmup: !quick,
    quick,
    markdown: flags.markdown === true,
    bars: flags.bars === true,
    save: flags.save === true || !partial,
    date,
    from: flags.from,
    help: flags.help === true
  }
}

export function usageText (): string {
  return usage.replace('SCENARIOS', [...scenarios.map(scenario => scenario.id), ...extraSteps].join(', '))
}
