/**
 * One run: a scenario, a workload, a policy and a seed in, measures out. Discrete events, no clock and no sockets, so
 * the same input gives the same result everywhere; two policies under one seed get the very same calls.
 *
 * Invariant: every call that arrives is executed, shed, or lost with its node, exactly once (`Result.counts`).
 */
import { nextProbeDelayMs, firstProbeDelayMs, DEFAULT_PROBE_SCHEDULE } from '../core/probe-schedule.ts'
import { Arrivals } from './arrivals.ts'
import { BalancerModel } from './balancer-model.ts'
import { CALL_AT_BALANCER, CALL_STARTING, Calls } from './call.ts'
import * as kinds from './event-kinds.ts'
import { EventQueue } from './event-queue.ts'
import { LOAD_WINDOW_S, Metrics } from './metrics.ts'
import { NodeModel } from './node-model.ts'
import { poolView } from './pool.ts'
import { Random } from './random.ts'
import { coldMedians, offeredCores } from './workload.ts'
import type { Burst } from './arrivals.ts'
import type { CallSource } from './call-source.ts'
import type { Call } from './call.ts'
import type { Contender } from './contenders.ts'
import type { Measures } from './metrics.ts'
import type { BurstPlan, Scenario } from './scenario.ts'
import type { Workload } from './workload.ts'

export interface Counts {
  readonly arrived: number
  readonly executed: number
  /** Refused by a balancer: no node, or the queue full or too slow. */
  readonly shed: number
  /** Under way at a node that was lost. */
  readonly lost: number
}

export interface Result extends Measures {
  readonly scenario: string
  readonly contender: string
  readonly seed: number
  readonly counts: Counts
  /** Conditional dispatches refused, per call arrived. */
  readonly refusalsPerCall: number
  /** Calls shed, by reason. */
  readonly shedReasons: Readonly<Record<string, number>>
  /** Part of the calls arrived that waited in a balancer. */
  readonly queuedRatio: number
  /** Calls of the run per call of the workload; 0 if they came from elsewhere. */
  readonly loadFactor: number
  readonly events: number
}

/** After the last arrival a run goes on until all calls have ended, but no longer than this. */
const MAX_DRAIN_S = 4 * 3600

/** A function called this rarely or less, in calls a minute, may be the one that bursts. */
const RARE_PER_MINUTE = 0.2

/**
 * @param source makes the calls; absent = those of the workload, at the scenario's load.
 * @throws RangeError if the workload is shorter than the scenario, or the policy does not exist.
 */
export function simulate (
  scenario: Scenario, workload: Workload, contender: Contender, seed: number, source?: (random: Random) => CallSource
): Result {
  return new Simulation(scenario, workload, contender, seed, source).run()
}

class Simulation {
  readonly #scenario: Scenario
  readonly #contender: Contender
  readonly #seed: number
  readonly #events = new EventQueue()
  readonly #calls = new Calls()
  readonly #nodes: NodeModel[]
  readonly #balancers: BalancerModel[]
  readonly #source: CallSource
  readonly #metrics: Metrics
  readonly #probeRandom: Random
  readonly #ids: string[]
  readonly #factor: number
  readonly #endS: number
  readonly #present: boolean[]
  #nowS = 0
  #arrived = 0
  #executed = 0
  #shed = 0
  #lost = 0
  readonly #shedReasons = new Map<string, number>()
  #refused = 0
  #queued = 0
  #handled = 0

