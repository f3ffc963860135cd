/**
 * The daemon: puts the parts together, in order, and takes them down again, in order. It decides nothing itself.
 *
 * Up: log, demo runners, admin server (so that probes of this process are answered from the first moment), snapshot and
 * node probes, data threads. Down: readiness, data threads, the rest. What was up is taken down whatever goes wrong.
 */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { AdminServer } from './admin/server.ts'
import type { Config, Origins } from './config/config.ts'
import { engineSettings, listenAddresses, workerCount } from './config/engine-settings.ts'
import { ControlPlane } from './control/control-plane.ts'
import { formatAddress, ListenError } from './control/listen-error.ts'
import { Supervisor } from './control/supervisor.ts'
import { demoText, startDemo } from './daemon/demo.ts'
import type { Demo } from './daemon/demo.ts'
import { drain } from './daemon/shutdown.ts'
import { catchStopSignals } from './daemon/signals.ts'
import { FnlbError } from './errors.ts'
import { openLog } from './log.ts'
import type { Log } from './log.ts'
import { trimMemory } from './memory.ts'
import { MetricsText } from './metrics/registry.ts'
import { fnlbVersion } from './version.ts'

export interface DaemonOptions {
  readonly config: Config
  readonly origins: Origins
  /** Start runner nodes of our own, and say on standard error what to try. */
  readonly demo: boolean
  readonly configFile?: string
  /** Module of the data threads; for tests. */
  readonly threadEntry?: URL
}

const THREAD_ENTRY = new URL('./proxy/thread.js', import.meta.url)
/** Probes have run once by then. */
const TRIM_AFTER_MS = 3000
/** EX_SOFTWARE of sysexits.h. */
const EXIT_BUG = 70

/**
 * Runs until a signal ends it.
 * @returns the exit code 0 after an orderly end. A second signal and a bug end the process at once from here.
 * @throws FnlbError when it can not start; everything that had started has been stopped then.
 */
export async function runDaemon (options: DaemonOptions): Promise<number> {
  const startMs = performance.now()
  const log = openLog({ level: options.config.log.level })
  const onBug = (error: unknown, origin: string): void => {
    log.logger.fatal({ err: error, origin }, 'bug in the control thread, ending')
    endNow(log, EXIT_BUG)
  }
  process.on('uncaughtException', onBug)
  const signals = catchStopSignals()
  void signals.second.then(({ signal, exitCode }) => {
    log.logger.warn({ signal }, 'second signal, ending at once')
    endNow(log, exitCode)
  })
  const parts = new Parts(options, log)
  try {
    await parts.start(startMs)
    const signal = await signals.first
    log.logger.info({ signal }, 'stopping')
    const skipDelay = signal === 'SIGINT' || options.demo || process.stdout.isTTY
    const cut = await drain({ control: parts.control, logger: log.logger, config: options.config, skipDelay })
    await parts.stop()
    log.logger.info({ cut_requests: cut }, 'stopped')
    return 0
  } finally {
    await parts.stop()
    signals.release()
    process.off('uncaughtException', onBug)
    log.close()
  }
}

/** Ends the process without waiting for anything but the log; the one end that is not a return to bin/fnlb.ts. */
function endNow (log: Log, exitCode: number): void {
  log.flush()
  process.exit(exitCode)
}

/** What is running, for taking it down again. */
class Parts {
  readonly control: ControlPlane
  readonly #options: DaemonOptions
  readonly #log: Log
  readonly #instance = randomBytes(4).toString('hex')
  readonly #threads: number
  #demo: Demo | undefined
  #admin: AdminServer | undefined

  constructor (options: DaemonOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#threads = workerCount(options.config, availableParallelism())
    this.control = new ControlPlane({
      version: fnlbVersion(),
      threads: this.#threads,
      addressSeed: randomBytes(4).readInt32LE(),
      logger: log.logger,
      droppedLines: log.droppedLines
    })
  }

  async start (startMs: number): Promise<void> {
    const { logger } = this.#log
    const { configFile, origins, demo } = this.#options
    logger.info({
      version: this.control.version,
      node_version: process.version,
      pid: process.pid,
      config_file: configFile ?? null,
      overrides: overridesOf(origins)
    }, 'starting')
    let { config } = this.#options
    if (demo) {
      this.#demo = await startDemo(config).catch((error: unknown) => { throw demoError(error) })
      config = this.#demo.config
    }
    await this.#startAdmin(config)
    this.#publish(config)
    await this.#startThreads(config)
    this.#announce(startMs)
    setTimeout(trimMemory, TRIM_AFTER_MS).unref()
  }

