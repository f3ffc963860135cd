/**
 * What a change of the ring costs: the part of the circle, and so of all possible keys, whose home differs between two
 * rings, exactly, and by pair of nodes. Nodes are told apart by id, since the same node may have another index in each.
 */
import { CIRCLE } from './ring-image.ts'
import { compareIds } from './node-order.ts'
import type { Ring } from './ring.ts'

/**
 * Share of the circle that goes from one home to another; null stands for an empty ring, on which nothing has a home.
 */
export interface Move {
  readonly from: string | null
  readonly to: string | null
  /** 0..1, exact to 2^-24. */
  readonly share: number
}

export interface RingDiff {
  readonly movedShare: number
  /** Largest first, then by id. */
  readonly moves: readonly Move[]
}

/** The exact difference of two rings. Takes time in proportion to their points. */
export function diffRings (before: Pick<Ring, 'image' | 'nodes'>, after: Pick<Ring, 'image' | 'nodes'>): RingDiff {
  const pairs = new Map<number, number>()
  const width = after.nodes.length + 1
  const old = segments(before)
  const now = segments(after)
  let start = 0
  let moved = 0
  while (start < CIRCLE) {
    const end = Math.min(old.end(), now.end())
    const from = old.owner()
    const to = now.owner()
    if (idOf(before, from) !== idOf(after, to)) {
      const pair = from * width + to
      pairs.set(pair, (pairs.get(pair) ?? 0) + end - start)
      moved += end - start
    }
    old.passed(end)
    now.passed(end)
    start = end
  }
  const moves = Array.from(pairs, ([pair, units]): Move => ({
    from: idOf(before, Math.floor(pair / width)),
    to: idOf(after, pair % width),
    share: units / CIRCLE
  }))
  moves.sort((a, b) =>
    b.share - a.share || compareIds(a.from ?? '', b.from ?? '') || compareIds(a.to ?? '', b.to ?? ''))
  return { movedShare: moved / CIRCLE, moves }
}

/** `nodes.length` stands for no node at all. */
function idOf (ring: Pick<Ring, 'nodes'>, node: number): string | null {
  return ring.nodes[node]?.id ?? null
}

/** The circle as stretches of one owner, from 0 to CIRCLE; the last stretch belongs to the first point again. */
function segments ({ image, nodes }: Pick<Ring, 'image' | 'nodes'>) {
  const { positions, owners } = image
  let point = 0
  return {
    end: (): number => point < positions.length ? positions[point]! + 1 : CIRCLE,
    owner: (): number => positions.length === 0 ? nodes.length : owners[point < positions.length ? point : 0]!,
    passed: (end: number): void => { if (point < positions.length && positions[point]! + 1 === end) point++ }
  }
}
