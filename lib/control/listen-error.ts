/**
 * Why a listening address could not be opened, with the address and what to do about it.
 */
import { formatListen } from '../config/addresses.ts'

/** What the operator can do, by system error code. */
const HINTS: Record<string, string> = {
  EADDRINUSE: 'another process listens there: stop it (find it with: ss -ltnp) or choose another address',
  EACCES: 'no permission: choose a port from 1024 up, or grant CAP_NET_BIND_SERVICE; for a unix socket, check the ' +
    'rights of its directory',
  EPERM: 'no permission: check the security policy this process runs under',
  EADDRNOTAVAIL: 'no interface of this machine has that address: list them with: ip addr',
  ENOTFOUND: 'the host name does not resolve: give an IP address',
  EAI_AGAIN: 'the host name does not resolve now: give an IP address',
  EMFILE: 'too many open files: raise the limit with: ulimit -n',
  ENOENT: 'the directory of the unix socket does not exist: create it',
  ENAMETOOLONG: 'the path of the unix socket is too long: at most 107 bytes',
  EINVAL: 'the system does not accept this address: check it'
}

/** An address (`host:port`, `[v6]:port`, `:port` or `unix:/path`) that could not be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code: string
  readonly address: string
  /** What to do next. */
  readonly hint: string

  constructor (address: string, code: string, detail?: string) {
    const hint = HINTS[code] ?? detail ?? 'the system gave no reason'
    super(`cannot listen on ${address} (${code}): ${hint}`)
    this.code = code
    this.address = address
    this.hint = hint
  }
}

/** The text form of a listening address: `:8080`, `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/fnlb.sock`. */
export function formatAddress ({ host, port, path }: { host: string, port: number, path?: string }): string {
  return formatListen(path === undefined ? { host, port } : { path })
}
