/** One call on its way through the simulation. Objects are used again for later calls; `index` is what events carry. */
import { Lease } from '../core/placement/lease.ts'
import type { Waiting } from '../core/fair-queue.ts'

export const CALL_FREE = 0
/** In a balancer: being placed, waiting there, or between two attempts. */
export const CALL_AT_BALANCER = 1
/** In the node, behind as many as may run there. */
export const CALL_WAITING = 2
/** Its container starts: the half of that which computes nothing. */
export const CALL_STARTING = 3
/** Its container starts: the half that computes. */
export const CALL_INITIALISING = 4
export const CALL_RUNNING = 5

export class Call {
  readonly index: number
  /** Its place at a node, as the balancer's placement code sees it. */
  readonly lease = new Lease()
  /** Who called, as its source knows them. */
  caller = 0
  functionIndex = 0
  balancer = 0
  arrivalS = 0
  executionS = 0
  coldDraw = 0
  state = CALL_FREE
  /** Index of the node that has it. */
  node = -1
  isCold = false
  /** When the container began to start or, for a warm call, to execute. */
  begunS = 0
  /** When the execution proper began. */
  runS = 0
  /** Number of its container starts, over all calls that were this object: tells an overtaken event. */
  starts = 0
  /** When it was last sent to a node. */
  sentS = 0
  /** Its place in the balancer's queue; null = it is not there. */
  waiting: Waiting<Call> | null = null
  wasQueued = false
  /** Number of its waits, over all calls that were this object: tells an overtaken event. */
  waits = 0

  constructor (index: number) {
    this.index = index
  }

  /** Ready for another arrival. */
  reset (): void {
    this.lease.reset()
    this.state = CALL_AT_BALANCER
    this.node = -1
    this.isCold = false
    this.waiting = null
    this.wasQueued = false
    this.lease.mayWait = true
  }
}

/** All calls in flight. */
export class Calls {
  readonly #all: Call[] = []
  readonly #free: Call[] = []

  get inFlight (): number {
    return this.#all.length - this.#free.length
  }

  take (): Call {
    const call = this.#free.pop() ?? this.#add()
    call.reset()
    return call
  }

  at (index: number): Call {
    return this.#all[index]!
  }

  /** @throws Error if the call still holds a place: it would be lost for ever. */
  giveBack (call: Call): void {
    if (call.waiting !== null) throw new Error('a simulated call ended while it waited')
    if (call.lease.isHeld) throw new Error(`simulated call of function ${call.functionIndex} ended with its place held`)
    if (call.state === CALL_FREE) throw new Error('simulated call ended twice')
    call.state = CALL_FREE
    this.#free.push(call)
  }

  /** Every call in flight, in no order of meaning. The visitor may end calls. */
  forEach (visit: (call: Call) => void): void {
    for (const call of this.#all) if (call.state !== CALL_FREE) visit(call)
  }

  #add (): Call {
    const call = new Call(this.#all.length)
    this.#all.push(call)
    return call
  }
}
