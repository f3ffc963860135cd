/**
 * The schema of the configuration: one source for types, messages, editor completion (config.schema.json) and the
 * reference page (docs/configuration.md). Strict: an unknown key is an error.
 *
 * Names are snake_case; units stand in the values, never in the names; no boolean is negated. What holds between
 * several settings is in cross-checks.ts.
 */
import * as z from 'zod'
import { parseListen, parseNetwork } from './addresses.ts'
import {
  choice, duration, integer, kinds, parsed, percent, section, size, text, yesNo
} from './fields.ts'
import { poolSchema } from './pool-schema.ts'
import {
  MAX_WORKERS, POOL_NAME, parseDefaultPool, parseInstance, parsePathPrefix, parsePoolName, parseRequestIdName,
  parseRouteHost, parseWorkers
} from './texts.ts'

export const MAX_ROUTES = 256
export const MAX_LISTENERS = 8
export const MAX_TRUSTED = 256

const asIs = (value: string): unknown => value

const listenAddress = parsed<string>('One address.', parseListen, {
  label: 'address', json: { type: 'string' }, fromText: asIs
})

const route = z.strictObject({
  host: text(
    'The host name of the request without its port, exact or `*.suffix`. Absent: any.', 'text', parseRouteHost
  ).optional(),
  path_prefix: text(
    'The start of the path, by whole segments: `/t/acme` matches `/t/acme` and `/t/acme/x`, not `/t/acmeco`. ' +
    'Absent: any.',
    'path', parsePathPrefix
  ).optional(),
  pool: text('The pool that takes the request.', 'pool name', parsePoolName)
}).meta({ description: 'One routing rule; all conditions given must hold.' })

