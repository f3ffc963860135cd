/**
 * From a parsed head to a call: the checks that are not grammar, and everything that must outlive the bytes of the head.
 */
import { createHash } from 'node:crypto'
import { K_B3, K_HOST, K_REQUEST_ID, K_SEC_WEBSOCKET_KEY, K_TRACEPARENT, K_VIA } from '../http/field-names.ts'
import { FRAMING_NONE } from '../http/field-section.ts'
import { isValidRequestId } from '../http/request-id.ts'
import type { RequestHead } from '../http/request-head.ts'
import { parseRequestTarget } from '../http/request-target.ts'
import type { RequestTarget } from '../http/request-target.ts'
import { traceIdOf } from '../http/trace-context.ts'
import { hasLoop } from '../http/via.ts'
import type { Refusal } from '../tables/counters.ts'
import type { Engine } from './engine.ts'
import { joined } from './message-text.ts'
import type { Peer } from './message-text.ts'
import type { RouteTarget } from './pool-runtime.ts'

/** What is known of a request, whether it is good or not. */
export interface RequestFacts {
  readonly method: string
  /** Path without the query; '' where the target has none. */
  readonly path: string
  readonly host: string
  readonly requestId: string
  readonly isHttp10: boolean
  readonly traceId: string
}

/** A request that can be placed. */
export interface CallFacts extends RequestFacts {
  /** The head as it goes to a runner, whichever it will be. */
  readonly headText: string
  readonly acceptsTrailers: boolean
  readonly expectsContinue: boolean
  /** Sec-WebSocket-Accept that a matching 101 must bring; '' = no upgrade was asked for. */
  readonly websocketAccept: string
}

/** Why a request is not forwarded. */
export interface Objection {
  readonly refusal: Refusal
  readonly detail: string
  readonly facts: RequestFacts
  readonly poolIndex: number
}

export interface Reading {
  readonly facts: CallFacts
  readonly target: RouteTarget
}

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Reads the request that `head` holds. Call before the head's bytes are overwritten. */
export function readRequest (engine: Engine, head: RequestHead, peer: Peer): Reading | Objection {
  const isHttp10 = head.minor === 0
  const sentHost = head.counts[K_HOST] === 1 ? head.host : ''
  const requestId = requestIdOf(engine, head)
  const traceId = traceOf(head)
  const target = parseRequestTarget(head.method, head.target)
  const host = target !== null && target.authority !== '' ? target.authority : sentHost
  const path = target?.path ?? ''
  const route = routeOf(engine, head, target, host)
  if (target === null || typeof route === 'string') {
    const facts = { method: head.method, path, host, requestId, isHttp10, traceId }
    const poolIndex = engine.poolFor(host, path)?.index ?? engine.noPool
    return { refusal: typeof route === 'string' ? route : 'bad_request', detail: '', facts, poolIndex }
  }
  const websocketAccept = head.upgradesToWebsocket && head.saysUpgrade && head.method === 'GET' && !isHttp10 &&
    head.framing === FRAMING_NONE
    ? createHash('sha1').update(head.valueOf(K_SEC_WEBSOCKET_KEY) + WEBSOCKET_GUID).digest('base64')
    : ''
  const headText = engine.requestText.write(head, peer, {
    target: target.form === 'absolute' ? target.originForm : '',
    host: target.form === 'absolute' ? target.authority : sentHost === '' ? peer.localAuthority : '',
    requestId,
    isUpgrade: websocketAccept !== ''
  })
  return {
    facts: {
      method: head.method,
      path,
      host,
      requestId,
      isHttp10,
      traceId,
      headText,
      acceptsTrailers: head.acceptsTrailers && !isHttp10,
      expectsContinue: head.expectsContinue && !isHttp10,
      websocketAccept
    },
    target: route
  }
}

/** Where the request is to go, or why it goes nowhere. */
function routeOf (engine: Engine, head: RequestHead, target: RequestTarget | null, host: string): RouteTarget | Refusal {
  if (head.method === 'CONNECT') return 'connect_method'
  if (target === null) return 'bad_request'
  if (head.expectsOther && head.minor === 1) return 'expectation'
  if (engine.settings.headers.via && head.counts[K_VIA]! > 0 && hasLoop(joined(head, 'via'), engine.viaName)) return 'loop'
  const pool = engine.poolFor(host, target.path)
  if (pool === null) return 'no_route'
  const { maxBodyBytes } = pool.view
  if (maxBodyBytes > 0 && head.contentLength > maxBodyBytes) return 'body_too_large'
  return pool.target(target.path, target.query, head)
}

/** The client's own id where it is one, else a new one. It reaches logs, so its form is checked whoever sent it. */
export function requestIdOf (engine: Engine, head: RequestHead): string {
  if (engine.settings.headers.requestId === '') return ''
  if (head.counts[K_REQUEST_ID] === 1) {
    const sent = head.valueOf(K_REQUEST_ID)
    if (isValidRequestId(sent)) return sent
  }
  return engine.nextRequestId()
}

function traceOf (head: RequestHead): string {
  if (head.counts[K_TRACEPARENT] === 1) return traceIdOf(head.valueOf(K_TRACEPARENT))
  return head.counts[K_B3] === 1 ? traceIdOf(head.valueOf(K_B3)) : ''
}
