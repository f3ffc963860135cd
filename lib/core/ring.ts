/**
 * Building the ring. The only file that knows consistent-hash, which keeps the circle; the points are ours, because the
 * package's own are random and its hash of strings is skewed (ux.md §7).
 *
 * Invariants: same members, same ring and digest, whatever order they are named in; point `i` of a node depends on the
 * node's id and `i` alone, so a change of capacity adds or removes only that node's last points, and nothing moves
 * between two others. Any change here that moves a key must raise RING_VERSION and be told under "Behaviour changes".
 */
import { createHash } from 'node:crypto'
import ConsistentHash from 'consistent-hash'
import { fmix32, murmur3 } from './hash.ts'
import { compareIds } from './node-order.ts'
import { NO_NODE, positionOf } from './ring-image.ts'
import type { RingImage } from '../tables/snapshot.ts'

/** Goes into the digest, so that balancers of two releases can not agree by accident. */
export const RING_VERSION = 1

/**
 * Points of a node that has the reference capacity: nginx's and ketama's number; max/mean of the shares is then about
 * 1.19.
 */
export const POINTS_PER_REFERENCE = 160

/** What a node of 160 points can run at once, unless the pool's configuration says otherwise. */
export const DEFAULT_REFERENCE_CAPACITY = 16

/** More than this and every node's count is halved until it fits: 1.6 % of the positions, 1.5 MiB. */
export const MAX_RING_POINTS = 2 ** 18

/** Node indices are 16 bits wide, and the highest means "none". */
export const MAX_RING_NODES = NO_NODE

export const MAX_CAPACITY = 1_000_000
const MIN_REFERENCE_CAPACITY = 0.001

/** consistent-hash shifts its 24-bit hash left by 5 before it looks, so its circle is ours times 32. */
const PACKAGE_SHIFT = 5
const PACKAGE_RANGE = 2 ** 29

const POINT_SEED = 0x706f696e
const STEP_SEED = 0x73746570

export interface RingNode {
  /** Stable identity: the same on every balancer and after a restart. */
  readonly id: string
  /** Calls the node runs at once without slowing; 0 = no points, so it is nobody's home. At most MAX_CAPACITY. */
  readonly capacity: number
}

export interface RingOptions {
  /**
   * Capacity that gets POINTS_PER_REFERENCE points. Part of a pool's configuration and never derived from its members:
   * if it moved when one of them changed, keys would move between the others.
   */
  readonly referenceCapacity?: number
}

export interface Ring {
  readonly image: RingImage
  /** The members in the order that `image.owners` refers to. */
  readonly nodes: readonly RingNode[]
  /** How often the counts were halved to stay below MAX_RING_POINTS; 0 in any pool of sane size. */
  readonly halvings: number
}

export type MemberRing = ConsistentHash<RingNode>

/** Position of a node's point number `ordinal` on the circle of 2^24. */
export function pointPosition (id: string, ordinal: number): number {
  return nodePoint(murmur3(id, POINT_SEED), murmur3(id, STEP_SEED), ordinal)
}

/**
 * Two independent hashes of the id, so that one 32-bit collision of ids does not put all their points on each other.
 */
function nodePoint (base: number, step: number, ordinal: number): number {
  return positionOf(fmix32((base + Math.imul(ordinal, step | 1)) | 0))
}

/**
 * The string that makes consistent-hash's own hash yield exactly the position of `hash`: 24 bits as three characters.
 */
export function ringKey (hash: number): string {
  const position = positionOf(hash)
  return String.fromCharCode(position >>> 8, (position >>> 4) & 15, position & 15)
}

/** How many points each node gets, in the order given, and how often the counts had to be halved. */
export function pointCounts (
  nodes: readonly RingNode[], referenceCapacity = DEFAULT_REFERENCE_CAPACITY
): { counts: number[], halvings: number } {
  for (let halvings = 0; ; halvings++) {
    const scale = POINTS_PER_REFERENCE / referenceCapacity / 2 ** halvings
    const counts = nodes.map(node => node.capacity === 0 ? 0 : Math.max(1, Math.round(node.capacity * scale)))
    if (counts.reduce((sum, count) => sum + count, 0) <= MAX_RING_POINTS) return { counts, halvings }
  }
}

/**
 * A consistent-hash instance that holds the given, already sorted nodes; where two want one position the lower id has
 * it.
 */
