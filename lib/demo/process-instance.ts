/**
 * An instance that is a process of its own: Node, one function, the FDK, one unix socket in a private directory.
 * The process ends when this one does (launcher.ts); its directory is gone by the time `exited` resolves.
 * Contract: Fn's fn-format.md (`FN_LISTENER`, `POST /call`, socket within 5 s).
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, watch, type FSWatcher } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InitError, type FunctionAnswer, type FunctionCall, type FunctionSpec, type Instance } from './instance.ts'

const LAUNCHER = fileURLToPath(new URL(`./launcher.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url))
const SOCKET = 'fn.sock'
/** The FDK listens on `<socket>.tmp`; Linux allows 107 bytes in a socket's path, macOS 103. */
const MAX_SOCKET_PATH_BYTES = 103 - '.tmp'.length
/** Enough of the end of standard error to see why a start failed. */
const STDERR_KEPT = 2048
/** Keeps an instance small: the heap of a demo function is a few megabytes. */
const NODE_FLAGS = ['--max-old-space-size=192', '--v8-pool-size=1']

/** Keep-alive connections to instances; one each, as an instance serves one call at a time. */
export function instanceAgent (): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 })
}

export class ProcessInstance implements Instance {
  readonly exited: Promise<void>
  readonly #spec: FunctionSpec
  readonly #agent: Agent
  readonly #resolveExited: () => void
  #directory = ''
  #child: ChildProcess | undefined
  #stderr = ''
  #isKilled = false
  #cancelInit: (() => void) | undefined

  constructor (spec: FunctionSpec, agent: Agent) {
    this.#spec = spec
    this.#agent = agent
    const { promise, resolve } = deferred()
    this.exited = promise
    this.#resolveExited = resolve
  }

  get pid (): number {
    return this.#child?.pid ?? 0
  }

  async start (): Promise<void> {
    const { initMs } = this.#spec.settings
    if (initMs > 0) await this.#wait(initMs)
    if (this.#isKilled) this.#fail('killed before its process started')
    const base = tmpdir()
    try {
      this.#directory = mkdtempSync(join(base, 'fnlb-fn-'))
    } catch (error) {
      this.#fail(`cannot make a directory in ${base}: ${String(error)}; set TMPDIR to one that can be written`)
    }
    const socketPath = join(this.#directory, SOCKET)
    if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
      this.#fail(`${socketPath} is too long for a unix socket; set TMPDIR to a shorter path`)
    }
    await this.#spawn(socketPath)
  }

  dispatch (call: FunctionCall): Promise<FunctionAnswer> {
    return new Promise((resolve, reject) => {
      const headers = ['Host', 'localhost', ...call.headers]
      const hasLength = headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length')
      if (call.isBodyless && !hasLength) headers.push('Content-Length', '0')
      const outgoing = request({
        socketPath: join(this.#directory, SOCKET), agent: this.#agent, method: 'POST', path: '/call', headers
      })
      outgoing.on('error', reject)
      outgoing.on('response', response => {
        resolve({ status: response.statusCode ?? 0, headers: response.rawHeaders, body: response })
      })
      if (call.isBodyless) outgoing.end()
      else call.body.pipe(outgoing)
    })
  }

  kill (): void {
    if (this.#isKilled) return
    this.#isKilled = true
    this.#cancelInit?.()
    this.#child?.kill('SIGKILL')
  }

  async #spawn (socketPath: string): Promise<void> {
    const { promise, resolve, reject } = deferred()
    let watcher: FSWatcher
    try {
      // Before the process starts, or the socket could appear unseen.
      watcher = watch(this.#directory, (_event, name) => { if (name === SOCKET) resolve() })
      watcher.on('error', reject)
    } catch (error) {
      this.#fail(`cannot watch ${this.#directory}: ${String(error)}; raise fs.inotify.max_user_instances`)
    }
    const child = spawn(process.execPath, [...NODE_FLAGS, LAUNCHER, this.#spec.handler], {
      cwd: this.#directory,
      env: this.#environment(socketPath),
      // A session of its own: Ctrl-C in a terminal is for the daemon, which ends its instances in order.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe']
    })
    this.#child = child
    child.stdin?.on('error', () => {})
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)
    })
    child.on('error', error => {
      reject(new InitError(`cannot start ${process.execPath}: ${error.message}`, false))
      if (child.pid === undefined) this.#cleanUp()
    })
    // 'close' comes after 'exit', when standard error is read to its end.
    child.on('close', (code, signal) => {
      reject(new InitError(`ended with ${signal ?? String(code)} before its socket was there: ${this.#stderr}`, false))
      this.#cleanUp()
    })
    const timeoutMs = this.#spec.settings.initTimeoutMs
    const timer = setTimeout(() => { reject(new InitError(`no socket within ${timeoutMs} ms`, true)) }, timeoutMs)
    try {
      await promise
    } catch (error) {
      this.kill()
      throw error
    } finally {
      clearTimeout(timer)
      watcher.close()
    }
  }

  /** Nothing of our own environment but the search path: a function must not see the daemon's settings. */
  #environment (socketPath: string): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      TMPDIR: tmpdir(),
      FN_LISTENER: `unix:${socketPath}`,
      FN_FORMAT: 'http-stream',
      FN_TYPE: 'sync',
      FN_MEMORY: String(this.#spec.settings.memoryMb),
      FN_APP_ID: this.#spec.app,
      FN_APP_NAME: this.#spec.app,
      FN_FN_ID: this.#spec.fnId,
      FN_FN_NAME: this.#spec.fnId
    }
  }

  #wait (ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#cancelInit = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #fail (message: string): never {
    this.#cleanUp()
    throw new InitError(message, false)
  }

  #cleanUp (): void {
    if (this.#directory !== '') rmSync(this.#directory, { recursive: true, force: true })
    this.#resolveExited()
  }
}

interface Deferred {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

function deferred (): Deferred {
  let resolve = (): void => {}
  let reject: (error: unknown) => void = resolve
  const promise = new Promise<void>((_resolve, _reject) => {
    resolve = _resolve
    reject = _reject
  })
  return { promise, resolve, reject }
}
