/**
 * May a call be sent again after its kept-alive connection ended without an answer?
 *
 * Idempotent calls (RFC 9110 §9.2.2) may. Any other may only if the runner never read it, and then it must: a runner that
 * closes an idle connection just as a call goes out is no fault of the call (RFC 9112 §9.3.1). What TCP tells:
 *   - a reset without a FIN: closed with bytes unread, or aborted. The bytes unread may be a part of what was sent, and an
 *     abort may follow an execution: no proof;
 *   - a FIN: the runner closed after it read all that it had got, which may or may not be the call;
 *   - a FIN, then a reset: all that was sent reached a closed socket. The proof, where the call left in one write.
 * Behind a FIN the reset is on its way while we look. So we wait a moment and ask the socket with one harmless empty line:
 * a broken pipe says that the reset has come.
 */
import type { UpstreamConnection } from './upstream.ts'

/** Longer than a round trip inside a cluster, shorter than anybody notices in a call that would otherwise be lost. */
const RESET_WAIT_MS = 30

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

export function isIdempotent (method: string): boolean {
  return IDEMPOTENT.has(method)
}

/** Finds out, after the FIN of a runner, whether it had closed before the call reached it. */
export function askIfUnread (connection: UpstreamConnection, tell: (isUnread: boolean) => void): void {
  setTimeout(() => {
    if (connection.socket.destroyed) return tell(false)
    connection.socket.write('\r\n', 'latin1', (error) => { tell(error != null) })
  }, RESET_WAIT_MS)
}
