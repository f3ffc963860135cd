/**
 * Processor sharing: all jobs of a node run at one rate, speed × min(1, cores / jobs). Kept as one clock of work done
 * per job: a job of w seconds that starts when the clock says v is done when it says v + w, so a change of the number of
 * jobs changes one rate instead of every job.
 */
import type { Call } from './call.ts'

export class ProcessorSharing {
  readonly cores: number
  readonly speed: number
  #work = 0
  #updatedS = 0
  #rate = 0
  /** A binary heap by what the clock will say when the job is done. */
  readonly #ends: number[] = []
  readonly #jobs: Call[] = []

  constructor (cores: number, speed: number) {
    this.cores = cores
    this.speed = speed
  }

  get jobs (): number {
    return this.#jobs.length
  }

  add (job: Call, workS: number, nowS: number): void {
    this.#advance(nowS)
    const end = this.#work + workS
    let at = this.#jobs.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#ends[parent]! <= end) break
      this.#ends[at] = this.#ends[parent]!
      this.#jobs[at] = this.#jobs[parent]!
      at = parent
    }
    this.#ends[at] = end
    this.#jobs[at] = job
    this.#share()
  }

  /** When the next job is done if nothing changes until then; Infinity without jobs. */
  nextEndS (): number {
    return this.#jobs.length === 0 ? Infinity : this.#updatedS + Math.max(0, this.#ends[0]! - this.#work) / this.#rate
  }

  /** Takes the job out that is done now. To be called at the time that `nextEndS` named. */
  takeDone (nowS: number): Call {
    this.#advance(nowS)
    const done = this.#jobs[0]
    if (done === undefined) throw new Error('processor sharing: no job is done because there is none')
    // The clock is what the job's end says, not what rounding made of it, so errors do not add up.
    this.#work = this.#ends[0]!
    const end = this.#ends.pop()!
    const job = this.#jobs.pop()!
    if (this.#jobs.length > 0) this.#sink(end, job)
    this.#share()
    return done
  }

  /** Drops all jobs. */
  clear (nowS: number): void {
    this.#advance(nowS)
    this.#ends.length = 0
    this.#jobs.length = 0
    this.#share()
  }

  #sink (end: number, job: Call): void {
    const size = this.#jobs.length
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && this.#ends[child + 1]! < this.#ends[child]!) child++
      if (end <= this.#ends[child]!) break
      this.#ends[at] = this.#ends[child]!
      this.#jobs[at] = this.#jobs[child]!
      at = child
    }
    this.#ends[at] = end
    this.#jobs[at] = job
  }

  #advance (nowS: number): void {
    this.#work += (nowS - this.#updatedS) * this.#rate
    this.#updatedS = nowS
  }

  #share (): void {
    const jobs = this.#jobs.length
    this.#rate = jobs === 0 ? 0 : this.speed * Math.min(1, this.cores / jobs)
  }
}
