/**
 * Defence of a loopback listener against DNS rebinding: a page in the operator's browser can make requests to our port
 * under its own name once that name resolves to 127.0.0.1. Such a request carries the page's name in Host, so on a
 * loopback listener only `localhost` and IP addresses are accepted there.
 */
import { isIP } from 'node:net'

/** Whether a Host field names this machine and not somebody's domain. Absent (HTTP/1.0) is no browser. */
export function isLocalHost (host: string | undefined): boolean {
  if (host === undefined) return true
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(host)
  if (match === null) return false
  const name = match[1] ?? match[2]!
  return isIP(name) !== 0 || name.toLowerCase() === 'localhost'
}
