/**
 * Runner, proxy and clients for one test, and the books that must balance after each: no lease is left, and every request
 * was counted once, as answered by the runner or by the proxy.
 */
import t from 'tap'
import type { Test } from 'tap'
import { Lease } from '../../lib/core/placement/lease.ts'
import { CODE_CLASSES, NO_POOL, ORIGINS } from '../../lib/tables/counters.ts'
import { startProxy } from './proxy.ts'
import type { Proxy, ProxyOptions } from './proxy.ts'
import { RawClient } from './raw-client.ts'
import type { RawResponse } from './raw-client.ts'
import { RawRunner } from './raw-runner.ts'
import type { Script } from './raw-runner.ts'

export interface StageOptions extends Partial<ProxyOptions> {
  /** What the runners do; by default they answer everything with `ok`. */
  readonly script?: Script
  /** Requests that the test makes; checked at the end. */
  readonly requests?: number
  /** Of them, answered (or ended) by the proxy itself. */
  readonly own?: number
  /** Runners, all with the same script. */
  readonly runners?: number
  /** Ports of nodes behind the runners, in their order. */
  readonly others?: () => Promise<readonly number[]>
  /** The runner is sent bytes that are no request: a fault unless the test says so. */
  readonly garbage?: boolean
}

export class Stage {
  readonly proxy: Proxy
  readonly runners: readonly RawRunner[]
  readonly clients: RawClient[] = []

  constructor (proxy: Proxy, runners: readonly RawRunner[]) {
    this.proxy = proxy
    this.runners = runners
  }

  get runner (): RawRunner { return this.runners[0]! }

  readonly client = async (): Promise<RawClient> => {
    const client = await RawClient.connect(this.proxy.port)
    this.clients.push(client)
    return client
  }

  /** One request on a connection of its own. */
  readonly ask = async (request: string, method = 'GET'): Promise<RawResponse> => {
    const client = await this.client()
    client.write(request)
    const response = await client.response(method)
    client.destroy()
    return response
  }

  /** Resolves when no call is in flight. */
  readonly idle = async (): Promise<void> => {
    await until(() => this.proxy.inFlight() === 0, 'the calls in flight to end')
  }

  /** A path whose function has node `index` as its home. */
  readonly homedAt = (index: number): string => {
    const { engine } = this.proxy
    for (let name = 0; ; name++) {
      const path = `/invoke/f${name}`
      const target = engine.poolFor('', path)!.target(path, '', engine.requestHead)
      if (typeof target === 'string') throw new Error(target)
      const [home] = target.pool.placement.explain(new Lease(), target.key).candidates
      if (home!.id === `node-${index}`) return path
    }
  }

  /** How many requests were answered by `origin`, over all status classes and pools. */
  counted (origin: typeof ORIGINS[number]): number {
    let sum = 0
    for (const pool of [0, NO_POOL]) {
      for (let code = 0; code < CODE_CLASSES.length; code++) {
        sum += this.proxy.counters.requests(pool, code, ORIGINS.indexOf(origin))
      }
    }
    return sum
  }

  async close (): Promise<void> {
    for (const client of this.clients) client.destroy()
    await until(() => this.proxy.engine.clients.size === 0, 'the client connections to end')
    await this.proxy.close()
    await Promise.all(this.runners.map((runner) => runner.close()))
  }
}

/** Looks again on each turn of the event loop; for what has no event to wait for. */
export async function until (isThere: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5000
  while (!isThere()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => { setImmediate(resolve) })
  }
}

/** A scene that takes longer hangs. */
const SCENE_TIMEOUT_MS = 8000

/** Scenes of this file that mostly wait run beside each other. */
export function atOnce (count: number): void {
  t.jobs = count
}

/** One test on a stage of its own, which is struck, and whose books are checked, when the test has run. */
export function scene (name: string, options: StageOptions, play: (t: Test, stage: Stage) => Promise<void>): void {
  void t.test(name, { timeout: SCENE_TIMEOUT_MS, buffered: t.jobs > 1 }, async (t) => {
    const runners = await Promise.all(Array.from({ length: options.runners ?? 1 }, () => RawRunner.start(options.script)))
    const others = await options.others?.() ?? []
    const proxy = await startProxy({ nodes: [...runners.map(({ port }) => port), ...others], ...options })
    const stage = new Stage(proxy, runners)
    try {
      await play(t, stage)
    } finally {
      await stage.close()
    }
    t.equal(proxy.inFlight(), 0, 'no lease is left')
    const { counters } = proxy
    for (const gauge of [
      'clientRequestsInFlight', 'clientConnections', 'upstreamConnectionsOpen', 'upstreamConnectionsIdle'
    ] as const) t.equal(counters.sum(gauge), 0, `${gauge} is 0`)
    if (options.requests !== undefined) {
      t.equal(stage.counted('upstream'), options.requests - (options.own ?? 0), 'requests answered by the runner')
      t.equal(stage.counted('proxy'), options.own ?? 0, 'requests answered by the proxy')
    }
    if (options.garbage !== true) t.same(runners.flatMap(({ garbage }) => garbage), [], 'runners got requests only')
  })
}

/** A request as a client writes it. */
export function request (line: string, fields = '', body = ''): string {
  return `${line} HTTP/1.1\r\nHost: fn.example\r\n${fields}\r\n${body}`
}

/** Holds a script until the test opens it. */
export class Gate {
  readonly opened: Promise<void>
  open!: () => void

  constructor () {
    this.opened = new Promise((resolve) => { this.open = resolve })
  }
}

/** The value, when it has not changed for so many milliseconds: for what must *not* go on. */
export async function settled (value: () => number, stillMs = 50): Promise<number> {
  let before = value()
  for (let still = 0; still < stillMs;) {
    await new Promise((resolve) => { setTimeout(resolve, 1) })
    const now = value()
    still = now === before ? still + 1 : 0
    before = now
  }
  return before
}
