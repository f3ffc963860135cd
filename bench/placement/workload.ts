/** The workload of the placement bench: a window of a trace where there is one, else of the generator. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { generateWorkload } from '../../lib/simulate/generator.ts'
import { Random } from '../../lib/simulate/random.ts'
import { readTraceFolder } from '../../lib/simulate/trace-folder.ts'
import { selectWindow } from '../../lib/simulate/workload.ts'
import type { Workload } from '../../lib/simulate/workload.ts'

/** Warm-up and measured part of the reference case. */
export const WINDOW_MINUTES = 40

/** The sample that research/policy.md used. */
const SAMPLE = 'azure2019-500'

/** The generator's only seed: another one would be another trace. */
const GENERATOR_SEED = 2019

/**
 * @param trace a trace folder, or one that holds azure2019-500; '' = the generator.
 * @throws TraceError on a folder that is none, RangeError on minutes that it does not have.
 */
export function loadWorkload (trace: string, firstMinute: number): Workload {
  if (trace === '') return selectWindow(generateWorkload(new Random(GENERATOR_SEED)), firstMinute, WINDOW_MINUTES)
  const sample = join(trace, SAMPLE)
  return selectWindow(readTraceFolder(existsSync(sample) ? sample : trace), firstMinute, WINDOW_MINUTES)
}

/** Where it is from, in words that may be committed. */
export function sourceOf (trace: string): string {
  return trace === '' ? 'generator with the shape of the Azure 2019 sample (no trace was given)' : `trace ${SAMPLE}`
}
