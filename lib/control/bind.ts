/**
 * Binds a listening address without listening on it: nothing is accepted here, the thread that gets the socket calls
 * listen(2). Used to share one socket between threads (listen-fd.ts) and to find out early that an address is taken.
 *
 * It stands on `net._createServerHandle`, which is what node:cluster itself uses for its shared sockets; the public
 * `net.Server` can not bind without accepting. A missing function gives a clear error, not a crash.
 */
import { lstatSync, unlinkSync } from 'node:fs'
import net from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { ListenAddress } from '../proxy/protocol.ts'
import { formatAddress, ListenError } from './listen-error.ts'

/** A bound socket as Node holds it. It is not polled before somebody listens on it. */
export interface BoundHandle {
  readonly fd: number
  getsockname? (out: { port?: number }): number
  close (): void
}

type CreateServerHandle = (host: string | null, port: number, family: number) => BoundHandle | number

/** @throws ListenError with the system's code when the address can not be bound. */
export async function bind (address: ListenAddress): Promise<{ handle: BoundHandle, port: number }> {
  const create = (net as unknown as { _createServerHandle?: CreateServerHandle })._createServerHandle
  const text = formatAddress(address)
  if (create === undefined) throw new ListenError(text, 'ENOSYS', 'this Node can not share a socket: use Node 26')
  if (address.path !== undefined) {
    await removeStaleSocket(address.path)
    return { handle: check(create(address.path, -1, -1), text), port: 0 }
  }
  const { host, family } = await resolve(address.host, text)
  const handle = check(create(host, address.port, family), text)
  // A taken address shows only here: libuv keeps the error of bind(2) back until the socket is asked for its name.
  const name: { port?: number } = {}
  const code = handle.getsockname!(name)
  if (code === 0 && name.port !== undefined && (address.port === 0 || address.port === name.port)) {
    return { handle, port: name.port }
  }
  handle.close()
  throw new ListenError(text, code === 0 ? 'EADDRINUSE' : getSystemErrorName(code))
}

/**
 * Throws when another process listens on `address`. Needed before a `reusePort` start: the kernel would let us in
 * beside another daemon of the same user, and clients would reach either of the two.
 */
export async function assertFree (address: ListenAddress): Promise<void> {
  if (address.port === 0 || address.path !== undefined) return
  const { handle } = await bind(address)
  await new Promise<void>((resolve) => (handle as unknown as { close (done: () => void): void }).close(resolve))
}

async function resolve (host: string, text: string): Promise<{ host: string | null, family: number }> {
  if (host === '') return { host: null, family: 6 }
  const family = net.isIP(host)
  if (family !== 0) return { host, family }
  try {
    const { lookup } = await import('node:dns/promises')
    const found = await lookup(host)
    return { host: found.address, family: found.family }
  } catch (error) {
    throw new ListenError(text, (error as NodeJS.ErrnoException).code ?? 'ENOTFOUND')
  }
}

function check (handle: BoundHandle | number, text: string): BoundHandle {
  if (typeof handle === 'number') throw new ListenError(text, getSystemErrorName(handle))
  return handle
}

/** A killed daemon leaves its socket file behind; only a file that nobody answers on is removed. */
export async function removeStaleSocket (path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return
  const isStale = await new Promise<boolean>((resolve) => {
    const socket = net.connect(path)
    socket.once('connect', () => { socket.destroy(); resolve(false) })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
  if (isStale) unlinkSync(path)
}
