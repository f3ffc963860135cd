/** Errors of our own, as the client gets them: problem+json with Proxy-Status (RFC 9457, RFC 9209). */
import { problemResponse } from '../http/problem.ts'
import { refusalAnswer } from '../http/refusal.ts'
import type { Refusal } from '../tables/counters.ts'
import type { Engine } from './engine.ts'
import type { RequestFacts } from './request-facts.ts'

/** Retry-After is spread by up to this share, so that those refused together do not come back together. */
const RETRY_AFTER_SPREAD = 0.5

export function answerText (
  engine: Engine, refusal: Refusal, detail: string, facts: RequestFacts, closes: boolean, pool: string, attempts: number
): { status: number, text: string } {
  const known = refusalAnswer(refusal)
  const text = problemResponse({
    status: known.status,
    title: known.title,
    code: refusal,
    detail: detail === '' ? known.detail : `${known.detail} (${detail})`,
    requestId: facts.requestId,
    requestIdHeader: engine.settings.headers.requestId,
    proxyError: known.proxyError,
    close: closes,
    headOnly: facts.method === 'HEAD',
    http10: facts.isHttp10,
    date: engine.httpDate(),
    ...(pool === '' ? {} : { pool }),
    ...(attempts === 0 ? {} : { attempts }),
    ...(known.retryAfter === undefined
      ? {}
      : { retryAfterSeconds: Math.ceil(known.retryAfter * (1 + RETRY_AFTER_SPREAD * engine.random())) })
  })
  return { status: known.status, text }
}
