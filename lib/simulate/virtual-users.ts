/**
 * A closed loop: users who call, wait for the answer, think, and call again, as k6 and most load generators do. The
 * faster the pool the more calls there are, so throughput is a result here and not a setting.
 */
import type { CallSource } from './call-source.ts'
import type { Distribution } from './distribution.ts'
import type { Random } from './random.ts'

export interface UserPhase {
  readonly users: number
  readonly seconds: number
}

export interface UserPlan {
  /** One after the other; the number of users grows, or stays. */
  readonly phases: readonly UserPhase[]
  readonly thinkMinS: number
  readonly thinkMaxS: number
  /** How often each function is chosen, in any unit. */
  readonly popularity: readonly number[]
  readonly execution: readonly Distribution[]
}

export class VirtualUsers implements CallSource {
  functionIndex = 0
  executionS = 0
  coldDraw = 0
  balancerDraw = 0
  readonly #plan: UserPlan
  readonly #users: Random[] = []
  readonly #cumulative: Float64Array
  readonly #endS: number
  #schedule: (timeS: number, caller: number) => void = () => {}

  /** Each user has a stream of their own, so that a slow answer to one does not change what another asks. */
  constructor (plan: UserPlan, random: Random) {
    this.#plan = plan
    this.#endS = plan.phases.reduce((sum, { seconds }) => sum + seconds, 0)
    let sum = 0
    this.#cumulative = Float64Array.from(plan.popularity, weight => (sum += weight))
    const most = Math.max(...plan.phases.map(({ users }) => users))
    for (let user = 0; user < most; user++) this.#users.push(random.fork(`user ${user}`))
  }

  begin (schedule: (timeS: number, caller: number) => void): void {
    this.#schedule = schedule
    let startS = 0
    let present = 0
    for (const { users, seconds } of this.#plan.phases) {
      for (; present < users; present++) schedule(startS + this.#think(present), present)
      startS += seconds
    }
  }

  take (user: number): void {
    const random = this.#users[user]!
    const draw = random.next() * this.#cumulative.at(-1)!
    let functionIndex = 0
    while (this.#cumulative[functionIndex]! <= draw) functionIndex++
    this.functionIndex = functionIndex
    this.executionS = this.#plan.execution[functionIndex]!.quantile(random.next())
    this.coldDraw = random.next()
    this.balancerDraw = random.next()
  }

  ended (user: number, nowS: number): void {
    const nextS = nowS + this.#think(user)
    if (nextS < this.#endS) this.#schedule(nextS, user)
  }

  #think (user: number): number {
    const { thinkMinS, thinkMaxS } = this.#plan
    return thinkMinS + this.#users[user]!.next() * (thinkMaxS - thinkMinS)
  }
}
