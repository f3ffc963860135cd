/**
 * A runner node: containers that take one call each, a bounded number of calls running, first come first served behind
 * them, memory that containers must fit into, and cores that the running ones share.
 *
 * A call that finds no idle container starts one: half of the start waits (an image, a network), half computes. What is
 * known of the node from outside is only what a real one could tell: counts, a smoothed count, its idle containers.
 */
import { CALL_INITIALISING, CALL_RUNNING, CALL_STARTING, CALL_WAITING } from './call.ts'
import { EVENT_NODE_STEP, EVENT_STARTED } from './event-kinds.ts'
import { ProcessorSharing } from './processor-sharing.ts'
import { WarmSet } from './warm-set.ts'
import type { Call } from './call.ts'
import type { EventQueue } from './event-queue.ts'
import type { ColdStartModel } from './workload.ts'

export interface NodeSpec {
  readonly cores: number
  readonly memoryMb: number
  /** 1 = executes in the nominal time. */
  readonly speed: number
}

/** What all nodes of a scenario have in common. */
export interface NodeWorld {
  readonly events: EventQueue
  /** Of a container, by function. */
  readonly memoryMb: Float64Array
  /** Median start-up time, by function, seconds. */
  readonly coldMedianS: Float64Array
  readonly coldStart: ColdStartModel
  readonly keepAliveS: number
  /** At most this many calls running, per core. */
  readonly runningPerCore: number
}

/** Time constant of the smoothed count of calls. */
const SMOOTHING_S = 10

export class NodeModel {
  readonly index: number
  readonly spec: NodeSpec
  readonly warm: WarmSet
  readonly maxRunning: number
  isUp = true
  /** How often it has come up. */
  boots = 0
  /** Calls here: running, starting and waiting. */
  inFlight = 0
  /** Calls that came from each balancer, ever. */
  readonly receivedFrom: Float64Array
  /** Integral of `inFlight` over time since the last `takeLoad`. */
  #loadSum = 0
  #loadFromS = 0
  #smoothed = 0
  #changedS = 0
  #running = 0
  /** Memory of containers that are busy or starting. */
  #busyMb = 0
  /** The rate of the node has changed since the events with lower stamps were made. */
  #stamp = 0
  readonly #world: NodeWorld
  readonly #cpu: ProcessorSharing
  readonly #waiting: Call[] = []
  /** Where `#waiting` begins: taking from the front of an array costs its length. */
  #firstWaiting = 0

  constructor (index: number, spec: NodeSpec, world: NodeWorld, balancers: number) {
    this.index = index
    this.spec = spec
    this.#world = world
    this.#cpu = new ProcessorSharing(spec.cores, spec.speed)
    this.warm = new WarmSet(world.memoryMb, world.keepAliveS)
    this.maxRunning = Math.max(1, Math.round(spec.cores * world.runningPerCore))
    this.receivedFrom = new Float64Array(balancers)
  }

  /** Idle containers of a function now. */
  idle (functionIndex: number, nowS: number): number {
    this.warm.expire(nowS)
    return this.warm.idle[functionIndex]!
  }

