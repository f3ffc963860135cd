/**
 * Our member of the Proxy-Status list, RFC 9209: what happened between this proxy and the next hop. A structured field
 * (RFC 9651); parameters that can not be written are left out, never written wrong.
 */
import { isSfToken, sfString } from './structured-fields.ts'

export interface ProxyStatusInput {
  /** Error type of RFC 9209 §2.3. Left out unless it is a token. */
  readonly error?: string
  /** Address of the node. Names an internal host: for trusted clients only. */
  readonly nextHop?: string
  /** Status that the node answered with. */
  readonly receivedStatus?: number
  /** Free text; cut at `MAX_DETAILS_LENGTH`. */
  readonly details?: string
}

const PROXY_NAME = 'fnlb'
const MAX_DETAILS_LENGTH = 200
const MAX_NEXT_HOP_LENGTH = 255

/** The list member, `fnlb; error=…; next-hop="…"; received-status=…; details="…"`. */
export function proxyStatus (p: ProxyStatusInput): string {
  let member = PROXY_NAME
  if (p.error !== undefined && isSfToken(p.error)) member += `; error=${p.error}`
  if (p.nextHop !== undefined) member += `; next-hop=${sfString(p.nextHop, MAX_NEXT_HOP_LENGTH)}`
  const status = p.receivedStatus
  if (status !== undefined && Number.isInteger(status) && status >= 100 && status <= 999) {
    member += `; received-status=${status}`
  }
  if (p.details !== undefined) member += `; details=${sfString(p.details, MAX_DETAILS_LENGTH)}`
  return member
}
