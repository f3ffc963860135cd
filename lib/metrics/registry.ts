/**
 * Gives the metrics of the catalogue to prom-client, which writes the text format and adds its defaults of the process
 * (event-loop delay, heap, CPU, descriptors). The only file that imports prom-client, and only when the first scrape
 * comes: a daemon that nobody scrapes does not carry it.
 *
 * A scrape blocks the control thread for some milliseconds, so answers are shared: at most one is made per second.
 */
import type { Registry } from 'prom-client'
import type { Metric, Sample } from './catalogue.ts'
import { METRICS } from './catalogue.ts'
import type { MetricsSource } from './source.ts'

const CACHE_MS = 1_000
/** A finer look at the event loop would wake an idle process a hundred times a second. */
const EVENT_LOOP_RESOLUTION_MS = 50

/** One line of the text format, as prom-client wants it. */
interface Value { readonly metricName?: string, readonly labels: Sample['labels'], readonly value: number }

export class MetricsText {
  readonly #facts: Facts
  #registry: Promise<Registry> | undefined
  #made = -Infinity
  #text: Promise<string> | undefined

  constructor (source: MetricsSource) {
    this.#facts = new Facts(source)
  }

  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8'

  /**
   * The metrics in the Prometheus text format 0.0.4.
   * @param nowMs monotonic milliseconds; an answer younger than a second is given again.
   */
  render (nowMs: number): Promise<string> {
    if (this.#text !== undefined && nowMs - this.#made < CACHE_MS) return this.#text
    this.#made = nowMs
    const text = this.#render()
    text.catch(() => { this.#text = undefined })
    this.#text = text
    return text
  }

  async #render (): Promise<string> {
    this.#registry ??= createRegistry(this.#facts)
    const registry = await this.#registry
    this.#facts.forget()
    // prom-client writes "Nan" (the event-loop delay before its first measurement), the format wants "NaN".
    return (await registry.metrics()).replaceAll(/ Nan$/gm, ' NaN')
  }
}

/** A source whose facts are asked for once per scrape instead of once per metric. */
class Facts implements MetricsSource {
  readonly #source: MetricsSource
  #pools: ReturnType<MetricsSource['pools']> | undefined
  #threads: ReturnType<MetricsSource['threads']> | undefined

  constructor (source: MetricsSource) {
    this.#source = source
  }

  get version () { return this.#source.version }
  get counters () { return this.#source.counters }
  get nodeTable () { return this.#source.nodeTable }
  get generation () { return this.#source.generation }
  get isReady () { return this.#source.isReady }
  get logLinesDropped () { return this.#source.logLinesDropped }
  pools () { return (this.#pools ??= this.#source.pools()) }
  threads () { return (this.#threads ??= this.#source.threads()) }
  adminRequests () { return this.#source.adminRequests() }

  forget (): void {
    this.#pools = this.#threads = undefined
  }
}

async function createRegistry (source: MetricsSource): Promise<Registry> {
  const { Registry, collectDefaultMetrics } = (await import('prom-client')).default
  const registry = new Registry()
  for (const metric of METRICS) {
    // Any object with these four members is a metric to prom-client; its types only know its own classes.
    registry.registerMetric({
      name: metric.name,
      help: metric.help,
      type: metric.type,
      get: () => ({ name: metric.name, help: metric.help, type: metric.type, values: valuesOf(metric, source) })
    } as never)
  }
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_RESOLUTION_MS })
  return registry
}

function valuesOf (metric: Metric, source: MetricsSource): Value[] {
  const values: Value[] = []
  for (const { labels, value } of metric.read(source)) {
    if (typeof value === 'number') {
      values.push({ labels, value })
      continue
    }
    let cumulative = 0
    for (const [index, count] of value.buckets.entries()) {
      cumulative += count
      const le = value.bounds[index] ?? '+Inf'
      values.push({ metricName: `${metric.name}_bucket`, labels: { ...labels, le }, value: cumulative })
    }
    // The sum of the buckets and not the counter beside them: a thread may be between its two writes.
    values.push({ metricName: `${metric.name}_sum`, labels, value: value.sum })
    values.push({ metricName: `${metric.name}_count`, labels, value: cumulative })
  }
  return values
}