  /** Exponentially smoothed count of calls here. */
  smoothed (nowS: number): number {
    const kept = Math.exp(-(nowS - this.#changedS) / SMOOTHING_S)
    return this.#smoothed * kept + this.inFlight * (1 - kept)
  }

  /** Mean number of calls here since it was last asked. */
  takeLoad (nowS: number): number {
    this.#count(nowS, 0)
    const mean = this.#loadSum / Math.max(1e-9, nowS - this.#loadFromS)
    this.#loadSum = 0
    this.#loadFromS = nowS
    return mean
  }

  /** Takes a call in, whatever the load: what may be refused is asked before. */
  accept (call: Call, nowS: number): void {
    this.receivedFrom[call.balancer]!++
    call.node = this.index
    call.state = CALL_WAITING
    this.#count(nowS, 1)
    this.#waiting.push(call)
    this.#start(nowS)
    this.#arm()
  }

  /** Whether an event of this stamp still holds. */
  isCurrent (stamp: number): boolean {
    return stamp === this.#stamp
  }

  /** The waiting half of a container's start is over. */
  started (call: Call, nowS: number): void {
    call.state = CALL_INITIALISING
    this.#cpu.add(call, this.#coldS(call) / 2, nowS)
    this.#arm()
  }

  /**
   * A step of some call is done, at the time that its event named.
   * @returns the call if it has ended; null if it goes on.
   */
  step (nowS: number): Call | null {
    const call = this.#cpu.takeDone(nowS)
    if (call.state === CALL_INITIALISING) {
      this.#run(call, nowS)
      this.#arm()
      return null
    }
    this.warm.expire(nowS)
    this.#busyMb -= this.#world.memoryMb[call.functionIndex]!
    this.warm.put(call.functionIndex, nowS)
    this.#running--
    this.#count(nowS, -1)
    this.#start(nowS)
    this.#arm()
    return call
  }

  /** The machine is gone with everything on it. The caller looks after the calls that were here. */
  lose (nowS: number): void {
    this.isUp = false
    this.#count(nowS, -this.inFlight)
    this.warm.clear()
    this.#cpu.clear(nowS)
    this.#waiting.length = 0
    this.#firstWaiting = 0
    this.#running = 0
    this.#busyMb = 0
    this.#arm()
  }

  /** Comes (back) up, empty. */
  boot (nowS: number): void {
    this.isUp = true
    this.boots++
    this.#changedS = nowS
    this.#loadFromS = nowS
    this.#loadSum = 0
    this.#smoothed = 0
    this.receivedFrom.fill(0)
  }

  /** How long the start of a container for this call takes on an idle core. */
  #coldS (call: Call): number {
    const { coldStart, coldMedianS } = this.#world
    return coldMedianS[call.functionIndex]! * (1 + coldStart.jitterRatio * (2 * call.coldDraw - 1))
  }

  #start (nowS: number): void {
    this.warm.expire(nowS)
    while (this.#firstWaiting < this.#waiting.length && this.#running < this.maxRunning) {
      const call = this.#waiting[this.#firstWaiting]!
      const memoryMb = this.#world.memoryMb[call.functionIndex]!
      const isWarm = this.warm.take(call.functionIndex)
      if (!isWarm && !this.#makeRoom(memoryMb)) break
      this.#firstWaiting++
      this.#running++
      this.#busyMb += memoryMb
      call.begunS = nowS
      call.isCold = !isWarm
      if (isWarm) this.#run(call, nowS)
      else {
        call.state = CALL_STARTING
        this.#world.events.push(nowS + this.#coldS(call) / 2, EVENT_STARTED, call.index, ++call.starts)
      }
    }
    if (this.#firstWaiting > 64 && this.#firstWaiting * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#firstWaiting)
      this.#firstWaiting = 0
    }
  }

  /** Evicts idle containers until another one fits. A container that is too large for the node runs there alone. */
  #makeRoom (memoryMb: number): boolean {
    while (this.#busyMb + this.warm.idleMb + memoryMb > this.spec.memoryMb) {
      if (!this.warm.evict()) return this.#running === 0
    }
    return true
  }

  #run (call: Call, nowS: number): void {
    call.state = CALL_RUNNING
    call.runS = nowS
    this.#cpu.add(call, call.executionS, nowS)
  }

  /** Books the time since the last change of the count, then changes it. */
  #count (nowS: number, change: number): void {
    const passed = nowS - this.#changedS
    if (passed > 0) {
      this.#loadSum += passed * this.inFlight
      this.#smoothed = this.smoothed(nowS)
      this.#changedS = nowS
    }
    this.inFlight += change
  }

  /** Makes the event of the next step; those made before are overtaken. */
  #arm (): void {
    this.#stamp = (this.#stamp + 1) | 0
    const nextS = this.#cpu.nextEndS()
    if (nextS !== Infinity) this.#world.events.push(nextS, EVENT_NODE_STEP, this.index, this.#stamp)
  }
}
