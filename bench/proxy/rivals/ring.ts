/**
 * The consistent hash ring that all Node rivals share, so that none of them is helped or hurt by it: 160 points per
 * node, FNV-1a with a finishing mix (MurmurHash3's), binary search over a typed array.
 */

const pointsPerNode = 160

function hash (text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  // FNV's last characters hardly reach the high bits: without this mix fn1 … fn200 would land side by side.
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

export interface Ring {
  /** The index of the node that owns the path of this request target (a query does not move a key). */
  ownerOf (target: string): number
}

/** @param nodes at least one name, each different */
export function createRing (nodes: readonly string[]): Ring {
  if (nodes.length === 0) throw new RangeError('a ring needs at least one node')
  const points = nodes
    .flatMap((node, owner) => Array.from({ length: pointsPerNode }, (_, i) => ({ at: hash(`${node}#${i}`), owner })))
    .sort((a, b) => a.at - b.at || a.owner - b.owner)
  const positions = Uint32Array.from(points, point => point.at)
  const owners = Uint16Array.from(points, point => point.owner)
  return {
    ownerOf (target) {
      const query = target.indexOf('?')
      const wanted = hash(query < 0 ? target : target.slice(0, query))
      let low = 0
      let high = positions.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((positions[middle] as number) < wanted) low = middle + 1
        else high = middle
      }
      return owners[low === positions.length ? 0 : low] as number
    }
  }
}
