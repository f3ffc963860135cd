/**
 * The reference page of the metrics (docs/metrics.md), made from the catalogue. A test holds the two together.
 */
import { METRICS } from './catalogue.ts'

export function renderReference (): string {
  const rows = METRICS.map(({ name, type, labels, bound, help }) => {
    const names = labels.map((label) => `\`${label}\``).join(', ') || '–'
    return `| \`${name}\` | ${type} | ${names} | ${bound} | ${escape(help)} |`
  })
  return `<!-- Made by lib/metrics/reference.ts from lib/metrics/catalogue.ts. Change it there. -->
# Metrics

\`GET /metrics\` on the admin address answers in the Prometheus text format 0.0.4. An answer is at most one second old.

All label values come from closed sets or from the configuration: no label ever holds a function, an application, a
path, a key or a client, so nothing that clients send can make a series. When a node leaves, its series leave with it.

Bounds: P pools (at most 16), E nodes of all pools, T data threads.

| name | type | labels | series at most | meaning |
|---|---|---|---|---|
${rows.join('\n')}

Besides these there are the \`process_*\` and \`nodejs_*\` metrics of prom-client (about 40 series), from the first
scrape on. \`nodejs_eventloop_lag_*\` is the event-loop delay of the control thread; for the data threads see
\`fnlb_thread_heartbeat_age_seconds\`.
`
}

function escape (text: string): string {
  return text.replaceAll('|', '\\|')
}