  constructor (
    scenario: Scenario, workload: Workload, contender: Contender, seed: number, source?: (random: Random) => CallSource
  ) {
    const random = new Random(seed)
    this.#scenario = scenario
    this.#contender = contender
    this.#seed = seed
    const minutes = scenario.warmUpMinutes + scenario.measuredMinutes
    if (workload.minutes < minutes) {
      throw new RangeError(`scenario ${scenario.name} is ${minutes} minutes long: ${workload.source} has ` +
        `only ${workload.minutes}`)
    }
    const cores = scenario.nodes.reduce((sum, { cores, speed, joinsS }) => sum + (joinsS === undefined ? cores * speed : 0), 0)
    this.#factor = source === undefined ? scenario.load * cores / offeredCores(workload) : 0
    this.#endS = minutes * 60
    const burst = scenario.burst === undefined ? undefined : burstOf(scenario.burst, workload)
    this.#source = source?.(random.fork('users')) ??
      new Arrivals({ ...workload, minutes }, this.#factor, random.fork('arrivals'), burst === undefined ? [] : [burst])
    this.#metrics = new Metrics(workload.functions.length, scenario.warmUpMinutes * 60, this.#endS, scenario.phases)
    this.#probeRandom = random.fork('probes')
    const world = {
      events: this.#events,
      memoryMb: Float64Array.from(workload.functions, ({ memoryMb }) => memoryMb),
      coldMedianS: coldMedians(workload.functions.length, scenario.coldStart, random.fork('cold starts')),
      coldStart: scenario.coldStart,
      keepAliveS: scenario.keepAliveS,
      runningPerCore: scenario.runningPerCore
    }
    if (burst !== undefined) world.coldMedianS[burst.functionIndex] = scenario.burst!.coldS
    this.#nodes = scenario.nodes.map((plan, index) => new NodeModel(index, plan, world, scenario.balancers))
    // Homes are as much chance as arrivals are: other seeds have other ids.
    this.#ids = this.#nodes.map(({ index }) => `runner-${seed}-${String(index).padStart(4, '0')}`)
    this.#present = scenario.nodes.map(({ joinsS }) => joinsS === undefined)
    for (const [index, node] of this.#nodes.entries()) node.isUp = this.#present[index]!
    const keys = workload.functions.map(({ key }) => key)
    const pool = this.#pool()
    const { keepAliveS, queue } = scenario
    this.#balancers = Array.from({ length: scenario.balancers }, (_, index) => new BalancerModel({
      index,
      pool,
      nodes: this.#nodes,
      keys,
      tier: contender.tier,
      keepAliveS,
      queue,
      random: random.fork(`balancer ${index}`)
    }))
    if (contender.hasEvictionNotices === true) this.#notifyOfEvictions()
  }

  #notifyOfEvictions (): void {
    for (const node of this.#nodes) {
      node.warm.onLetGo = functionIndex => {
        for (const balancer of this.#balancers) balancer.letGo(node, functionIndex, this.#nowS)
      }
    }
  }

  run (): Result {
    this.#begin()
    const events = this.#events
    while (events.pop()) {
      this.#nowS = events.timeS
      if (this.#nowS > this.#endS + MAX_DRAIN_S) break
      this.#handled++
      this.#handle(events.kind, events.subject, events.stamp)
    }
    return this.#result()
  }

  #begin (): void {
    this.#source.begin((timeS, caller) => this.#events.push(timeS, kinds.EVENT_ARRIVAL, caller))
    this.#events.push(LOAD_WINDOW_S, kinds.EVENT_SAMPLE)
    const { nodes, probeIntervalS, balancers } = this.#scenario
    for (const [index, { joinsS, lostS, returnsS }] of nodes.entries()) {
      if (joinsS !== undefined) this.#events.push(joinsS, kinds.EVENT_NODE_UP, index)
      if (lostS !== undefined) this.#events.push(lostS, kinds.EVENT_NODE_LOST, index)
      if (returnsS !== undefined) this.#events.push(returnsS, kinds.EVENT_NODE_UP, index)
      for (let balancer = 0; balancer < balancers; balancer++) {
        const delayMs = firstProbeDelayMs(this.#probeRandom.next(), probeIntervalS * 1000)
        this.#events.push((joinsS ?? 0) + delayMs / 1000, kinds.EVENT_PROBE, index, balancer)
      }
    }
  }

  #handle (kind: number, subject: number, stamp: number): void {
    switch (kind) {
      case kinds.EVENT_ARRIVAL: return this.#arrive(subject)
      case kinds.EVENT_NODE_STEP: return this.#step(this.#nodes[subject]!, stamp)
      case kinds.EVENT_STARTED: return this.#started(this.#calls.at(subject), stamp)
      case kinds.EVENT_PROBE: return this.#probe(this.#nodes[subject]!, this.#balancers[stamp]!)
      case kinds.EVENT_PLACE_AGAIN: return this.#dispatch(this.#calls.at(subject))
      case kinds.EVENT_WAITED: return this.#waited(this.#calls.at(subject), stamp)
      case kinds.EVENT_SAMPLE: return this.#sample()
      case kinds.EVENT_NODE_LOST: return this.#lose(this.#nodes[subject]!)
      case kinds.EVENT_NODE_UP: return this.#raise(this.#nodes[subject]!)
      default: throw new Error(`event of unknown kind ${kind}`)
    }
  }

  #arrive (caller: number): void {
    const source = this.#source
    source.take(caller)
    const call = this.#calls.take()
    call.caller = caller
    call.functionIndex = source.functionIndex
    call.balancer = Math.floor(source.balancerDraw * this.#balancers.length)
    call.arrivalS = this.#nowS
    call.executionS = source.executionS
    call.coldDraw = source.coldDraw
    this.#arrived++
    this.#balancers[call.balancer]!.begin()
    this.#dispatch(call)
  }

  #dispatch (call: Call): void {
    if (this.#tryDispatch(call)) return
    const balancer = this.#balancers[call.balancer]!
    const { noPlace, waitMs } = call.lease
    if (noPlace !== 'all_nodes_full' && noPlace !== 'instance_expected') return this.#shedCall(call, noPlace)
    if (!balancer.queue(call, this.#nowS)) return this.#shedCall(call, 'queue_full')
    if (!call.wasQueued) this.#queued++
    call.wasQueued = true
    const deadlineS = balancer.deadlineS(call)
    const untilS = noPlace === 'instance_expected' ? Math.min(deadlineS, this.#nowS + waitMs / 1000) : deadlineS
    this.#events.push(untilS, kinds.EVENT_WAITED, call.index, call.waits)
  }

  /** Places the call and sends it; false if there is no place for it now. */
  #tryDispatch (call: Call): boolean {
    const balancer = this.#balancers[call.balancer]!
    const target = balancer.place(call, this.#nowS)
    if (target < 0) return false
    const node = this.#nodes[target]!
    if (!node.isUp) {
      if (balancer.unreachable(call)) this.#placeLater(call)
      else this.#shedCall(call, 'unreachable')
    } else if (balancer.isRefused(call, node, this.#nowS)) {
      this.#refused++
      balancer.refused(call, node, this.#nowS)
      this.#placeLater(call)
    } else {
      call.sentS = this.#nowS
      node.accept(call, this.#nowS)
    }
    return true
  }

  #placeLater (call: Call): void {
    this.#events.push(this.#nowS + this.#scenario.retryS, kinds.EVENT_PLACE_AGAIN, call.index)
  }

  /** A call has waited as long as it was told to, or as long as any may: it goes where there is room, or never. */
  #waited (call: Call, stamp: number): void {
    if (call.waiting === null || call.waits !== stamp) return
    const balancer = this.#balancers[call.balancer]!
    call.lease.mayWait = false
    if (this.#tryDispatch(call)) {
      if (call.waiting !== null) balancer.unqueue(call)
    } else if (this.#nowS >= balancer.deadlineS(call)) this.#shedCall(call, 'queue_deadline')
    else this.#events.push(balancer.deadlineS(call), kinds.EVENT_WAITED, call.index, stamp)
  }

  #step (node: NodeModel, stamp: number): void {
    if (!node.isCurrent(stamp)) return
    const call = node.step(this.#nowS)
    if (call === null) return
    const balancer = this.#balancers[call.balancer]!
    const { functionIndex } = call
    this.#executed++
    this.#metrics.done(functionIndex, call.arrivalS, call.executionS, call.isCold, this.#nowS)
    balancer.answered(call, node, this.#nowS)
    this.#end(call)
    balancer.serve(functionIndex, waiting => this.#tryDispatch(waiting))
  }

  #started (call: Call, stamp: number): void {
    if (call.starts === stamp && call.state === CALL_STARTING) this.#nodes[call.node]!.started(call, this.#nowS)
  }

  #shedCall (call: Call, why: string): void {
    this.#shedReasons.set(why, (this.#shedReasons.get(why) ?? 0) + 1)
    if (call.waiting !== null) this.#balancers[call.balancer]!.unqueue(call)
    this.#shed++
    this.#metrics.failed(call.functionIndex, call.arrivalS)
    this.#end(call)
  }

  #end (call: Call): void {
    this.#balancers[call.balancer]!.end()
    this.#source.ended(call.caller, this.#nowS)
    this.#calls.giveBack(call)
  }

  #probe (node: NodeModel, balancer: BalancerModel): void {
    const nowMs = this.#nowS * 1000
    balancer.probed(node, this.#nowS)
    const { probeIntervalS, probeJitterRatio } = this.#scenario
    const delayMs = nextProbeDelayMs(balancer.health(node.index), nowMs, this.#probeRandom.next(),
      { ...DEFAULT_PROBE_SCHEDULE, intervalMs: probeIntervalS * 1000, jitterRatio: probeJitterRatio })
    // When all calls have ended nothing is left to find out.
    if (this.#nowS < this.#endS || this.#calls.inFlight > 0) {
      this.#events.push(this.#nowS + delayMs / 1000, kinds.EVENT_PROBE, node.index, balancer.index)
    }
  }

  #sample (): void {
    const loads = this.#nodes.filter(({ isUp }) => isUp).map(node => node.takeLoad(this.#nowS) / node.spec.cores)
    this.#metrics.load(loads, this.#nowS)
    if (this.#nowS < this.#endS) this.#events.push(this.#nowS + LOAD_WINDOW_S, kinds.EVENT_SAMPLE)
  }

  #lose (node: NodeModel): void {
    node.lose(this.#nowS)
    this.#calls.forEach(call => {
      if (call.node !== node.index || call.state === CALL_AT_BALANCER) return
      this.#lost++
      this.#metrics.failed(call.functionIndex, call.arrivalS)
      this.#balancers[call.balancer]!.lost(call)
      this.#end(call)
    })
  }

  #raise (node: NodeModel): void {
    node.boot(this.#nowS)
    if (this.#present[node.index]!) return
    this.#present[node.index] = true
    const pool = this.#pool()
    for (const balancer of this.#balancers) balancer.update(pool)
  }

  #pool () {
    const members = this.#nodes.filter(({ index }) => this.#present[index])
      .map(({ index, spec }) => ({ index, id: this.#ids[index]!, capacity: spec.cores }))
    const { nodes, keepAliveS, tuning } = this.#scenario
    return poolView(members, nodes[0]!.cores, this.#contender.policy,
      { keepAliveMs: keepAliveS * 1000, ...tuning, ...this.#contender.tuning })
  }

  #result (): Result {
    const arrived = Math.max(1, this.#arrived)
    return {
      scenario: this.#scenario.name,
      contender: this.#contender.name,
      seed: this.#seed,
      ...this.#metrics.result(),
      counts: { arrived: this.#arrived, executed: this.#executed, shed: this.#shed, lost: this.#lost },
      shedReasons: Object.fromEntries(this.#shedReasons),
      refusalsPerCall: this.#refused / arrived,
      queuedRatio: this.#queued / arrived,
      loadFactor: this.#factor,
      events: this.#handled
    }
  }
}

/** The rare function whose execution time is nearest to the one wanted. */
function burstOf (plan: BurstPlan, workload: Workload): Burst {
  let functionIndex = -1
  let nearest = Infinity
  for (const [index, { calls, execution }] of workload.functions.entries()) {
    const perMinute = calls.reduce((sum, count) => sum + count, 0) / workload.minutes
    const distance = Math.abs(Math.log(execution.meanS / plan.executionS))
    if (perMinute > RARE_PER_MINUTE || distance >= nearest) continue
    functionIndex = index
    nearest = distance
  }
  if (functionIndex < 0) throw new RangeError(`${workload.source} has no rare function that could burst`)
  return { functionIndex, fromS: plan.fromS, untilS: plan.untilS, callsPerSecond: plan.callsPerSecond }
}
