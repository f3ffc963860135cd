/**
 * The idle containers of one node: per function newest first out, over all functions oldest first thrown away, and gone
 * after their keep-alive. Also knows which functions' idle counts have changed since a version, as the digest of a probe
 * would say it.
 *
 * Three lists through the same cells: all containers by the time they became idle, those of one function by the same,
 * and functions by their last change.
 */
const NONE = -1

export class WarmSet {
  readonly #memoryMb: Float64Array
  readonly #keepAliveS: number
  /** Idle containers of each function. */
  readonly idle: Int32Array
  /** Memory of all idle containers. */
  idleMb = 0
  /** Number of the last change of any idle count. */
  version = 0
  /** Called for each container that is let go without having been asked for. */
  onLetGo: (functionIndex: number) => void = () => {}
  #oldest = NONE
  #newest = NONE
  #free = NONE
  #functions = new Int32Array(0)
  #sinceS = new Float64Array(0)
  #older = new Int32Array(0)
  #newer = new Int32Array(0)
  /** Neighbours among the containers of the same function. */
  #below = new Int32Array(0)
  #above = new Int32Array(0)
  readonly #bottom: Int32Array
  readonly #top: Int32Array
  readonly #changedAt: Float64Array
  /** Functions by their last change, latest first. */
  #latest = NONE
  readonly #earlier: Int32Array
  readonly #later: Int32Array

  /** @param memoryMb of a container, by function. */
  constructor (memoryMb: Float64Array, keepAliveS: number) {
    const functions = memoryMb.length
    this.#memoryMb = memoryMb
    this.#keepAliveS = keepAliveS
    this.idle = new Int32Array(functions)
    this.#bottom = new Int32Array(functions).fill(NONE)
    this.#top = new Int32Array(functions).fill(NONE)
    this.#changedAt = new Float64Array(functions)
    this.#earlier = new Int32Array(functions).fill(NONE)
    this.#later = new Int32Array(functions).fill(NONE)
  }

  /** Takes the newest idle container of a function; false if there is none. */
  take (functionIndex: number): boolean {
    const container = this.#top[functionIndex]!
    if (container === NONE) return false
    this.#remove(container)
    return true
  }

  put (functionIndex: number, nowS: number): void {
    const container = this.#cell()
    this.#functions[container] = functionIndex
    this.#sinceS[container] = nowS
    this.#older[container] = this.#newest
    this.#newer[container] = NONE
    if (this.#newest === NONE) this.#oldest = container
    else this.#newer[this.#newest] = container
    this.#newest = container
    const below = this.#top[functionIndex]!
    this.#below[container] = below
    this.#above[container] = NONE
    if (below === NONE) this.#bottom[functionIndex] = container
    else this.#above[below] = container
    this.#top[functionIndex] = container
    this.idle[functionIndex]!++
    this.idleMb += this.#memoryMb[functionIndex]!
    this.#changed(functionIndex)
  }

  /** Ends the containers whose keep-alive is over. To be called before anything is read. */
  expire (nowS: number): void {
    while (this.#oldest !== NONE && this.#sinceS[this.#oldest]! + this.#keepAliveS <= nowS) this.evict()
  }

  /** Throws the container away that has been idle for longest; false if there is none. */
  evict (): boolean {
    if (this.#oldest === NONE) return false
    const functionIndex = this.#functions[this.#oldest]!
    this.#remove(this.#oldest)
    this.onLetGo(functionIndex)
    return true
  }

  clear (): void {
    while (this.#oldest !== NONE) this.#remove(this.#oldest)
  }

  /** The functions whose idle count has changed since that version, latest change first. 0 = all that ever had one. */
  changedSince (version: number, visit: (functionIndex: number, idle: number) => void): void {
    for (let at = this.#latest; at !== NONE && this.#changedAt[at]! > version; at = this.#earlier[at]!) {
      visit(at, this.idle[at]!)
    }
  }

  #remove (container: number): void {
    const functionIndex = this.#functions[container]!
    const older = this.#older[container]!
    const newer = this.#newer[container]!
    if (older === NONE) this.#oldest = newer
    else this.#newer[older] = newer
    if (newer === NONE) this.#newest = older
    else this.#older[newer] = older
    const below = this.#below[container]!
    const above = this.#above[container]!
    if (below === NONE) this.#bottom[functionIndex] = above
    else this.#above[below] = above
    if (above === NONE) this.#top[functionIndex] = below
    else this.#below[above] = below
    this.#newer[container] = this.#free
    this.#free = container
    this.idle[functionIndex]!--
    this.idleMb -= this.#memoryMb[functionIndex]!
    this.#changed(functionIndex)
  }

  /** Moves the function to the front of the list of changes. */
  #changed (functionIndex: number): void {
    const isListed = this.#changedAt[functionIndex] !== 0
    this.#changedAt[functionIndex] = ++this.version
    if (this.#latest === functionIndex) return
    if (isListed) {
      const earlier = this.#earlier[functionIndex]!
      const later = this.#later[functionIndex]!
      // Not the latest, so there is a later one.
      this.#earlier[later] = earlier
      if (earlier !== NONE) this.#later[earlier] = later
    }
    this.#earlier[functionIndex] = this.#latest
    this.#later[functionIndex] = NONE
    if (this.#latest !== NONE) this.#later[this.#latest] = functionIndex
    this.#latest = functionIndex
  }

  #cell (): number {
    if (this.#free === NONE) this.#grow()
    const container = this.#free
    this.#free = this.#newer[container]!
    return container
  }

  #grow (): void {
    const from = this.#functions.length
    const to = Math.max(64, from * 2)
    this.#functions = grown(this.#functions, new Int32Array(to))
    this.#sinceS = grown(this.#sinceS, new Float64Array(to))
    this.#older = grown(this.#older, new Int32Array(to))
    this.#newer = grown(this.#newer, new Int32Array(to))
    this.#below = grown(this.#below, new Int32Array(to))
    this.#above = grown(this.#above, new Int32Array(to))
    for (let container = to - 1; container >= from; container--) {
      this.#newer[container] = this.#free
      this.#free = container
    }
  }
}

function grown<T extends Int32Array | Float64Array> (from: T, to: T): T {
  to.set(from)
  return to
}