  /** Safe to call again, and after a start that failed half-way. */
  async stop (): Promise<void> {
    this.control.probes.stop()
    await this.control.supervisor?.stop()
    await this.#admin?.close()
    this.#admin = undefined
    await this.#demo?.runners.stop(0)
    this.#demo = undefined
  }

  async #startAdmin ({ admin: { listen } }: Config): Promise<void> {
    if (listen === undefined) return
    const { startAdmin } = await import('./admin/server.ts')
    const { control } = this
    const { logger } = this.#log
    try {
      this.#admin = await startAdmin(listen, { control, metrics: new MetricsText(control), log: logger })
    } catch (error) {
      throw startError(error, 'the admin server')
    }
  }

  #publish (config: Config): void {
    try {
      this.control.publish(config)
    } catch (cause) {
      if (cause instanceof RangeError) throw new FnlbError('FNLB_CONFIG_INVALID', cause.message, { cause })
      throw cause
    }
  }

  async #startThreads (config: Config): Promise<void> {
    const { control } = this
    const tls = config.tls === undefined ? undefined : (await import('./config/tls-files.ts')).readTls(config.tls)
    try {
      control.running(await Supervisor.start({
        instance: this.#instance,
        entry: this.#options.threadEntry ?? THREAD_ENTRY,
        threads: this.#threads,
        listen: listenAddresses(config, tls),
        settings: engineSettings(config),
        snapshot: control.published.snapshot,
        nodeTable: control.nodeTable,
        loads: control.loads,
        counters: control.counters,
        addresses: control.addressBuffer,
        clearThread: (thread) => { control.clearThread(thread) },
        log: this.#log.logger,
        // What the thread dropped is in its counters already.
        onLog: (lines) => this.#log.writeLines(lines),
        onApplied: () => control.reclaim()
      }))
    } catch (error) {
      throw startError(error, 'the data threads')
    }
  }

  #announce (startMs: number): void {
    const { control } = this
    const demo = this.#demo
    const admin = this.#admin
    const supervisor = control.supervisor!
    this.#log.logger.info({
      instance: this.#instance,
      listen: supervisor.addresses.map(formatAddress),
      listen_mode: supervisor.reusePort ? 'reuse_port' : 'shared_socket',
      admin: admin?.url ?? null,
      threads: this.#threads,
      pools: control.published.pools.map(({ view: { name, nodes } }) => ({ name, nodes: nodes.length })),
      start_ms: Math.round(performance.now() - startMs)
    }, 'ready')
    if (demo === undefined) return
    process.stderr.write(demoText({
      version: control.version,
      url: urlOf(supervisor.addresses[0]!),
      pool: demo.pool,
      nodes: demo.runners.nodes.length,
      ...(admin !== undefined && { adminUrl: admin.url })
    }))
  }
}

/** A failure to start, worded for the operator. */
function startError (error: unknown, what: string): unknown {
  if (error instanceof ListenError) {
    return new FnlbError('FNLB_LISTEN_FAILED', `cannot listen on ${error.address} (${error.code}), for ${what}`, {
      hint: error.hint, cause: error
    })
  }
  if (error instanceof FnlbError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new FnlbError('FNLB_THREADS_FAILED', `${what} did not start: ${message}`, { cause: error })
}

/** The demo needs packages and processes that not every installation has. */
function demoError (cause: unknown): FnlbError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new FnlbError('FNLB_USAGE', `--demo does not work here: ${message}`, { cause })
}

/** An address that a client on this machine can use. */
function urlOf (address: { host: string, port: number, path?: string, tls?: unknown }): string {
  if (address.path !== undefined) return formatAddress(address)
  const isAny = ['', '::', '0.0.0.0'].includes(address.host)
  const scheme = address.tls === undefined ? 'http' : 'https'
  return `${scheme}://${formatAddress({ host: isAny ? '127.0.0.1' : address.host, port: address.port })}`
}

/** Settings that come neither from the file nor from the defaults: they surprise most when forgotten. */
function overridesOf (origins: Origins): Record<string, string> {
  return Object.fromEntries(Object.entries(origins).filter(([, origin]) => /^(env|flag) /.test(origin)))
}
