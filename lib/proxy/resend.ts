/**
 * May a call be sent again after its kept-alive connection ended without an answer?
 *
 * A runner that closes an idle connection just as a call goes out has not seen the call (RFC 9112 §9.3.1); one that dies
 * while it executes has. Both end in a FIN. The difference shows in what the runner's host does with our bytes: those that
 * reached a closed socket are answered with a reset, which is on its way while we look. So idempotent calls (RFC 9110
 * §9.2.2) are simply repeated, and for the others we wait a moment and ask the socket with one harmless empty line: a
 * broken pipe says that the reset has come, the call was never read, and may be repeated.
 */
import type { UpstreamConnection } from './upstream.ts'

/** Longer than a round trip inside a cluster, shorter than anybody notices in a call that would otherwise be lost. */
const RESET_WAIT_MS = 30

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

export function canSendAgain (method: string, connection: UpstreamConnection, decide: (yes: boolean) => void): void {
  if (IDEMPOTENT.has(method)) return decide(true)
  setTimeout(() => {
    if (connection.socket.destroyed) return decide(false)
    connection.socket.write('\r\n', 'latin1', (error) => decide(error != null))
  }, RESET_WAIT_MS)
}
