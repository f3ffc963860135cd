/**
 * What a reader takes out of the hot table about one function: scratch memory of its own, filled whole by
 * `HotTable.read`, valid until the next read into it. One per reader, so that a decision allocates nothing.
 */

/** Nodes of one page, and pages that one function may have: 132 nodes on which it is warm. */
export const CELLS_PER_PAGE = 12
export const MAX_PAGES = 11
export const MAX_WARM_NODES = CELLS_PER_PAGE * MAX_PAGES

export class HotView {
  /** Learned execution time, and how far single calls are from it on average, in µs; 0 = never seen. */
  execUs = 0
  deviationUs = 0
  /** Learned initialisation time of an instance, in µs; 0 = never seen. */
  initUs = 0
  /** Where an instance was last started for a call of ours, when, and how many such starts are under way; -1 = nowhere. */
  startSlot = -1
  startTick = 0
  starts = 0
  /** How many of the cells below are filled: nodes with a live instance as far as known. */
  count = 0
  readonly slots = new Int32Array(MAX_WARM_NODES)
  /** Idle instances there; 0 = live ones, but busy. */
  readonly idle = new Int32Array(MAX_WARM_NODES)
  /** Tick at which that was last seen. */
  readonly seen = new Int32Array(MAX_WARM_NODES)

  clear (): void {
    this.execUs = 0
    this.deviationUs = 0
    this.initUs = 0
    this.startSlot = -1
    this.startTick = 0
    this.starts = 0
    this.count = 0
  }

  setTimes (execUs: number, deviationUs: number, initUs: number): void {
    this.execUs = execUs
    this.deviationUs = deviationUs
    this.initUs = initUs
  }

  setStart (slot: number, starts: number, tick: number): void {
    this.startSlot = starts === 0 ? -1 : slot
    this.starts = starts
    this.startTick = tick
  }
}
