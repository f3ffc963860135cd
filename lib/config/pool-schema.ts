/**
 * The schema of one pool. Descriptions are the reference: meaning, unit, and when to change the value. The defaults
 * are those of research on nginx, HAProxy, Envoy and Fn itself, weighed for function calls; docs/configuration.md
 * shows them.
 */
import * as z from 'zod'
import { POLICY_NAMES } from '../core/placement/registry.ts'
import type { PolicyName } from '../core/placement/registry.ts'
import { parseNodeAddress } from './addresses.ts'
import { choice, decimal, duration, integer, kinds, parsed, percent, section, size, splitList, text } from './fields.ts'
import { parseApiChoice, parseKeyRule, parseNodeId, parseStatusRange } from './texts.ts'
import type { ApiChoice } from './texts.ts'

export const MAX_NODES_PER_POOL = 1000
export const DEFAULT_CAPACITY = 16
const asIs = (value: string): unknown => value

const nodeAddress = (description: string) => text(description, '`host:port`', parseNodeAddress)

const node = z.union([
  nodeAddress('The address alone; everything else has its default.'),
  z.strictObject({
    address: nodeAddress(
      'Host and port of the runner. An IPv6 address stands in brackets and in quotes: `"[::1]:8080"`.'
    ),
    id: text(
      'The stable identity: the ring is built from it, so that a node that comes back under another address keeps ' +
      'its functions. Give the Kubernetes node or pod name where addresses change. Default: the address.',
      'text', parseNodeId
    ).optional(),
    capacity: integer(
      'How many calls the node runs at once without slowing down. It is the node\'s weight on the ring (twice the ' +
      'capacity, twice the functions) and, times `concurrency.cap_factor`, its hard limit. Set it to what the runner ' +
      'was sized for, for example its memory divided by that of a typical function.',
      { default: DEFAULT_CAPACITY, min: 1, max: 10_000 }
    )
  }).meta({ description: 'A node with more than an address.' })
])

