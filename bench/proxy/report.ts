/**
 * Tables of a run, computed from its raw results alone: a saved run prints the same. Everything is a ratio to nginx
 * of the same round, with median and range; absolute numbers stand beside them, since ratios alone hide a slow machine.
 */
import { ratios, spread } from '../lib/stats.ts'
import { markdownTable, textTable, type Column } from '../lib/table.ts'
import { addedP99Us, judgeBars, type Bar } from './bars.ts'
import { goodRows, pairByRound, type Results, type ThroughputRow } from './results.ts'
import { scenarios } from './scenarios.ts'

export interface Section {
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: ReadonlyArray<readonly string[]>
  readonly note?: string
}

const none = '-'

const left = (title: string): Column => ({ title, align: 'left' })
const right = (title: string): Column => ({ title, align: 'right' })

function compact (value: number): string {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}

/** `1.42 (1.38-1.51)`: median, least and most. */
function range (values: readonly number[]): string {
  if (values.length === 0) return none
  const { min, median, max } = spread(values)
  return values.length === 1 ? compact(median) : `${compact(median)} (${compact(min)}-${compact(max)})`
}

function median (values: readonly number[]): string {
  return values.length === 0 ? none : compact(spread(values).median)
}

type Measure = (row: ThroughputRow) => number

function rowsOf (results: Results, scenario: string, contender: string): ThroughputRow[] {
  return goodRows(results.throughput).filter(row => row.scenario === scenario && row.contender === contender)
}

function ratiosToNginx (results: Results, scenario: string, contender: string, measure: Measure): number[] {
  const pairs = pairByRound(rowsOf(results, scenario, contender), rowsOf(results, scenario, 'nginx'))
  return ratios(pairs.map(([row]) => measure(row)), pairs.map(([, nginx]) => measure(nginx)))
}

/** Those with any row, also a failed one: a contender that failed stays visible. */
function measuredContenders (results: Results, scenario: string): Results['contenders'] {
  return results.contenders.filter(({ id }) =>
    results.throughput.some(row => row.scenario === scenario && row.contender === id))
}

function failures (results: Results, scenario: string, contender: string): string {
  const rows = results.throughput.filter(row => row.scenario === scenario && row.contender === contender)
  const failed = rows.filter(row => row.fault !== undefined).length
  return failed === 0 ? '' : ` FAILED ${failed}/${rows.length}`
}

function measuredScenarios (results: Results) {
  return scenarios.filter(scenario => results.throughput.some(row => row.scenario === scenario.id))
}

function ratioSections (results: Results): Section[] {
  return measuredScenarios(results).map(({ id, title }) => ({
    title: `${title}: ratios to nginx, median (min-max) of ${results.rounds} rounds`,
    columns: [left('proxy'), ...['CPU/request', 'throughput', 'p50', 'p99', 'RSS'].map(right)],
    rows: measuredContenders(results, id).map(contender => [
      contender.title + failures(results, id, contender.id),
      ...([
        row => row.cpuUsPerRequest,
        row => row.requestsPerSecond,
        row => row.p50Us,
        row => row.p99Us,
        row => row.residentBytes
      ] satisfies Measure[]).map(measure => range(ratiosToNginx(results, id, contender.id, measure)))
    ])
  }))
}

function absoluteSections (results: Results): Section[] {
  return measuredScenarios(results).map(({ id, title }) => ({
    title: `${title}: absolute, medians`,
    columns: [
      left('proxy'),
      ...['CPU µs/request', 'user µs', 'system µs', 'requests/s'].map(right),
      ...['p50 ms', 'p99 ms', 'RSS MB', 'peak MB', 'core busy %'].map(right)
    ],
    rows: measuredContenders(results, id).map(contender => {
      const rows = rowsOf(results, id, contender.id)
      return [
        contender.title + failures(results, id, contender.id),
        median(rows.map(row => row.cpuUsPerRequest)),
        median(rows.map(row => row.userSeconds * 1e6 / row.requests)),
        median(rows.map(row => row.systemSeconds * 1e6 / row.requests)),
        median(rows.map(row => row.requestsPerSecond)),
        median(rows.map(row => row.p50Us / 1000)),
        median(rows.map(row => row.p99Us / 1000)),
        median(rows.map(row => row.residentBytes / 1e6)),
        median(rows.flatMap(row => row.peakBytes === null ? [] : [row.peakBytes / 1e6])),
        median(rows.map(row => row.busyRatio * 100))
      ]
    }),
    note: 'A core busy for less than about 95 % means that the load or the backends were the limit: ' +
      'then compare CPU per request, not throughput.'
  }))
}