export function buildMemberRing (sorted: readonly RingNode[], counts: readonly number[]): MemberRing {
  const ring: MemberRing = new ConsistentHash({ range: PACKAGE_RANGE })
  const taken = new Set<number>()
  for (const [index, node] of sorted.entries()) {
    const base = murmur3(node.id, POINT_SEED)
    const step = murmur3(node.id, STEP_SEED)
    const points: number[] = []
    for (let ordinal = 0; ordinal < counts[index]!; ordinal++) {
      const position = nodePoint(base, step, ordinal)
      // The package would let the last writer win; by skipping taken positions in id order the winner never depends on
      // who was added when, and no position is in the package's list twice.
      if (taken.has(position)) continue
      taken.add(position)
      points.push(position << PACKAGE_SHIFT)
    }
    // Given no points the package would make random ones; a node without points does not go in.
    if (points.length > 0) ring.add(node, null, points)
  }
  return ring
}

/**
 * Builds the ring of a pool.
 * @throws RangeError on an empty or repeated id, a capacity that is negative, not finite or above MAX_CAPACITY, or more
 *   nodes than MAX_RING_NODES.
 */
export function buildRing (nodes: readonly RingNode[], options: RingOptions = {}): Ring {
  const sorted = nodes.toSorted((a, b) => compareIds(a.id, b.id))
  const referenceCapacity = options.referenceCapacity ?? DEFAULT_REFERENCE_CAPACITY
  check(sorted, referenceCapacity)
  const { counts, halvings } = pointCounts(sorted, referenceCapacity)
  const ring = buildMemberRing(sorted, counts)
  return { image: freeze(ring, sorted, counts), nodes: sorted, halvings }
}

function check (sorted: readonly RingNode[], referenceCapacity: number): void {
  if (!(referenceCapacity >= MIN_REFERENCE_CAPACITY && referenceCapacity <= MAX_CAPACITY)) {
    throw new RangeError(
      `reference capacity ${referenceCapacity}: expected a number from ${MIN_REFERENCE_CAPACITY} to ${MAX_CAPACITY}`)
  }
  if (sorted.length > MAX_RING_NODES) {
    throw new RangeError(`${sorted.length} nodes in one ring: split the pool, at most ${MAX_RING_NODES} are possible`)
  }
  for (const [index, { id, capacity }] of sorted.entries()) {
    if (id === '') throw new RangeError('a node has an empty id: give each node a stable, unique id')
    if (index > 0 && sorted[index - 1]!.id === id) {
      throw new RangeError(`two nodes have the id "${id}": give each node an id of its own`)
    }
    if (!(capacity >= 0 && capacity <= MAX_CAPACITY)) {
      throw new RangeError(`node "${id}" has capacity ${capacity}: expected a number from 0 to ${MAX_CAPACITY}`)
    }
  }
}

function freeze (ring: MemberRing, sorted: readonly RingNode[], counts: readonly number[]): RingImage {
  const size = ring.keyCount
  // Sorting one float per point (position and owner in 40 bits) is an order of magnitude faster than sorting pairs.
  const packed = new Float64Array(size)
  let at = 0
  for (const [index, node] of sorted.entries()) {
    for (const point of ring.getPoints(node) ?? []) packed[at++] = (point >>> PACKAGE_SHIFT) * 0x10000 + index
  }
  packed.sort()
  const positions = new Uint32Array(new SharedArrayBuffer(size * 4))
  const owners = new Uint16Array(new SharedArrayBuffer(size * 2))
  for (let point = 0; point < size; point++) {
    positions[point] = Math.floor(packed[point]! / 0x10000)
    owners[point] = packed[point]! % 0x10000
  }
  return { positions, owners, nodeCount: sorted.length, digest: fingerprint(sorted, counts, positions, owners) }
}

/** Byte order and lengths are fixed here, so that machines of any kind agree and no two inputs write the same bytes. */
function fingerprint (
  nodes: readonly RingNode[], counts: readonly number[], positions: Uint32Array, owners: Uint16Array
): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify(['fnlb-ring', RING_VERSION, nodes.map((node, i) => [node.id, node.capacity, counts[i]])]))
  const bytes = Buffer.allocUnsafe(positions.length * 6)
  for (let point = 0; point < positions.length; point++) {
    bytes.writeUInt32LE(positions[point]!, point * 6)
    bytes.writeUInt16LE(owners[point]!, point * 6 + 4)
  }
  // 128 bits are enough to tell rings apart, and fit on a line.
  return hash.update(bytes).digest('hex').slice(0, 32)
}
