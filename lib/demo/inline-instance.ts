/**
 * An instance without a process: it answers from within the runner. For loads in which processes would be what is
 * measured. Starts, limits and timeouts are those of a real one; only the 40 ms of a starting process are missing,
 * and `cpu` holds up the whole runner (as it does on a machine with one core).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import { firstNumber, fromObject, fromUrl } from './function-input.ts'
import { InitError, type FunctionAnswer, type FunctionCall, type FunctionSpec, type Instance } from './instance.ts'
import { patternStream } from './pattern.ts'

const FDK_HEADERS = ['Fn-Fdk-Version', 'fnlb-demo-inline/1']
const NONE = Buffer.alloc(0)

export class InlineInstance implements Instance {
  readonly pid = process.pid
  readonly exited: Promise<void>
  readonly #spec: FunctionSpec
  readonly #resolveExited: () => void
  readonly #ended = new AbortController()

  constructor (spec: FunctionSpec) {
    this.#spec = spec
    let resolve = (): void => {}
    this.exited = new Promise(_resolve => { resolve = _resolve })
    this.#resolveExited = resolve
  }

  async start (): Promise<void> {
    const { initMs, initTimeoutMs } = this.#spec.settings
    const { handler } = this.#spec
    try {
      // As with a process: the limit counts from the start of the function, which comes after the image's pull.
      if (initMs > 0) await sleep(initMs, undefined, { signal: this.#ended.signal })
      if (handler === 'mute') await sleep(initTimeoutMs, undefined, { signal: this.#ended.signal })
    } catch {
      throw new InitError('killed while it started', false)
    }
    if (handler === 'mute') this.#fail(`no socket within ${initTimeoutMs} ms`, true)
    if (handler === 'broken') this.#fail('ended with 1 before its socket was there', false)
  }

  async dispatch (call: FunctionCall): Promise<FunctionAnswer> {
    const signal = this.#ended.signal
    const body = call.isBodyless ? NONE : await bytesOf(call.body, signal)
    switch (this.#spec.handler) {
      case 'echo': {
        const type = headerOf(call, 'content-type') ?? 'application/octet-stream'
        return answer(200, ['Content-Type', type], body)
      }
      case 'big': {
        const bytes = numberOf('bytes', 1024 * 1024, 1024 ** 3, call, body)
        const headers = ['Content-Type', 'application/octet-stream', ...FDK_HEADERS]
        return { status: 200, headers, body: patternStream(bytes) }
      }
      case 'sleep': {
        const ms = numberOf('ms', 100, 300_000, call, body)
        await sleep(ms, undefined, { signal })
        return json(200, { sleptMs: ms, pid: this.pid })
      }
      case 'cpu': {
        const ms = numberOf('ms', 50, 300_000, call, body)
        const until = performance.now() + ms
        let rounds = 0
        while (performance.now() < until) rounds++
        return json(200, { burntMs: ms, rounds, pid: this.pid })
      }
      case 'status': {
        const status = numberOf('status', 200, 999, call, body)
        return json(200, { status }, ['Fn-Http-Status', String(status), 'Fn-Http-H-X-Demo-Status', String(status)])
      }
      case 'crash':
        if (numberOf('throw', 0, 1, call, body) === 1) return json(502, { message: 'Exception in function' })
        this.kill()
        throw new Error('the instance died')
      case 'hello':
      case 'broken':
      case 'mute':
        return json(200, { message: 'Hello World', input: body.toString(), fn: this.#spec.fnId, pid: this.pid })
    }
  }

  kill (): void {
    this.#ended.abort()
    this.#resolveExited()
  }

  #fail (message: string, isTimeout: boolean): never {
    this.kill()
    throw new InitError(message, isTimeout)
  }
}

function answer (status: number, headers: readonly string[], body: Buffer): FunctionAnswer {
  return { status, headers: [...headers, ...FDK_HEADERS], body }
}

function json (status: number, value: unknown, headers: readonly string[] = []): FunctionAnswer {
  return answer(status, ['Content-Type', 'application/json', ...headers], Buffer.from(JSON.stringify(value)))
}

/** By events, not by iteration: that would destroy the client's connection when the instance dies first. */
function bytesOf (body: Readable, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const died = (): void => { reject(new Error('the instance died')) }
    signal.addEventListener('abort', died, { once: true })
    body.on('data', (piece: Buffer) => { pieces.push(piece) })
    body.on('error', reject)
    body.on('end', () => {
      signal.removeEventListener('abort', died)
      resolve(Buffer.concat(pieces))
    })
  })
}

function numberOf (name: string, fallback: number, max: number, call: FunctionCall, body: Buffer): number {
  const header = headerOf(call, `x-demo-${name}`) ?? headerOf(call, `fn-http-h-x-demo-${name}`)
  return firstNumber(fallback, max, [header, fromUrl(name, call.target), fromJson(name, body)])
}

function fromJson (name: string, body: Buffer): unknown {
  if (body[0] !== 0x7b) return undefined
  try {
    return fromObject(name, JSON.parse(body.toString()))
  } catch {
    return undefined
  }
}

function headerOf (call: FunctionCall, name: string): string | undefined {
  for (let i = 0; i < call.headers.length; i += 2) {
    if (call.headers[i]?.toLowerCase() === name) return call.headers[i + 1]
  }
  return undefined
}
