/**
 * One worker thread of the data plane, from its start to its end. It lives once: a replacement is another object.
 *
 * `ended` resolves only after the worker has really ended: whoever waits for it may touch what the thread wrote.
 */
import { Worker, type ResourceLimits } from 'node:worker_threads'
import type { FromThread, ThreadInit, ToThread } from '../proxy/protocol.ts'
import { ListenError } from './listen-error.ts'

export interface DataThreadOptions {
  /** Compiled module that the worker runs; it reads `init` from `workerData`. */
  readonly entry: URL
  readonly init: ThreadInit
  readonly resourceLimits?: ResourceLimits
  /** Time from the start of the worker to its `listening`. */
  readonly startTimeoutMs: number
  /** The thread accepts; called before `listening` resolves. */
  onListening (ports: readonly number[]): void
  /** Called for `applied` and `log`. */
  onMessage (message: FromThread): void
}

export class DataThread {
  /** Ports of the listeners. Rejects with a ListenError, or with an Error when the thread ended or took too long. */
  readonly listening: Promise<readonly number[]>
  /** Why it ended, in words. Never rejects. */
  readonly ended: Promise<string>
  readonly #worker: Worker
  #isListening = false
  #hasEnded = false
  #reason: string | undefined
  #cut = 0

  constructor (options: DataThreadOptions) {
    const { init, resourceLimits, startTimeoutMs } = options
    const worker = new Worker(options.entry, {
      workerData: init, name: `fnlb-data-${init.thread}`, ...(resourceLimits !== undefined && { resourceLimits })
    })
    this.#worker = worker
    let timer: NodeJS.Timeout
    this.listening = new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        this.#reason ??= error.message
        reject(error)
      }
      timer = setTimeout(() => fail(new Error(`it did not listen within ${startTimeoutMs} ms`)), startTimeoutMs)
      worker.on('message', (message: FromThread) => {
        switch (message.type) {
          case 'listening':
            this.#isListening = true
            clearTimeout(timer)
            options.onListening(message.ports)
            resolve(message.ports)
            break
          case 'listen-failed':
            fail(new ListenError(message.address, message.code, message.message))
            break
          case 'drained':
            this.#cut = message.cut
            break
          case 'applied':
          case 'log':
            options.onMessage(message)
            break
        }
      })
      worker.on('error', (error: unknown) => {
        this.#reason ??= describe(error)
        reject(new Error(`a data thread failed before it listened: ${this.#reason}`))
      })
      worker.on('exit', (code) => reject(new Error(`a data thread ended before it listened, with exit code ${code}`)))
    })
    // Nobody waits any more when a thread fails after it has listened.
    this.listening.catch(() => {})
    this.ended = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#hasEnded = true
        clearTimeout(timer)
        resolve(this.#reason ?? `exit code ${code}`)
      })
    })
  }

  get isListening (): boolean { return this.#isListening && !this.#hasEnded }
  get hasEnded (): boolean { return this.#hasEnded }
  /** Requests that a drain had to cut. */
  get cut (): number { return this.#cut }

  post (message: ToThread): void {
    this.#worker.postMessage(message)
  }

  /** Ends the thread now, for `reason` if it had none yet; resolves when it has ended. */
  async terminate (reason: string): Promise<void> {
    if (!this.#hasEnded) this.#reason ??= reason
    await this.#worker.terminate()
  }
}

/** The first lines of a stack say where; the rest would only fill the log. */
function describe (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.stack?.split('\n').slice(0, 4).map((line) => line.trim()).join(' | ') ?? error.message
}
