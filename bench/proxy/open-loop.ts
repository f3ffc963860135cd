/**
 * A load generator with a constant arrival rate: request i is due at start + i / rate whether or not earlier ones
 * were answered, and its latency counts from that moment. A closed loop (wrk) stops asking while the proxy stalls and
 * so never sees the stall (coordinated omission); this one does.
 *
 * Node's timers have a grain of one millisecond, far above what is measured: between two arrivals the loop polls
 * its sockets and sleeps on a futex for tens of microseconds instead, which leaves the core to the backends.
 *
 * Run as a program: `open-loop.js --port=N --rate=N --seconds=N --warmup=N --connections=N --keys=N`.
 * It writes one line of JSON to stdout.
 */
import { connect, type Socket } from 'node:net'
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { percentile } from '../lib/stats.ts'

export interface OpenLoopOptions {
  readonly port: number
  readonly ratePerSecond: number
  readonly seconds: number
  /** Arrivals before the ones that count: the generator and the proxy compile their code meanwhile. */
  readonly warmupSeconds: number
  readonly connections: number
  readonly keys: number
}

export interface OpenLoopResult {
  readonly planned: number
  readonly completed: number
  /** Answers other than 200, connections lost, requests that no answer came for. */
  readonly errors: number
  readonly firstError: string | null
  readonly p50Us: number
  /** Of the requests that fell into no pause of the generator itself; of all when `disturbedRatio` is 1. */
  readonly p99Us: number
  /** Of all requests. */
  readonly p99AllUs: number
  readonly maxUs: number
  /** Share of the requests that fell into a pause of the generator: see {@link undisturbed}. */
  readonly disturbedRatio: number
  /** Most requests that were due but had no free connection. */
  readonly maxWaiting: number
}

const longestSleepMs = 0.04
const graceMs = 3000
const readBufferBytes = 16 * 1024
const pauseMs = 1

const headEnd = Buffer.from('\r\n\r\n')

/**
 * Bytes of a whole response at the start of `buffer`, or 0 when more are needed.
 *
 * @throws Error on what this generator cannot frame: no 200, or no Content-Length
 */
export function responseBytes (buffer: Buffer): number {
  const end = buffer.indexOf(headEnd)
  if (end < 0) return 0
  const head = buffer.toString('latin1', 0, end)
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`answered ${head.slice(0, head.indexOf('\r\n')).slice(0, 80)}`)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error('an answer without Content-Length')
  const total = end + headEnd.length + Number(length)
  return buffer.length >= total ? total : 0
}

export interface Pause {
  readonly startMs: number
  readonly endMs: number
}

/**
 * The latencies that tell of the proxy. When the generator's own loop stood still for a millisecond or more, its core
 * was taken away (by the machine, by a collection): what was due or answered meanwhile was seen late, and the backlog
 * lasts about twice as long. The proxy, on another core, is not excused by this: were it to stall, all answers that
 * come back at once (one per connection) take the loop well under a millisecond.
 *
 * @param latenciesMs by request, NaN = not answered
 * @param dueMs when request `index` was due, on the clock of the pauses
 */
export function undisturbed (
  latenciesMs: Float64Array, dueMs: (index: number) => number, pauses: readonly Pause[]
): Float64Array {
  const kept: number[] = []
  let next = 0
  for (const [index, latency] of latenciesMs.entries()) {
    const due = dueMs(index)
    const shadowEnd = ({ startMs, endMs }: Pause): number => endMs + 2 * (endMs - startMs)
    while (next < pauses.length && shadowEnd(pauses[next] as Pause) < due) next++
    const pause = pauses[next]
    const shadowed = pause !== undefined && due >= pause.startMs - pauseMs
    if (!shadowed && !Number.isNaN(latency)) kept.push(latency)
  }
  return Float64Array.from(kept).sort()
}

interface Connection {
  readonly socket: Socket
  /** Which request it carries; -1 = free. */
  index: number
  pending: Buffer | undefined
}

/** Reads into one buffer for ever: garbage would be collected in the middle of what is measured. */
async function openConnection (
  port: number, onBytes: (connection: Connection, chunk: Buffer) => void
): Promise<Connection> {
  return await new Promise((resolve, reject) => {
    const connection: Connection = {
      index: -1,
      pending: undefined,
      socket: connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafeSlow(readBufferBytes),
          callback (bytes, buffer) {
            onBytes(connection, (buffer as Buffer).subarray(0, bytes))
            return true
          }
        }
      }, () => { resolve(connection) })
    }
    connection.socket.once('error', reject)
  })
}

