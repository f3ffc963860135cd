/**
 * A trace folder of the shape of the Azure Functions trace of 2019 (Shahrad et al., USENIX ATC 2020): invocations.csv
 * (calls by the minute), durations.csv (percentiles of the execution time, ms) and memory.csv (MB by application),
 * joined on `HashFunction`. The columns are described in Azure/AzurePublicDataset, AzureFunctionsDataset2019.md.
 *
 * The trace has neither arrival times within a minute nor start-up times; arrivals.ts and workload.ts choose them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { percentiles } from './distribution.ts'
import type { FunctionProfile, Workload } from './workload.ts'

const PERCENTS = [0, 1, 25, 50, 75, 99, 100]

/** The trace writes 0 for what took less than 1 ms; the middle of that is meant. */
const UNDER_ONE_MS = 0.5

/** A container needs this much whatever its function allocates. */
export const MIN_CONTAINER_MB = 128

/** A trace that can not be used, with the file and what to do. */
export class TraceError extends Error {}

type Row = readonly string[]

interface Csv {
  readonly file: string
  readonly header: Row
  readonly rows: readonly Row[]
}

/**
 * @param folder holds the three files.
 * @throws TraceError
 */
export function readTraceFolder (folder: string): Workload {
  const read = (name: string): Csv => parseCsv(join(folder, name), readText(join(folder, name)))
  return joinTrace(folder, read('invocations.csv'), read('durations.csv'), read('memory.csv'))
}

function readText (file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new TraceError(`${(error as Error).message}: a trace folder holds invocations.csv, durations.csv and ` +
      'memory.csv; give another with --trace, or none to use the generator')
  }
}

/** The files have no quotes and no commas in cells. */
function parseCsv (file: string, text: string): Csv {
  const lines = text.split(/\r?\n/).filter(line => line !== '')
  const [header, ...rows] = lines.map(line => line.split(','))
  if (header === undefined || rows.length === 0) throw new TraceError(`${file} is empty`)
  for (const [index, row] of rows.entries()) {
    if (row.length !== header.length) {
      throw new TraceError(`${file}:${index + 2}: ${row.length} cells under ${header.length} columns`)
    }
  }
  return { file, header, rows }
}

function columnOf (csv: Csv, name: string): number {
  const column = csv.header.indexOf(name)
  if (column < 0) throw new TraceError(`${csv.file}: there is no column "${name}"`)
  return column
}

/** A number of 0 or more. */
function cell (csv: Csv, row: number, column: number): number {
  const text = csv.rows[row]![column]!
  const value = Number(text)
  if (text === '' || !(value >= 0 && value < Infinity)) {
    throw new TraceError(`${csv.file}:${row + 2}: "${text}" under ${csv.header[column]!}, expected a number from 0 on`)
  }
  return value
}

/** Row of each function; its first, if the file has several. */
function rowsByFunction (csv: Csv): Map<string, number> {
  const key = columnOf(csv, 'HashFunction')
  const rows = new Map<string, number>()
  for (const [index, row] of csv.rows.entries()) if (!rows.has(row[key]!)) rows.set(row[key]!, index)
  return rows
}

function joinTrace (folder: string, invocations: Csv, durations: Csv, memory: Csv): Workload {
  const minutes = invocations.header.flatMap((name, column) => /^\d+$/.test(name) ? [{ column, name }] : [])
  if (minutes.length === 0) throw new TraceError(`${invocations.file}: there is no column named after a minute`)
  const durationRows = rowsByFunction(durations)
  const memoryRows = rowsByFunction(memory)
  const percentColumns = PERCENTS.map(percent => columnOf(durations, `percentile_Average_${percent}`))
  const memoryColumn = columnOf(memory, 'AverageAllocatedMb_pct50')
  const functions: FunctionProfile[] = []
  for (const [key, row] of rowsByFunction(invocations)) {
    const duration = durationRows.get(key)
    const allocation = memoryRows.get(key)
    if (duration === undefined || allocation === undefined) {
      const where = duration === undefined ? durations.file : memory.file
      throw new TraceError(`${where}: there is no row of function ${key}, which ${invocations.file} has`)
    }
    let floorMs = UNDER_ONE_MS
    const seconds = percentColumns.map(column => {
      floorMs = Math.max(floorMs, cell(durations, duration, column))
      return floorMs / 1000
    })
    functions.push({
      key,
      execution: percentiles(PERCENTS, seconds),
      memoryMb: Math.max(MIN_CONTAINER_MB, cell(memory, allocation, memoryColumn)),
      calls: Uint32Array.from(minutes, ({ column }) => cell(invocations, row, column))
    })
  }
  return { source: folder, firstMinute: Number(minutes[0]!.name), minutes: minutes.length, functions }
}
