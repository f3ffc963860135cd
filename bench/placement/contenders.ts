/** Who is compared. Every one is the product's own code, chosen by name in its registry of policies. */
import { CONTENDERS } from '../../lib/simulate/contenders.ts'
import type { Contender } from '../../lib/simulate/contenders.ts'

/** What the bars and the titles call the two that all is measured against. */
export const BOUNDED = 'bounded-load'
export const CH_RLU = 'ch-rlu tuned'
export const PULL = 'pull'
export const OURS = 'hot T2'
export const OURS_T0 = 'hot T0'

/**
 * @param names of contenders, or of policies of which all contenders are meant; none = all.
 * @throws RangeError that names the contenders there are.
 */
export function contendersNamed (names: readonly string[]): readonly Contender[] {
  if (names.length === 0) return CONTENDERS
  return names.flatMap(name => {
    const exact = CONTENDERS.filter(({ name: own }) => own === name)
    const found = exact.length > 0 ? exact : CONTENDERS.filter(({ policy }) => policy === name)
    if (found.length > 0) return found
    throw new RangeError(`there is no policy "${name}": choose from ${CONTENDERS.map(one => one.name).join(', ')}`)
  })
}
