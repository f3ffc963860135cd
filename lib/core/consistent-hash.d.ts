/**
 * Types of consistent-hash 1.2.2 (it ships none): the part that ring.ts uses. Control points and range are always
 * given, because the package's own points are random and its default range is small.
 */
declare module 'consistent-hash' {
  class ConsistentHash<Node> {
    constructor (options?: {
      /** Size of the circle. */
      range?: number
      controlPoints?: number
      distribution?: 'uniform'
      orderNodes?: (nodes: Node[]) => Node[]
    })

    readonly nodeCount: number
    readonly keyCount: number
    /** `weight` is not looked at when points are given. */
    add (node: Node, weight: number | null, points: readonly number[]): this
    /** The owner of the first point at or after the key's position, or null on an empty ring. */
    get (key: string): Node | null
    /** The first `count` distinct nodes from the key's position on. */
    get (key: string, count: number): Node[] | null
    getNodes (): Node[]
    getPoints (node: Node): number[] | undefined
  }
  export = ConsistentHash
}