function halfLoadSection (results: Results): Section[] {
  const half = results.halfLoad
  if (half === null) return []
  const ids = ['direct', ...results.contenders.map(contender => contender.id)]
    .filter(id => half.rows.some(row => row.contender === id))
  const titleOf = (id: string): string =>
    results.contenders.find(contender => contender.id === id)?.title ?? 'backends alone'
  const added = (id: string): number[] => id === 'direct' ? [] : addedP99Us(results, id).map(one => one.addedUs)
  const haproxy = added('haproxy')
  return [{
    title: `added latency at half load: ${compact(half.ratePerSecond)} requests/s at a constant rate ` +
      `(half of what ${titleOf(half.slowest)} carries), ${half.connections} connections`,
    columns: [
      left('proxy'),
      ...['p50 µs', 'p99 µs', 'added p50 µs', 'added p99 µs', '× HAProxy', 'p99 µs, all', 'max µs'].map(right)
    ],
    rows: ids.map(id => {
      const rows = goodRows(half.rows).filter(row => row.contender === id)
      const direct = goodRows(half.rows).filter(row => row.contender === 'direct')
      const floor = direct.length === 0 ? undefined : spread(direct.map(row => row.p50Us)).median
      const own = added(id)
      const comparable = own.length > 0 && haproxy.length > 0 && spread(haproxy).median > 0
      return [
        titleOf(id),
        range(rows.map(row => row.p50Us)),
        range(rows.map(row => row.p99Us)),
        id === 'direct' || floor === undefined ? none : range(rows.map(row => row.p50Us - floor)),
        range(own),
        comparable ? compact(spread(own).median / spread(haproxy).median) : none,
        range(rows.map(row => row.p99AllUs)),
        median(rows.map(row => row.maxUs))
      ]
    }),
    note: 'Latency counts from the moment a request was due. p99 leaves out the requests that fell into a pause of ' +
      'the generator itself (its core taken away for 1 ms or more); "all" has them. The floor is the median of the ' +
      'direct rounds.'
  }]
}

function memorySection (results: Results): Section[] {
  const measured = results.contenders.filter(({ id }) => results.memory.some(row => row.contender === id))
  if (measured.length === 0) return []
  return [{
    title: `memory, and ${compact(results.memory[0]?.connections ?? 0)} idle client connections`,
    columns: [
      left('proxy'),
      ...['idle MB', 'after load MB', 'with connections MB', 'kB per connection'].map(right)
    ],
    rows: measured.map(({ id, title }) => {
      const all = results.memory.filter(row => row.contender === id)
      const rows = goodRows(all)
      return [
        title + (rows.length < all.length ? ` FAILED ${all.length - rows.length}/${all.length}` : ''),
        range(rows.map(row => row.idleBytes / 1e6)),
        range(rows.map(row => row.warmBytes / 1e6)),
        range(rows.map(row => row.heldBytes / 1e6)),
        range(rows.map(row => row.bytesPerConnection / 1e3))
      ]
    }),
    note: 'Resident memory of all processes of a proxy; 1 MB = 10^6 bytes.'
  }]
}

function threadsSection (results: Results): Section[] {
  if (results.threads.length === 0) return []
  const of = (threads: number) => results.threads.filter(row => row.threads === threads)
  const counts = [...new Set(results.threads.map(row => row.threads))]
  return [{
    title: `fnlb, data threads; proxy and load together on ${results.machine.cores} cores`,
    columns: [left('threads'), ...['requests/s', '× one', 'CPU µs/request', '× one', 'p99 ms', 'RSS MB'].map(right)],
    rows: counts.map(threads => {
      const pairs = pairByRound(of(threads), of(1))
      const rows = goodRows(of(threads))
      return [
        String(threads),
        range(rows.map(row => row.requestsPerSecond)),
        range(pairs.map(([row, one]) => row.requestsPerSecond / one.requestsPerSecond)),
        range(rows.map(row => row.cpuUsPerRequest)),
        range(pairs.map(([row, one]) => row.cpuUsPerRequest / one.cpuUsPerRequest)),
        median(rows.map(row => row.p99Us / 1000)),
        median(rows.map(row => row.residentBytes / 1e6))
      ]
    })
  }]
}

