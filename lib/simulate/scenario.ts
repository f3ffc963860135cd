/**
 * What is simulated: a pool, its balancers, the load, and what happens to them. The reference case R and its variations
 * are those of research/policy.md §4 and §6, so that our figures can stand beside its.
 */
import { DEFAULT_COLD_START } from './workload.ts'
import type { QueueLimits } from '../core/fair-queue.ts'
import type { PlacementTuning } from '../tables/snapshot.ts'
import type { Phase } from './metrics.ts'
import type { NodeSpec } from './node-model.ts'
import type { ColdStartModel } from './workload.ts'

export interface NodePlan extends NodeSpec {
  /** When it first comes up; absent = before the run. */
  readonly joinsS?: number
  /** When it is lost with all that runs there. */
  readonly lostS?: number
  /** When it comes back, empty; only after `lostS`. */
  readonly returnsS?: number
}

export interface BurstPlan {
  readonly fromS: number
  readonly untilS: number
  readonly callsPerSecond: number
  /** A rare function of about this execution time is what bursts. */
  readonly executionS: number
  /** Its start-up time; drawn like any other's, it would decide the result alone. */
  readonly coldS: number
}

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly nodes: readonly NodePlan[]
  readonly balancers: number
  /** Work offered by the workload (without the burst) as a part of the cores of all nodes that are up at the start. */
  readonly load: number
  readonly warmUpMinutes: number
  readonly measuredMinutes: number
  readonly keepAliveS: number
  /** A node runs this many calls per core; what comes on top waits there. Also the balancers' cap. */
  readonly runningPerCore: number
  readonly coldStart: ColdStartModel
  readonly probeIntervalS: number
  readonly probeJitterRatio: number
  /** From a refusal, or a connection that fails, to the next attempt. */
  readonly retryS: number
  /** Each balancer's queue; what is absent is the product's default. */
  readonly queue: Partial<QueueLimits>
  /** Of every policy, beside what a contender sets. */
  readonly tuning?: Partial<PlacementTuning>
  readonly burst?: BurstPlan
  readonly phases: readonly Phase[]
}

const NODE: NodeSpec = { cores: 4, memoryMb: 8192, speed: 1 }

/** When the disturbances happen: eight minutes into the measured part, as in research/policy.md §4.5. */
const DISTURBED_MINUTE = 22

function nodes (count: number, spec: NodeSpec = NODE): NodePlan[] {
  return Array.from({ length: count }, () => spec)
}

export const REFERENCE: Scenario = {
  name: 'R',
  title: 'reference: 16 nodes, 3 balancers, 70 %',
  nodes: nodes(16),
  balancers: 3,
  load: 0.7,
  warmUpMinutes: 15,
  measuredMinutes: 25,
  keepAliveS: 600,
  runningPerCore: 4,
  coldStart: DEFAULT_COLD_START,
  probeIntervalS: 1,
  probeJitterRatio: 0.1,
  retryS: 0.001,
  queue: {},
  phases: []
}

/** Before, the three minutes after, and the five after those. */
function around (atS: number): Phase[] {
  return [
    { name: 'before', fromS: atS - 420, untilS: atS },
    { name: 'after', fromS: atS, untilS: atS + 180 },
    { name: 'later', fromS: atS + 180, untilS: atS + 480 }
  ]
}

function balancersAndLoad (balancers: number, percent: number): Scenario {
  return {
    ...REFERENCE,
    name: `L${balancers}-${percent}`,
    title: `${balancers} ${balancers === 1 ? 'balancer' : 'balancers'}, ${percent} %`,
    balancers,
    load: percent / 100
  }
}

const AT_S = DISTURBED_MINUTE * 60

/** The pool is away for ten seconds and comes back empty, all at once, while calls keep coming. */
const BOOT_S = REFERENCE.warmUpMinutes * 60

export const SCENARIOS: readonly Scenario[] = [
  ...[1, 3, 10].flatMap(balancers => [50, 70, 85].map(percent =>
    balancers === 3 && percent === 70 ? REFERENCE : balancersAndLoad(balancers, percent))),
  { ...REFERENCE, name: 'N64-L10', title: '64 nodes, 10 balancers, 70 %', nodes: nodes(64), balancers: 10 },
  {
    ...REFERENCE,
    name: 'node-lost',
    title: 'one of 16 nodes is lost',
    nodes: [...nodes(7), { ...NODE, lostS: AT_S }, ...nodes(8)],
    phases: around(AT_S)
  },
  {
    ...REFERENCE,
    name: 'node-added',
    title: 'a 17th node joins',
    nodes: [...nodes(7), { ...NODE, joinsS: AT_S }, ...nodes(9)],
    phases: around(AT_S)
  },
  {
    ...REFERENCE,
    name: 'burst',
    title: '+40 calls/s of a rare function for 3 min at 60 %',
    load: 0.6,
    burst: { fromS: AT_S, untilS: AT_S + 180, callsPerSecond: 40, executionS: 0.215, coldS: DEFAULT_COLD_START.medianS },
    phases: around(AT_S)
  },
  {
    ...REFERENCE,
    name: 'overload',
    title: '+100 calls/s of a rare 0.3 s function for 3 min: 117 % in all',
    burst: { fromS: AT_S, untilS: AT_S + 180, callsPerSecond: 100, executionS: 0.3, coldS: DEFAULT_COLD_START.medianS },
    phases: around(AT_S)
  },
  {
    ...REFERENCE,
    name: 'speeds',
    title: 'half of the nodes at 0.5 x, half at 1.5 x speed',
    nodes: [...nodes(8, { ...NODE, speed: 0.5 }), ...nodes(8, { ...NODE, speed: 1.5 })],
    // As an operator of such a pool would set it.
    tuning: { learnsSpeed: true }
  },
  {
    ...REFERENCE,
    name: 'cores',
    title: 'half of the nodes with 2, half with 6 cores',
    nodes: [...nodes(8, { ...NODE, cores: 2 }), ...nodes(8, { ...NODE, cores: 6 })]
  },
  {
    ...REFERENCE,
    name: 'cold-boot',
    title: 'whole pool away for 10 s, back empty, at 85 %',
    nodes: nodes(16).map(node => ({ ...node, lostS: BOOT_S - 10, returnsS: BOOT_S })),
    load: 0.85,
    phases: [
      { name: 'before', fromS: BOOT_S - 430, untilS: BOOT_S - 10 },
      { name: 'after', fromS: BOOT_S - 10, untilS: BOOT_S + 180 },
      { name: 'later', fromS: BOOT_S + 600, untilS: BOOT_S + 1500 }
    ]
  }
]

/** @throws RangeError that names the scenarios there are. */
export function scenarioNamed (name: string): Scenario {
  const found = SCENARIOS.find(scenario => scenario.name === name)
  if (found === undefined) {
    throw new RangeError(`there is no scenario "${name}": choose one of ${SCENARIOS.map(one => one.name).join(', ')}`)
  }
  return found
}
