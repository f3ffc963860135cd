/**
 * The pool of instances under a long random load, with instances that are simulated step by step: no process, no timer
 * but the pool's own. What must hold after every step is checked after every step.
 */
import fc from 'fast-check'
import t from 'tap'
import { InitError, type FunctionAnswer, type FunctionSpec, type Instance } from '../../../lib/demo/instance.ts'
import { InstancePool, type Acquired, type Lease, type Ticket } from '../../../lib/demo/instance-pool.ts'

/** Starts and exits when the test says so. */
class SteppedInstance implements Instance {
  readonly pid = 1
  readonly exited: Promise<void>
  readonly spec: FunctionSpec
  isStarted = false
  isReady = false
  isKilled = false
  isGone = false
  #ready: () => void = () => {}
  #fail: (error: Error) => void = () => {}
  #exit: () => void = () => {}

  constructor (spec: FunctionSpec) {
    this.spec = spec
    this.exited = new Promise(resolve => { this.#exit = resolve })
  }

  start (): Promise<void> {
    this.isStarted = true
    return new Promise((resolve, reject) => {
      this.#ready = resolve
      this.#fail = reject
    })
  }

  dispatch (): Promise<FunctionAnswer> { return Promise.reject(new Error('not used')) }
  kill (): void { this.isKilled = true }

  becomeReady (): void {
    this.isReady = true
    this.#ready()
  }

  /** As a process does: a start that was not over fails, and what is left goes away. */
  exit (): void {
    this.isGone = true
    this.#fail(new InitError('exited', false))
    this.#exit()
  }
}

class World {
  readonly created: SteppedInstance[] = []
  readonly pool: InstancePool
  readonly waiting = new Map<number, Ticket>()
  readonly leases: Array<{ lease: Lease, fnId: string }> = []
  readonly outcomes = new Map<string, number>()
  #clock = 0
  #calls = 0

  constructor (maxInstances: number, maxQueued: number) {
    this.pool = new InstancePool({ maxInstances, maxQueued, queueTimeoutMs: 2 ** 30, maxFunctions: 3 }, spec => {
      const instance = new SteppedInstance(spec)
      this.created.push(instance)
      return instance
    }, () => this.#clock++)
  }

  call (fnId: string): void {
    const settings = { timeoutMs: 1, idleTimeoutMs: 2 ** 30, memoryMb: 1, initMs: 0, initTimeoutMs: 1 }
    const id = this.#calls++
    const ticket: Ticket = { cancel: undefined }
    this.waiting.set(id, ticket)
    void Promise.resolve(this.pool.acquire({ fnId, app: 'a', handler: 'hello', settings }, ticket)).then(acquired => {
      this.waiting.delete(id)
      this.#note(acquired, fnId)
    })
  }

  #note (acquired: Acquired, fnId: string): void {
    this.outcomes.set(acquired.kind, (this.outcomes.get(acquired.kind) ?? 0) + 1)
    if (acquired.kind === 'lease') this.leases.push({ lease: acquired.lease, fnId })
  }

  get live (): SteppedInstance[] {
    return this.created.filter(({ isStarted, isGone }) => isStarted && !isGone)
  }
}

type Step = readonly [kind: 'call' | 'ready' | 'release' | 'discard' | 'exit' | 'die' | 'cancel', choice: number]

const STEP: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(
    'call', 'call', 'call', 'ready', 'ready', 'release', 'release', 'discard', 'exit', 'exit', 'die', 'cancel'
  ),
  fc.nat(1000)
)

function pick<T> (from: readonly T[], choice: number): T | undefined {
  return from[choice % Math.max(1, from.length)]
}

function act (world: World, [kind, choice]: Step): void {
  switch (kind) {
    case 'call':
      world.call(`hello-${choice % 5}`)
      return
    case 'ready':
      pick(world.live.filter(({ isReady, isKilled }) => !isReady && !isKilled), choice)?.becomeReady()
      return
    case 'release':
    case 'discard': {
      const held = pick(world.leases, choice)
      if (held === undefined) return
      world.leases.splice(world.leases.indexOf(held), 1)
      held.lease[kind]()
      return
    }
    case 'exit':
      pick(world.live.filter(({ isKilled }) => isKilled), choice)?.exit()
      return
    case 'die':
      if (choice % 4 === 0) pick(world.live, choice >> 2)?.exit()
      return
    case 'cancel':
      if (choice % 4 === 0) pick([...world.waiting.values()], choice >> 2)?.cancel?.()
  }
}

const settled = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

function check (world: World, maxInstances: number): void {
  const busy = world.leases.map(({ lease }) => lease.instance)
  const views = world.pool.view().flatMap(fn => fn.instances)
  const states = (state: string): number => views.filter(view => view.state === state).length
  const facts: Array<[string, boolean]> = [
    ['never more live than allowed', world.live.length <= maxInstances && world.pool.slots <= maxInstances],
    ['an instance has one call', new Set(busy).size === busy.length],
    ['a call gets an instance of its function',
      world.leases.every(({ lease, fnId }) => (lease.instance as SteppedInstance).spec.fnId === fnId)],
    ['no lease on what never became ready', busy.every(instance => (instance as SteppedInstance).isReady)],
    ['who waits is counted', world.pool.queued === world.waiting.size],
    ['slots are the sum of the states', world.pool.slots === views.length],
    ['busy ones have a lease', states('busy') <= busy.length],
    ['nobody waits beside an idle instance of the function, or free room', world.waiting.size === 0 ||
      states('start') + states('wait') > 0 || (states('idle') === 0 && world.pool.slots === maxInstances)]
  ]
  for (const [fact, holds] of facts) if (!holds) throw new Error(fact)
}

void t.test('whatever happens in whatever order, the invariants hold and every call is answered once', async t => {
  let calls = 0
  const seen = new Set<string>()
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 0, 2, 100), fc.array(STEP, { minLength: 20, maxLength: 120 }),
    async (maxInstances, maxQueued, steps) => {
      const world = new World(maxInstances, maxQueued)
      for (const step of steps) {
        act(world, step)
        await settled()
        check(world, maxInstances)
      }
      const stopped = world.pool.stop()
      await settled()
      for (const instance of world.live) instance.exit()
      await stopped
      await settled()
      const answered = [...world.outcomes.values()].reduce((sum, n) => sum + n, 0)
      if (world.waiting.size !== 0 || world.pool.queued !== 0) throw new Error('a call was left without an answer')
      if (answered !== steps.filter(([kind]) => kind === 'call').length) throw new Error('a call was answered twice')
      if (world.pool.slots !== 0 || world.live.length !== 0) throw new Error('an instance was left')
      calls += answered
      for (const kind of world.outcomes.keys()) seen.add(kind)
    }
  ), { seed: 20260401, numRuns: 200 })
  t.ok(calls > 1000, `${calls} calls`)
  t.same([...seen].sort(), ['busy', 'gone', 'init-failed', 'lease'], 'all outcomes were met')
})
