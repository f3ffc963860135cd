/** The flags of `bench:placement`. Pure: text in, options or one clear complaint out. */
import { parseArgs } from 'node:util'
import { SCENARIOS, scenarioNamed } from '../../lib/simulate/scenario.ts'
import { contendersNamed } from './contenders.ts'
import type { Contender } from '../../lib/simulate/contenders.ts'
import type { Scenario } from '../../lib/simulate/scenario.ts'

export interface Options {
  readonly contenders: readonly Contender[]
  readonly scenarios: readonly Scenario[]
  readonly seeds: readonly number[]
  /** Seeds of the one scenario that asks for ten. */
  readonly bootSeeds: readonly number[]
  /** First minute, as the trace counts them. */
  readonly firstMinute: number
  /** Trace folder; '' = the generator. */
  readonly trace: string
  readonly workers: number
  readonly quick: boolean
  readonly bars: boolean
  readonly markdown: boolean
  /** Write the results down; a quick or partial run must not replace a full one. */
  readonly save: boolean
  readonly date: string
  /** Print the tables of a saved run instead of simulating. */
  readonly from: string | undefined
  readonly help: boolean
}

export class UsageError extends Error {}

const USAGE = `usage: npm run bench:placement -- [flags]

  --policy A,B       these contenders: a policy of the product, or one of its variants
  --scenario A,B     these scenarios: SCENARIOS
  --seeds A,B | A-B  one run of each scenario per seed            (11-13; quick: 11)
  --window A[-B]     minutes of the trace, from A on; B is told   (780-819)
  --trace DIR        a folder with invocations.csv, durations.csv and memory.csv, or one that holds azure2019-500;
                     otherwise FNLB_TRACES, otherwise a generator with the published shape of that trace
  --workers N        threads                                      (2)
  --quick            one seed, the reference case only, hot and bounded-load: does all work
  --bars             exit 1 when a bar of the placement issue is missed or could not be judged (not with --quick)
  --markdown         print Markdown instead of plain tables
  --save             write bench/results/ also for a quick or partial run (a full run always does)
  --date DAY         the day in the file names                    (today, YYYY-MM-DD)
  --from FILE        print the tables of a saved .json, simulate nothing
`

const QUICK_CONTENDERS = ['bounded-load', 'hot T0', 'hot T2'] as const
const BOOT_SEEDS = 10

function list (text: string | undefined): string[] {
  return (text ?? '').split(',').map(part => part.trim()).filter(part => part !== '')
}

/** `11-13` or `11,12,13`. */
function numbers (flag: string, text: string): number[] {
  const all = list(text).flatMap(part => {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part)
    if (match === null) throw new UsageError(`--${flag} ${text}: give whole numbers, as 11,12 or 11-13`)
    const from = Number(match[1])
    const to = Number(match[2] ?? from)
    if (to < from || to - from > 999) throw new UsageError(`--${flag} ${text}: a range goes up, by at most 1000`)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
  if (all.length === 0) throw new UsageError(`--${flag}: give at least one number`)
  return all
}

function parseFlags (args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        policy: { type: 'string' },
        scenario: { type: 'string' },
        seeds: { type: 'string' },
        window: { type: 'string' },
        trace: { type: 'string' },
        workers: { type: 'string' },
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

function named<T> (resolve: () => T): T {
  try {
    return resolve()
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
}

function scenariosOf (names: readonly string[], quick: boolean): readonly Scenario[] {
  if (names.length > 0) return named(() => names.map(scenarioNamed))
  return quick ? [scenarioNamed('R')] : SCENARIOS
}

/**
 * @param traces what the environment says of traces; '' = nothing.
 * @param today `YYYY-MM-DD`
 * @throws UsageError
 */
export function parseOptions (args: readonly string[], traces: string, today: string): Options {
  const flags = parseFlags(args)
  const quick = flags.quick === true
  if (quick && flags.bars === true) {
    throw new UsageError('--bars with --quick: a quick run only shows that all works, judge the bars by a full one')
  }
  const policies = list(flags.policy)
  const scenarios = list(flags.scenario)
  const seeds = numbers('seeds', flags.seeds ?? (quick ? '11' : '11-13'))
  const workers = numbers('workers', flags.workers ?? '2')[0]!
  if (workers < 1 || workers > 64) throw new UsageError(`--workers ${workers}: give 1 to 64`)
  const date = flags.date ?? today
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) throw new UsageError(`--date ${date}: give a day as YYYY-MM-DD`)
  const partial = quick || policies.length > 0 || scenarios.length > 0
  return {
    contenders: named(() => contendersNamed(policies.length > 0 || !quick ? policies : QUICK_CONTENDERS)),
    scenarios: scenariosOf(scenarios, quick),
    seeds,
    bootSeeds: Array.from({ length: Math.max(seeds.length, BOOT_SEEDS) }, (_, i) => seeds[i] ?? seeds.at(-1)! + i + 1 - seeds.length),
    firstMinute: numbers('window', flags.window ?? '780')[0]!,
    trace: flags.trace ?? traces,
    workers,
    quick,
    bars: flags.bars === true,
    markdown: flags.markdown === true,
    save: flags.save === true || !partial,
    date,
    from: flags.from,
    help: flags.help === true
  }
}

export function usageText (): string {
  return USAGE.replace('SCENARIOS', SCENARIOS.map(({ name }) => name).join(', '))
}
