/**
 * Reading a frozen ring: the owner of a key, the distinct walk from it (its preference list), and the shares. Data
 * threads need no more than this file; how an image comes to be is ring.ts.
 *
 * Invariant: nothing here allocates per call, and all of it depends on the image and the hash alone.
 * Source: Karger et al., "Consistent hashing and random trees" (STOC 1997); the walk is the usual successor list.
 */
import type { RingImage } from '../tables/snapshot.ts'

/** Positions on the circle: 24 bits, because that is what consistent-hash keeps of a key (ux.md §7). */
export const CIRCLE = 2 ** 24

/** "No node" in arrays of node indices; the largest index in use is one less. */
export const NO_NODE = 0xffff

/** The position of a 32-bit key hash on the circle. */
export function positionOf (hash: number): number {
  return hash >>> 8
}

/** Index of the first point at or after the key's position, going round; 0 also on an empty ring. */
export function pointOf (image: RingImage, hash: number): number {
  const positions = image.positions
  const position = hash >>> 8
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (positions[middle]! < position) low = middle + 1
    else high = middle
  }
  return low === positions.length ? 0 : low
}

/** The node at which a key is at home (rank 0), as an index into the sorted nodes; -1 on an empty ring. */
export function homeOf (image: RingImage, hash: number): number {
  return image.positions.length === 0 ? -1 : image.owners[pointOf(image, hash)]!
}

/** The part of the circle that each node owns; the sum is 1, or 0 on an empty ring. */
export function shares (image: RingImage): Float64Array {
  const { positions, owners, nodeCount } = image
  const units = new Float64Array(nodeCount)
  let previous = positions.length === 0 ? 0 : positions[positions.length - 1]! - CIRCLE
  for (let point = 0; point < positions.length; point++) {
    units[owners[point]!]! += positions[point]! - previous
    previous = positions[point]!
  }
  for (let node = 0; node < nodeCount; node++) units[node]! /= CIRCLE
  return units
}

/**
 * Walks a ring from a key on and yields each node once, in ring order. Keeps its scratch memory (4 bytes per node), so
 * one walker serves any number of walks, one at a time.
 */
export class RingWalker {
  #image: RingImage
  /** Number of the walk in which a node was last seen. */
  #seen: Uint32Array
  #walk = 0
  #point = 0
  #left = 0
  #distinct: number

  constructor (image: RingImage) {
    this.#image = image
    this.#seen = new Uint32Array(image.nodeCount)
    this.#distinct = countOwners(image)
  }

  /** Nodes that have at least one point, and so the length of every complete walk. */
  get distinct (): number {
    return this.#distinct
  }

  /** Nodes of the ring, with points or without. */
  get nodeCount (): number {
    return this.#seen.length
  }

  /** Changes to another ring; a walk under way is over. */
  use (image: RingImage): void {
    this.#image = image
    this.#seen = new Uint32Array(image.nodeCount)
    this.#distinct = countOwners(image)
    this.#walk = 0
    this.#left = 0
  }

  /** Begins a walk at the key's home. */
  start (hash: number): void {
    if (this.#walk === 0xffffffff) {
      this.#seen.fill(0)
      this.#walk = 0
    }
    this.#walk++
    this.#point = pointOf(this.#image, hash)
    this.#left = this.#distinct
  }

  /** The next distinct node of the walk, or -1 after the last. */
  next (): number {
    if (this.#left === 0) return -1
    const owners = this.#image.owners
    const seen = this.#seen
    const walk = this.#walk
    let point = this.#point
    // Ends: #left nodes that were not seen yet still have points.
    for (;;) {
      const node = owners[point]!
      point = point + 1 === owners.length ? 0 : point + 1
      if (seen[node] === walk) continue
      seen[node] = walk
      this.#point = point
      this.#left--
      return node
    }
  }

  /** Writes the first `limit` nodes of the walk from `hash` to `out` and returns how many there are. */
  walk (hash: number, out: Uint16Array, limit = out.length): number {
    this.start(hash)
    const wanted = Math.min(limit, out.length, this.#left)
    for (let rank = 0; rank < wanted; rank++) out[rank] = this.next()
    return wanted
  }
}

function countOwners (image: RingImage): number {
  const has = new Uint8Array(image.nodeCount)
  let distinct = 0
  for (let point = 0; point < image.owners.length && distinct < image.nodeCount; point++) {
    const node = image.owners[point]!
    if (has[node] === 1) continue
    has[node] = 1
    distinct++
  }
  return distinct
}