export const schema = z.strictObject({
  listen: z.union([
    listenAddress,
    z.array(listenAddress)
      .min(1, { error: 'needs at least one address' })
      .max(MAX_LISTENERS, { error: `has more than ${MAX_LISTENERS} addresses` })
  ]).meta({
    description:
      'Where clients connect: one address or a list. `:8080` is port 8080 on all interfaces (IPv4 and IPv6), ' +
      '`127.0.0.1:8080` or `[::1]:8080` one address, `unix:/run/fnlb.sock` a unix socket. Port 0 takes any free port.'
  }).register(kinds, { label: 'address or list of addresses', fromText: asIs }).default(':8080'),

  tls: z.strictObject({
    cert_file: text(
      'PEM file with the certificate and its chain. A relative path starts at the directory of the configuration file.',
      'file', parseFileName),
    key_file: text('PEM file with the private key.', 'file', parseFileName)
  }).meta({
    description: 'Present: every address of `listen` speaks TLS. Absent: plain HTTP, for use behind something that ' +
      'already speaks TLS.'
  }).optional(),

  instance: text(
    'The name of this daemon, unique among the balancers of a pool; it stands in `Via`. Absent: the host name, ' +
    'which in a pod is the name of the pod.',
    'text', parseInstance
  ).optional(),

  workers: parsed<number | 'auto'>(
    'Data threads. `auto`: as many as the process may use cores, at most 8. Each costs some memory; set 1 or 2 on ' +
    'machines where the runners need the cores.',
    parseWorkers, {
      label: '`auto` or integer, 1 to 64',
      json: { anyOf: [{ const: 'auto' }, { type: 'integer', minimum: 1, maximum: MAX_WORKERS }] },
      fromText: value => /^[0-9]+$/.test(value) ? Number(value) : value
    }
  ).default('auto'),

  admin: section('The operator\'s side: status, metrics and the readiness of this process.', {
    listen: text(
      'Where the admin server listens; an empty text switches it off. It has no authentication: keep it on the ' +
      'loopback interface or a unix socket, or behind a network policy.',
      'address or ""', input => input === '' ? { ok: true, value: '' } : parseListen(input)
    ).default('127.0.0.1:9901')
  }),

  drain_timeout: duration(
    'After SIGTERM: how long requests in flight may take to end, once no new ones are accepted. What is left then is ' +
    'cut. `readiness_delay` + `drain_timeout` must stay below the pod\'s `terminationGracePeriodSeconds` (60 in our ' +
    'manifests); raise both together for functions that run long.',
    { default: '30s', min: '1s', max: '1h', zero: 'cut at once' }
  ),
  readiness_delay: duration(
    'After SIGTERM: how long new connections are still accepted while readiness already fails, so that Services and ' +
    'load balancers in front notice first. Set 0 where nothing watches the readiness.',
    { default: '10s', min: '100ms', max: '10m', zero: 'no delay' }
  ),

  limits: section('What one client may cost. Each refusal is counted by its reason.', {
    max_head_size: size(
      'Largest request head (request line and header fields); beyond it: 431. Raise it for clients with huge ' +
      'cookies or tokens.',
      { default: '16KiB', min: '1KiB', max: '1MiB' }
    ),
    max_fields: integer(
      'Most header fields in a request; beyond it: 431.', { default: 100, min: 8, max: 1000 }
    ),
    max_target_size: size(
      'Longest request target (path and query); beyond it: 414. It can not exceed `max_head_size`.',
      { default: '8KiB', min: '64B', max: '1MiB' }
    ),
    header_timeout: duration(
      'Time for a complete request head, from its first byte, or from the start of the connection for the first one. ' +
      'It holds off clients that send byte by byte.',
      { default: '10s', min: '100ms', max: '10m' }
    ),
    idle_timeout: duration(
      'How long a client connection may stay open between two requests. It must be longer than the idle time of a ' +
      'load balancer in front (60 s is usual there), else that one meets closed connections.',
      { default: '75s', min: '100ms', max: '1h' }
    ),
    body_timeout: duration(
      'Longest silence within a request body. It is no limit on the whole upload.',
      { default: '60s', min: '100ms', max: '1h' }
    ),
    write_timeout: duration(
      'Longest time without progress while a response is written to a client that reads too slowly.',
      { default: '60s', min: '100ms', max: '1h' }
    ),
    tunnel_idle_timeout: duration(
      'Longest silence in both directions of a switched connection (WebSocket).',
      { default: '1h', min: '1s', max: '24h' }
    ),
    linger_timeout: duration(
      'How long a client may go on sending after its answer, before the connection is cut. Cutting at once would ' +
      'take the answer from clients that are still sending.',
      { default: '2s', min: '10ms', max: '1m' }
    ),
    max_connections: integer(
      'Client connections over all threads; beyond it new ones are closed at once. Each idle one costs up to 8 KB.',
      { default: 10_000, min: 1, max: 1_000_000 }
    ),
    max_connections_per_address: integer(
      'Client connections from one IP address, over all threads. Off by default, because behind another load ' +
      'balancer or a Service with source NAT all clients share a few addresses. Set it (for example to 100) where ' +
      'clients connect directly.',
      { default: 0, min: 0, max: 1_000_000, zero: 'no limit' }
    ),
    max_requests_per_connection: integer(
      'Requests on one client connection; the last one is answered with `Connection: close`. Set it (for example to ' +
      '10000) to spread long-lived connections anew over the balancers from time to time.',
      { default: 0, min: 0, max: 1_000_000_000, zero: 'no limit' }
    ),
    max_functions: integer(
      'Function keys that one data thread remembers per pool, the least recently used is forgotten first. About 400 ' +
      'bytes each. A forgotten key costs one more walk of the ring, never a wrong answer.',
      { default: 10_000, min: 100, max: 10_000_000 }
    )
  }),

  trusted_proxies: z.array(parsed<string>('A network or an address.', parseNetwork, {
    label: 'network', json: { type: 'string' }, fromText: asIs
  }), { error: 'expected a list of networks, for example ["10.0.0.0/8"]' })
    .max(MAX_TRUSTED, { error: `has more than ${MAX_TRUSTED} networks` })
    .meta({
      description:
        'Peers whose `X-Forwarded-*`, `Forwarded` and request id headers are believed and extended. From all ' +
        'others these headers are replaced. Name the load balancers in front of fnlb, nothing wider.'
    })
    .default([]),

  headers: section('Headers that fnlb sets on requests to the nodes.', {
    request_id: text(
      'The header that carries the request id: kept from trusted peers, else made new. An empty text: none is made.',
      'header name or ""', parseRequestIdName
    ).default('x-request-id'),
    forwarded: choice(
      'How the client is named to the node: `x-forwarded` sets `X-Forwarded-For`, `-Proto` and `-Host`; `rfc7239` ' +
      'sets `Forwarded`; or `both`, or `off`.',
      ['x-forwarded', 'rfc7239', 'both', 'off'], 'x-forwarded'
    ),
    via: yesNo(
      'Append `Via` to requests and responses, and refuse a request that has passed this fnlb before (a loop). Fn ' +
      'hands every header to the function, so it is off unless wanted.',
      false
    )
  }),

  log: section('JSON lines on standard output.', {
    level: choice(
      'The least severe messages that are written. `debug` adds every change of a connection; it is for hunting a ' +
      'fault.',
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'
    ),
    access: choice(
      'Which requests get a line: `off` none, `errors` those refused, failed or slow, `sampled` a share of all ' +
      '(`sample`) beside those, `all` every one.',
      ['off', 'errors', 'sampled', 'all'], 'errors'
    ),
    sample: percent('The share of requests that `access: sampled` writes.', '1%'),
    slow: duration(
      'A request that takes longer is always written, except with `access: off`.',
      { default: '5s', min: '1ms', max: '24h', zero: 'none counts as slow' }
    )
  }),

  routes: z.array(route, { error: 'expected a list of routes, each with "pool" and "host" or "path_prefix"' })
    .max(MAX_ROUTES, { error: `has more than ${MAX_ROUTES} routes` })
    .meta({
      description:
        'Which pool takes which request; the first rule that matches wins. With a single pool none is needed.'
    })
    .default([]),

  default_pool: text(
    'The pool for requests that no route matches; an empty text: they are answered 404. Absent: the only pool, if ' +
    'there is just one, else 404.',
    'pool name or ""', parseDefaultPool
  ).optional(),

  pools: z.record(
    z.string().regex(POOL_NAME, {
      error: 'a pool name has 1 to 32 lower-case letters, digits and "-", and starts with a letter'
    }),
    poolSchema
  ).meta({
    description:
      'The pools by name (lower-case letters, digits and `-`, at most 32); at most 16. At least one, except with ' +
      '`fnlb serve --demo`, which brings its own.'
  }).default({})
}).meta({ description: 'Configuration of fnlb.' })

/** A validated configuration as it is written: every key present, quantities still with their units. */
export type ConfigDocument = z.output<typeof schema>
export type PoolDocument = ConfigDocument['pools'][string]

function parseFileName (input: unknown): { ok: true, value: string } | { ok: false, reason: string } {
  return typeof input === 'string' && input !== '' && !input.includes('\0')
    ? { ok: true, value: input }
    : { ok: false, reason: 'expected the path of a file' }
}
