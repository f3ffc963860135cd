/**
 * Order statistics of a few measured rounds. A bench states min, median and max, never a mean: one disturbed round
 * must not move the number that a bar is judged by. Ratios are taken round by round (both sides of a ratio were
 * measured seconds apart) and only then summarised.
 */

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/**
 * @param values at least one finite number, in any order
 * @throws RangeError when there is none, or one is not finite
 */
export function spread (values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('spread of no values: measure at least one round')
  for (const value of values) {
    if (!Number.isFinite(value)) throw new RangeError(`spread of ${value}: every value must be finite`)
  }
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] as number
  const median = sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2
  return { min: sorted[0] as number, median, max: sorted[sorted.length - 1] as number }
}

/**
 * `numerators[i] / denominators[i]`: the ratio of each round.
 *
 * @throws RangeError when the lists differ in length or a denominator is not above zero
 */
export function ratios (numerators: readonly number[], denominators: readonly number[]): number[] {
  if (numerators.length !== denominators.length) {
    throw new RangeError(`ratios of ${numerators.length} to ${denominators.length} rounds: pair the rounds first`)
  }
  return numerators.map((numerator, i) => {
    const denominator = denominators[i] as number
    if (!(denominator > 0)) throw new RangeError(`ratio to ${denominator}: the denominator must be above zero`)
    return numerator / denominator
  })
}

/**
 * Nearest-rank percentile: the smallest value that at least `percent` % of the values do not exceed.
 *
 * @param sorted ascending, not empty
 * @param percent above 0, at most 100
 */
export function percentile (sorted: ArrayLike<number>, percent: number): number {
  if (sorted.length === 0) throw new RangeError('percentile of no values')
  if (!(percent > 0 && percent <= 100)) throw new RangeError(`percentile ${percent}: wanted above 0, at most 100`)
  const rank = Math.ceil((percent / 100) * sorted.length)
  return sorted[rank - 1] as number
}
