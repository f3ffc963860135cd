/**
 * Distributions of execution times, given by their quantile function, so that a call's time comes from one uniform
 * number and is the same under every policy.
 */

export interface Distribution {
  /** Seconds at `u` in [0, 1). */
  quantile (u: number): number
  readonly meanS: number
}

export function exponential (meanS: number): Distribution {
  return { meanS, quantile: u => -meanS * Math.log(1 - u) }
}

export function constant (seconds: number): Distribution {
  return { meanS: seconds, quantile: () => seconds }
}

/**
 * Either of two exponentials: a mean and a spread that processor sharing must not care about.
 * @param firstRatio part of the calls that are of the first kind.
 */
export function hyperExponential (firstRatio: number, firstMeanS: number, secondMeanS: number): Distribution {
  return {
    meanS: firstRatio * firstMeanS + (1 - firstRatio) * secondMeanS,
    quantile: u => u < firstRatio
      ? -firstMeanS * Math.log(1 - u / firstRatio)
      : -secondMeanS * Math.log(1 - (u - firstRatio) / (1 - firstRatio))
  }
}

/**
 * Through given percentiles, log-linear between them: a quarter of the calls lies between p25 and p50, evenly on a
 * logarithmic scale.
 * @param percents ascending, from 0 to 100.
 * @param seconds of the same length, ascending, above 0.
 * @throws RangeError on anything else.
 */
export function percentiles (percents: readonly number[], seconds: readonly number[]): Distribution {
  const last = percents.length - 1
  if (last < 1 || seconds.length !== percents.length || percents[0] !== 0 || percents[last] !== 100) {
    throw new RangeError('percentiles of a distribution: expected the same number of each, from 0 to 100')
  }
  const logs = new Float64Array(percents.length)
  let meanS = 0
  for (let i = 0; i <= last; i++) {
    if (!(seconds[i]! > 0) || (i > 0 && !(seconds[i]! >= seconds[i - 1]! && percents[i]! > percents[i - 1]!))) {
      throw new RangeError(`percentile ${percents[i]} of ${seconds[i]} s: expected ascending values above 0`)
    }
    logs[i] = Math.log(seconds[i]!)
    if (i === 0) continue
    const [low, high] = [seconds[i - 1]!, seconds[i]!]
    // The mean of a log-uniform variable.
    const mean = high - low < 1e-9 * high ? low : (high - low) / (logs[i]! - logs[i - 1]!)
    meanS += mean * (percents[i]! - percents[i - 1]!) / 100
  }
  return {
    meanS,
    quantile (u) {
      const percent = u * 100
      let i = 1
      while (i < last && percent > percents[i]!) i++
      const part = (percent - percents[i - 1]!) / (percents[i]! - percents[i - 1]!)
      return Math.exp(logs[i - 1]! + part * (logs[i]! - logs[i - 1]!))
    }
  }
}
