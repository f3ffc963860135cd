/**
 * Finds out whether several sockets can listen on one port here (SO_REUSEPORT).
 *
 * Versions do not tell: Node before 22.12 ignores the option silently, and some platforms refuse it (ENOTSUP). So two
 * sockets are put on one port of the loopback interface, and what happens decides.
 */
import { createServer, type AddressInfo, type Server } from 'node:net'

/** True when two sockets of this process could listen on the same port. */
export async function hasReusePort (): Promise<boolean> {
  const first = createServer()
  const second = createServer()
  try {
    if (!await listen(first, 0)) return false
    return await listen(second, (first.address() as AddressInfo).port)
  } finally {
    first.close()
    second.close()
  }
}

function listen (server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, reusePort: true }, () => resolve(true))
  })
}