export const poolSchema = z.strictObject({
  nodes: z.array(node, { error: 'expected a list of nodes, each "host:port" or a mapping with "address"' })
    .min(1, { error: 'needs at least one node' })
    .max(MAX_NODES_PER_POOL, { error: `has more than ${MAX_NODES_PER_POOL} nodes` })
    .meta({ description: 'The runner nodes: each `host:port`, or a mapping with the keys below.' }),

  key: section('What is placed: the function key of a request.', {
    from: z.array(parsed<string>('One source of the key.', parseKeyRule, {
      label: 'key rule', json: { type: 'string', pattern: '^(fn|header:.+|query:.+|path:/.+)$' }, fromText: asIs
    }), { error: 'expected a list of key rules, for example ["fn"]' })
      .min(1, { error: 'needs at least one rule' }).max(8, { error: 'has more than 8 rules' })
      .meta({
        description:
          'Where the key comes from; the first rule that yields one wins. `fn`: Fn\'s own call paths (`/invoke/ID`, ' +
          '`/t/APP/SOURCE`, `/r/APP/ROUTE`). `header:NAME`: the value of a request header. `query:NAME`: a query ' +
          'parameter. `path:/fn/{name}/…`: the named segments of the path (`/…` = any rest). Change it for ' +
          'runners other than Fn.'
      })
      .default(['fn']),
    missing: choice(
      'What happens to a request that yields no key and is no API call: `least-request` sends it to the node with ' +
      'the fewest calls in flight, `reject` answers 400. Reject where every request must name a function.',
      ['least-request', 'reject'], 'least-request'
    )
  }),

  policy: choice(
    'How a node is chosen for a key. `hot`: the node where the call is expected to cost least, by its load and by whether ' +
    'the function is warm there. `consistent-hash`: the key\'s home on the ring while it is eligible and below its cap, ' +
    'else the next node in the key\'s own fixed order. `bounded-load`: that, with no node above 1.25 × the mean. ' +
    '`least-request`, `power-of-two`, `round-robin` and `random` look at no key; every node then warms every function. ' +
    '`ch-rlu` and `pull` (Hiku) are published rivals, for comparison.',
    POLICY_NAMES as readonly [PolicyName, ...PolicyName[]], 'hot'
  ),

  warm: section('What is assumed of warm instances, for the policy `hot`.', {
    keep_alive: duration(
      'How long the runners keep an idle instance. 30 s is Fn\'s default `idle_timeout`; a longer time than the runners\' ' +
      'own makes fnlb expect instances that are gone.',
      { default: '30s', min: '1s', max: '24h' }
    ),
    cold_weight: decimal(
      'What a second of a cold start weighs against a second of slow execution. Raise it where cold starts hurt the ' +
      'runners beyond the call that waits, for example by pulling images.',
      { default: 3, min: 0, max: 100 }
    ),
    learn_speed: choice(
      'Whether to learn how fast each node is. Only for pools of unequal nodes; among equal ones it adds noise.',
      ['off', 'on'], 'off'
    )
  }),

  queue: section('Calls for which no node has room wait here, fairly between functions, per data thread.', {
    per_function: integer('Most waiting calls of one function; more are answered 503.', { default: 100, min: 1, max: 100_000 }),
    total: integer(
      'Most waiting calls of the pool. 0 answers 503 at once, for clients that would rather try elsewhere.',
      { default: 1000, min: 0, max: 100_000, zero: 'none waits' }
    ),
    deadline: duration('Longest wait; after it 503 with Retry-After.', { default: '5s', min: '10ms', max: '10m' }),
    rule: choice(
      'Who is next: `round-robin` lets functions take turns, `warm-first` prefers the function that has just finished a call, ' +
      '`deadline` the one that waits longest of all, `lifo` the one that waits shortest.',
      ['round-robin', 'warm-first', 'deadline', 'lifo'], 'round-robin'
    )
  }),

  concurrency: section('How much a node may get.', {
    cap_factor: decimal(
      'The hard limit of calls in flight at a node, over all threads, as a multiple of its capacity. Above it calls ' +
      'spill to the next node. Lower it for runners that suffer when more waits than runs; 1 means no waiting at all.',
      { default: 4, min: 1, max: 100 }
    )
  }),

  api: parsed<ApiChoice>(
    'Where Fn\'s API paths (`/v1`, `/v2` and below) go. `runners`: to the node of this pool with the fewest calls ' +
    'in flight. `refuse`: nowhere (404), so that those who may call functions can not reach the management API. A ' +
    'list of node ids: to those nodes only. API servers that run no functions belong into a pool of their own, ' +
    'with a route for `/v2`.',
    parseApiChoice, {
      label: '`runners`, `refuse` or a list of node ids',
      json: { anyOf: [{ enum: ['runners', 'refuse'] }, { type: 'array', items: { type: 'string' }, minItems: 1 }] },
      fromText: value => value === 'runners' || value === 'refuse' ? value : splitList(value)
    }
  ).default('runners'),

  max_body_size: size(
    'The largest request body; a larger one is answered 413. Bodies are streamed, so a large one costs no memory ' +
    'here. Set it to the limit of the runners (`FN_MAX_REQUEST_SIZE`) to refuse before they have to.',
    { default: '0B', min: '1B', max: '1024TiB', zero: 'no limit' }
  ),

  timeouts: section('How long a node may take.', {
    connect: duration(
      'Time for a TCP connection to a node. A node in the same cluster answers within milliseconds; raise it only ' +
      'for nodes far away.',
      { default: '1s', min: '10ms', max: '1m' }
    ),
    first_byte: duration(
      'Time from the end of the request to the head of the response, cold start and run time included. The default ' +
      'is Fn\'s longest function (300 s) and some slack. Lower it when all functions are known to be shorter.',
      { default: '310s', min: '100ms', max: '24h' }
    ),
    idle_body: duration(
      'Longest silence within a response body; streams of any length are fine as long as something comes. Raise it ' +
      'for server-sent events with rare events.',
      { default: '60s', min: '100ms', max: '24h' }
    )
  }),

  retry: section('Second attempts: after a failed or just closed connection, or a busy refusal.', {
    attempts: integer(
      'Most attempts for one request after the first one, each at the next node in its order.',
      { default: 3, min: 0, max: 10, zero: 'no retries' }
    ),
    budget: percent(
      'Retries in flight as a share of the pool\'s requests in flight, so that retries can not multiply an outage. ' +
      'Lower it where the runners are close to their limits.',
      '20%'
    ),
    budget_min: integer(
      'Retries that are always allowed at the same time, whatever the budget says: with little traffic a percentage ' +
      'would allow none.',
      { default: 3, min: 0, max: 10_000 }
    ),
    replay_size: size(
      'Request bodies up to this size are kept until the response starts, so that a call that a busy node refused ' +
      'can be sent to another. It is memory per request in flight.',
      { default: '64KiB', min: '1B', max: '16MiB', zero: 'none is kept' }
    )
  }),

  upstream: section('Connections to the nodes.', {
    max_connections: integer(
      'Connections to one node from one data thread. Make it at least capacity × `concurrency.cap_factor` ÷ ' +
      '`workers`, else this is the limit of calls.',
      { default: 256, min: 1, max: 65_535 }
    ),
    max_idle: integer(
      'Idle connections kept to one node by one data thread.',
      { default: 64, min: 0, max: 65_535, zero: 'none is kept' }
    ),
    idle_timeout: duration(
      'How long an idle connection is kept. It must be shorter than the node\'s own keep-alive timeout (5 s in ' +
      'Node.js), else requests meet connections that the node is closing.',
      { default: '4s', min: '100ms', max: '10m' }
    )
  }),

  probe: section('Active health checks, one at a time per node, spread by ±20 %.', {
    type: choice(
      '`http`: GET `path` and look at the status. `tcp`: a connection is enough. `off`: every node counts as up.',
      ['http', 'tcp', 'off'], 'http'
    ),
    path: text(
      'What an HTTP probe asks for. `/version` is answered by every Fn server.',
      'path', input => parseProbePath(input)
    ).default('/version'),
    interval: duration('Time between two probes of a node.', { default: '2s', min: '100ms', max: '10m' }),
    timeout: duration(
      'Time for the whole answer; not longer than the interval.', { default: '1s', min: '10ms', max: '10m' }
    ),
    rise: integer('Successes in a row until a node that was down counts as up.', { default: 2, min: 1, max: 100 }),
    fall: integer(
      'Failures in a row until a node counts as down. Raise it when long garbage collections or busy disks make ' +
      'nodes miss a probe.',
      { default: 3, min: 1, max: 100 }
    ),
    expect: z.array(parsed<string | number>('A status or a range of them.', parseStatusRange, {
      label: 'status or range',
      json: { anyOf: [{ type: 'string', pattern: '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$' }, { type: 'integer' }] },
      fromText: asIs
    }), { error: 'expected a list of status ranges, for example ["200-299"]' })
      .min(1, { error: 'needs at least one status' }).max(8, { error: 'has more than 8 ranges' })
      .meta({ description: 'The statuses of an HTTP probe that mean healthy.' })
      .default(['200-299'])
  })
}).meta({ description: 'A pool: nodes behind one placement policy.' })

function parseProbePath (input: unknown): { ok: true, value: string } | { ok: false, reason: string } {
  return typeof input === 'string' && /^\/[\x21-\x22\x24-\x7e]{0,511}$/.test(input)
    ? { ok: true, value: input }
    : { ok: false, reason: 'expected a path like "/version", in ASCII, without spaces or "#"' }
}

kinds.add(node, { label: '`host:port` or a mapping', fromText: asIs })