export function barRow (bar: Bar): string[] {
  const unit = bar.unit === '×' ? ' ×' : ` ${bar.unit}`
  return [
    bar.what,
    `<= ${bar.limit}${unit}`,
    bar.stretch === null ? none : `<= ${bar.stretch}${unit}`,
    bar.measured === null ? none : range([bar.measured.min, bar.measured.median, bar.measured.max]),
    bar.verdict
  ]
}

function barsSection (results: Results): Section[] {
  const bars = judgeBars(results)
  if (bars.length === 0) return []
  return [{
    title: 'bars (DESIGN §7), judged by the median',
    columns: [left('what'), right('wanted'), right('stretch'), right('measured'), left('verdict')],
    rows: bars.map(barRow)
  }]
}

function factsSection (results: Results): Section {
  const { machine } = results
  const memory = `${compact(machine.memoryBytes / 2 ** 30)} GiB`
  const commit = machine.commit + (machine.dirty ? ' with uncommitted changes' : '')
  return {
    title: `proxy bench of ${results.date}`,
    columns: [left('what'), left('is')],
    rows: [
      ['machine', `${machine.cpuModel}, ${machine.cores} cores, ${memory}, ${machine.kernel}`],
      ['cores', results.pinned ? 'proxy on core 0, load and backends on core 1' : 'NOT PINNED'],
      ['commit', commit],
      ['run', `${results.rounds} rounds of ${results.seconds} s` +
        (results.quick ? ', quick: only a check that all works' : '')],
      ['Node, wrk', `${machine.node}, ${machine.wrk}`],
      ['load average at the start', compact(machine.loadAverage)],
      ...results.contenders.map(({ title, version, settings }) => [title, `${version}; ${settings}`]),
      ...results.warnings.map(warning => ['WARNING', warning]),
      ...results.problems.map(problem => ['PROBLEM', problem.split('\n')[0] as string])
    ]
  }
}

export function sections (results: Results): Section[] {
  return [
    factsSection(results),
    ...ratioSections(results),
    ...absoluteSections(results),
    ...halfLoadSection(results),
    ...memorySection(results),
    ...threadsSection(results),
    ...barsSection(results)
  ]
}

export function renderText (results: Results): string {
  return sections(results).map(({ title, columns, rows, note }) =>
    `${title}\n${textTable(columns, rows)}${note === undefined ? '' : `${note}\n`}`).join('\n')
}

export function renderMarkdown (results: Results): string {
  return sections(results).map(({ title, columns, rows, note }, i) =>
    `${i === 0 ? '#' : '##'} ${title}\n\n${markdownTable(columns, rows)}` +
    (note === undefined ? '' : `\n${note}\n`)).join('\n')
}

/** One table that a README can carry: CPU per request in every scenario, speed and memory of the first. */
export function renderReadme (results: Results): string {
  const shown = measuredScenarios(results)
  const cell = (contender: string, scenario: string): string => {
    const cost = median(rowsOf(results, scenario, contender).map(row => row.cpuUsPerRequest))
    const ratio = median(ratiosToNginx(results, scenario, contender, row => row.cpuUsPerRequest))
    return cost === none ? 'failed' : ratio === none ? `${cost} µs` : `${ratio} × (${cost} µs)`
  }
  const first = shown[0]
  const rows = results.contenders.filter(({ id }) => results.throughput.some(row => row.contender === id))
    .map(({ id, title }) => {
      const rowsOfFirst = first === undefined ? [] : rowsOf(results, first.id, id)
      return [
        title,
        ...shown.map(scenario => cell(id, scenario.id)),
        median(rowsOfFirst.map(row => row.requestsPerSecond)),
        median(rowsOfFirst.map(row => row.p99Us / 1000)),
        median(goodRows(results.memory).filter(row => row.contender === id).map(row => row.idleBytes / 1e6)),
        median(goodRows(results.memory).filter(row => row.contender === id).map(row => row.bytesPerConnection / 1e3))
      ]
    })
  const columns = [
    left('CPU per request, × nginx'),
    ...shown.map(scenario => right(scenario.title)),
    right('requests/s'), right('p99 ms'), right('idle MB'), right('kB per idle connection')
  ]
  const { machine } = results
  const commit = machine.commit + (machine.dirty ? ' (dirty)' : '')
  const pinning = results.pinned ? 'proxy on one core, load and backends on another' : 'not pinned'
  return `${markdownTable(columns, rows)}
Medians of ${results.rounds} rounds in turn, ${results.date}, commit ${commit}: ${machine.cpuModel}, ${pinning}, ` +
    `Node ${machine.node.replace('v', '')}. requests/s and p99: ${first?.title ?? none}, at full load.\n`
}
