/** Makes a failing case smaller: lines, then ever smaller runs of bytes, are left out as long as it still fails. */
import type { Case } from './corpus.ts'

/** Each try costs some turns of the event loop. */
const MAX_TRIES = 1500

export async function minimise (fuzzCase: Case, fails: (candidate: Case) => Promise<boolean>): Promise<Case> {
  let best = fuzzCase
  let tries = 0
  for (let size = best.text.length >> 1; size > 0 && tries < MAX_TRIES; size >>= 1) {
    for (let at = 0; at < best.text.length && tries < MAX_TRIES;) {
      const candidate = { ...best, text: best.text.slice(0, at) + best.text.slice(at + size) }
      tries++
      if (await fails(candidate)) best = candidate
      else at += size
    }
    if (size === 1) break
  }
  return best
}