/** A warm-up at the same rate that is not counted, the schedule, then three seconds at most for what is still out. */
export async function runOpenLoop (options: OpenLoopOptions): Promise<OpenLoopResult> {
  const { port, ratePerSecond, seconds, warmupSeconds, keys } = options
  const unmeasured = Math.round(ratePerSecond * warmupSeconds)
  const planned = Math.round(ratePerSecond * seconds)
  const total = unmeasured + planned
  const intervalMs = 1000 / ratePerSecond
  const requests = Array.from({ length: keys }, (_, i) =>
    Buffer.from(`GET /invoke/fn${i + 1} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`))
  const latenciesMs = new Float64Array(planned).fill(Number.NaN)
  const pauses: Pause[] = []
  const sleepCell = new Int32Array(new SharedArrayBuffer(4))
  const free: Connection[] = []
  /** Indexes of requests that are due and found no free connection; those before `waitingHead` were served. */
  const waiting: number[] = []
  let waitingHead = 0
  let completed = 0
  let measured = 0
  let firstError: string | null = null
  let errors = 0
  let maxWaiting = 0
  let startMs = 0

  const fail = (reason: string): void => {
    errors++
    firstError ??= reason
  }
  const dueMs = (index: number): number => startMs + index * intervalMs
  const send = (connection: Connection, index: number): void => {
    connection.index = index
    connection.socket.write(requests[index % keys] as Buffer)
  }
  const onBytes = (connection: Connection, chunk: Buffer): void => {
    const buffer = connection.pending === undefined ? chunk : Buffer.concat([connection.pending, chunk])
    const { index } = connection
    try {
      if (index < 0) throw new Error('bytes that no request asked for')
      const bytes = responseBytes(buffer)
      if (bytes === 0) {
        // The chunk lies in the read buffer, which the next read overwrites.
        connection.pending = Buffer.from(buffer)
        return
      }
      if (buffer.length > bytes) throw new Error('bytes after the end of an answer')
    } catch (error) {
      fail((error as Error).message)
      connection.index = -1
      connection.socket.destroy()
      return
    }
    connection.pending = undefined
    connection.index = -1
    completed++
    if (index >= unmeasured) {
      latenciesMs[index - unmeasured] = performance.now() - dueMs(index)
      measured++
    }
    if (waitingHead < waiting.length) send(connection, waiting[waitingHead++] as number)
    else free.push(connection)
  }
  const open = async (): Promise<Connection> => {
    const connection = await openConnection(port, onBytes)
    connection.socket.removeAllListeners('error')
    connection.socket.on('error', error => { fail(error.message) })
    connection.socket.once('close', () => {
      if (connection.index >= 0) fail('a connection was closed under a request')
    })
    return connection
  }

  const connections = await Promise.all(Array.from({ length: options.connections }, open))
  free.push(...connections)
  startMs = performance.now() + 1
  const deadlineMs = startMs + (warmupSeconds + seconds) * 1000 + graceMs
  let scheduled = 0
  let lastMs = startMs
  await new Promise<void>(resolve => {
    const step = (): void => {
      const nowMs = performance.now()
      if (nowMs - lastMs >= pauseMs) pauses.push({ startMs: lastMs, endMs: nowMs })
      lastMs = nowMs
      while (scheduled < total && dueMs(scheduled) <= nowMs) {
        const index = scheduled++
        const connection = free.pop()
        if (connection !== undefined) send(connection, index)
        else {
          waiting.push(index)
          if (index >= unmeasured) maxWaiting = Math.max(maxWaiting, waiting.length - waitingHead)
        }
      }
      if (completed + errors >= total || nowMs > deadlineMs) {
        resolve()
        return
      }
      const sleepMs = Math.min(dueMs(scheduled) - performance.now(), longestSleepMs)
      if (sleepMs > 0.01) Atomics.wait(sleepCell, 0, 0, sleepMs)
      setImmediate(step)
    }
    step()
  })
  for (const connection of connections) {
    connection.index = -1
    connection.socket.destroy()
  }
  if (completed + errors < total) fail(`${total - completed} requests had no answer ${graceMs} ms after the end`)
  if (measured === 0) throw new Error(`no request completed: ${firstError ?? 'no answer'}`)
  const all = latenciesMs.filter(latency => !Number.isNaN(latency)).sort()
  const clear = undisturbed(latenciesMs, index => dueMs(index + unmeasured), pauses)
  // Nothing undisturbed to tell of: `disturbedRatio` is 1 then, and says that these are of the machine.
  const told = clear.length === 0 ? all : clear
  const micros = (ms: number): number => Math.round(ms * 1000)
  return {
    planned,
    completed: measured,
    errors,
    firstError,
    p50Us: micros(percentile(told, 50)),
    p99Us: micros(percentile(told, 99)),
    p99AllUs: micros(percentile(all, 99)),
    maxUs: micros(percentile(all, 100)),
    disturbedRatio: 1 - clear.length / all.length,
    maxWaiting
  }
}

/** Linux lets a sleep run over by 50 µs to save wake-ups; here that would be half of what is measured. */
function sharpenSleeps (): void {
  try {
    writeFileSync('/proc/self/timerslack_ns', '1000')
  } catch {
    process.stderr.write('timerslack_ns cannot be set: sleeps may run over by 50 µs, in every row alike\n')
  }
}

async function main (): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      connections: { type: 'string' },
      keys: { type: 'string' }
    }
  })
  const number = (name: keyof typeof values): number => {
    const value = Number(values[name])
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0`)
    return value
  }
  sharpenSleeps()
  const result = await runOpenLoop({
    port: number('port'),
    ratePerSecond: number('rate'),
    seconds: number('seconds'),
    warmupSeconds: number('warmup'),
    connections: number('connections'),
    keys: number('keys')
  })
  process.stdout.write(JSON.stringify(result) + '\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
