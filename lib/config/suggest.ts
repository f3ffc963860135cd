/**
 * "did you mean": the nearest known name by Levenshtein distance, offered only when it is near enough to be a slip.
 */

/** The candidate that `input` most likely was meant to be, or nothing. The first of equals wins. */
export function nearest (input: string, candidates: Iterable<string>): string | undefined {
  // A third of the length: "intervall" finds "interval", but "foo" does not find "fn".
  let limit = Math.max(1, Math.floor(input.length / 3))
  let best: string | undefined
  const wanted = input.toLowerCase()
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), limit)
    if (distance > limit || (best !== undefined && distance === limit)) continue
    best = candidate
    limit = distance
  }
  return best
}

/** `, did you mean "x"?` or an empty string, to append to a message. */
export function didYouMean (input: string, candidates: Iterable<string>): string {
  const found = nearest(input, candidates)
  return found === undefined ? '' : `, did you mean "${found}"?`
}

/** Levenshtein distance, a swap of neighbours counting 1. Gives up (`limit + 1`) when the lengths differ by more. */
export function editDistance (a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1
      let cost = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + change)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforePrevious[column - 2]! + 1)
      }
      current.push(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}
