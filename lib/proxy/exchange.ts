/**
 * One call: from a complete request head to the last byte of its answer.
 *
 * It places the call, makes the attempts, and decides what each outcome means. The rules (DESIGN §5):
 *   - a connection that never stood, or a busy refusal: the next candidate, since nothing was executed;
 *   - a kept-alive connection that turns out to be closed, before any byte of an answer: once more on a new one;
 *   - anything later: the client gets the truth, and never a second execution;
 *   - a client that leaves cancels its call and is nobody's fault.
 * The lease on the node is given back, and the call counted, exactly once: in `#finish`.
 */
import { performance } from 'node:perf_hooks'
import type { Refusal, RetryCause } from '../tables/counters.ts'
import type { NodeView } from '../tables/snapshot.ts'
import type { RouteTarget } from './pool-runtime.ts'
import type { Client } from './client.ts'
import type { Engine } from './engine.ts'
import { Placing } from './placing.ts'
import type { PlacingUser } from './placing.ts'
import type { CallFacts } from './request-facts.ts'
import { UPLOAD_FAULT, UPLOAD_OK } from './request-body.ts'
import type { RequestBody } from './request-body.ts'
import { RELAY_BUSY, RELAY_END, RELAY_FAULT, RELAY_SWITCHED, ResponseRelay } from './response-relay.ts'
import type { RelayCall } from './response-relay.ts'
import { askIfUnread, isIdempotent } from './resend.ts'
import { Tunnel } from './tunnel.ts'
import type { UpstreamConnection, UpstreamUser } from './upstream.ts'

export class Exchange implements UpstreamUser, RelayCall, PlacingUser {
  readonly client: Client
  readonly facts: CallFacts
  readonly target: RouteTarget
  readonly placing: Placing
  /** Null when the request has no body. */
  readonly body: RequestBody | null
  readonly startMs = performance.now()
  /** Attempts made so far. */
  attempts = 0
  /** Milliseconds from the request to the attempt that was answered, and to the final head; -1 = never. */
  placedMs = -1
  firstByteMs = -1
  /** Status told to the client; 0 = none. */
  status = 0
  refusal: Refusal | '' = ''
  nodeId = ''
  reason = ''
  isDone = false
  readonly #engine: Engine
  readonly #relay: ResponseRelay
  #connection: UpstreamConnection | null = null
  #hasResent = false
  /** The request left in one write. */
  #isSentAtOnce = false
  /** Waiting to learn whether the runner read the request. */
  #isAsking = false
  #isRetrying = false
  #hasWaitedForClient = false
  #tunnelBytesIn = 0
  /** Attempts up to which candidates are asked before the call has to wait. */
  #roundEnd: number
  /** What is answered when no candidate is left; '' = none was tried. */
  #lastFailure: Refusal | '' = ''

  constructor (engine: Engine, client: Client, facts: CallFacts, target: RouteTarget, body: RequestBody | null) {
    this.#engine = engine
    this.client = client
    this.facts = facts
    this.target = target
    this.body = body
    this.#relay = new ResponseRelay(this, client.socket, engine.responseHead, engine.headLimits, engine.responseText)
    this.placing = new Placing(engine, target, this)
    this.#roundEnd = target.pool.maxAttempts
    target.pool.budget.begin()
    engine.counters.add('clientRequestsInFlight')
  }

  get bytesOut (): number { return this.#relay.bytesOut }

  canGoElsewhere (): boolean {
    return this.#isReplayable && (this.attempts < this.#roundEnd || this.placing.mayWait)
  }

  connectionValue (endsWithClose: boolean): string {
    const { client } = this
    // An answer before the whole request: what follows on this connection could not be told from the rest of the body.
    if (endsWithClose || !this.#isUploaded || this.#engine.isClosing) client.closesAfter = true
    if (client.closesAfter) return 'close'
    return this.facts.isHttp10 ? 'keep-alive' : ''
  }

  onFinalHead (status: number): void {
    this.status = status
    this.firstByteMs = performance.now() - this.startMs
    this.body?.letGo()
  }

  // ── placing and sending ─────────────────────────────────────────────────────────────────────────────────────────

  /** Finds a node and sends the call there. Called for the first attempt and after each that left nothing behind. */
  launch (): void {
    this.placing.seek()
  }

  onPlaced (node: NodeView): boolean {
    const { pool } = this.target
    this.nodeId = node.id
    this.reason = this.placing.lease.reason
    const upstreams = this.#engine.upstreamsOf(node, pool)
    const kept = upstreams.take(this)
    const connection = kept ?? upstreams.connect(this)
    // All sockets that may be opened to this node are in use: as good as full.
    if (connection === null) return false
    this.#engine.counters.add(kept === null ? 'upstreamConnects' : 'upstreamReuses', 1, pool.index)
    this.attempts++
    this.#connection = connection
    if (connection.isConnected) this.onUpstreamReady(connection)
    return true
  }

  /** No candidate is left, or the wait for one was in vain. */
  onUnplaced (refusal: Refusal): void {
    if (refusal === 'all_nodes_full') this.#endRound()
    else this.refuse(this.#lastFailure === '' ? refusal : this.#lastFailure, '')
  }

  /** All who may be asked were asked. If they were only busy, the call waits and begins again. */
  #endRound (): void {
    if (this.#lastFailure === 'upstream_connect' || !this.#isReplayable || !this.placing.mayWait) {
      return this.refuse(this.#lastFailure === '' ? 'all_nodes_full' : this.#lastFailure, '')
    }
    this.#lastFailure = ''
    this.#roundEnd = this.attempts + this.target.pool.maxAttempts
    this.placing.waitForRoom()
  }

  onUpstreamReady (connection: UpstreamConnection): void {
    this.placedMs = performance.now() - this.startMs
    connection.deadline = this.#engine.clock + this.target.pool.timeouts.firstByteMs
    this.#isSentAtOnce = this.#isUploaded
    if (this.body === null) connection.socket.write(this.facts.headText, 'latin1')
    else {
      this.body.attach(connection.socket, this.facts.headText)
      this.#steerUpload()
    }
  }

  get #isUploaded (): boolean {
    return this.body === null || this.body.isComplete
  }

  get #isReplayable (): boolean {
    return this.body === null || this.body.isReplayable
  }

  /** Bytes of the request body. @returns the offset behind what belongs to it */
  onClientBytes (bytes: Buffer, start: number, end: number): number {
    const body = this.body!
    const outcome = body.take(bytes, start, end)
    if (outcome === UPLOAD_OK) {
      this.#steerUpload()
      return body.at
    }
    if (outcome === UPLOAD_FAULT) this.refuse('bad_request', 'the chunked coding of the body is malformed')
    else this.refuse('body_too_large', '')
    return end
  }

  /** Reads from the client no faster than the runner takes it. */
  #steerUpload (): void {
    const body = this.body!
    const isHeld = !body.isComplete && (body.isBlocked || body.isFull)
    if (isHeld) this.client.pauseFor(this)
    else this.client.resumeFor(this)
    const connection = this.#connection
    if (connection?.isConnected !== true || this.#relay.hasStarted) return
    // While it is the client's turn, the runner has nothing to answer for.
    const isClientsTurn = !isHeld && !body.isComplete && (body.receivedBytes > 0 || !this.facts.expectsContinue)
    connection.deadline = isClientsTurn ? Infinity : this.#engine.clock + this.target.pool.timeouts.firstByteMs
  }

  onUpstreamDrain (): void {
    if (this.body !== null) {
      this.body.isBlocked = false
      this.#steerUpload()
    }
  }

  // ── what the runner answers ─────────────────────────────────────────────────────────────────────────────────────

  onUpstreamBytes (bytes: Buffer, start: number, end: number): void {
    this.#follow(this.#relay.onBytes(bytes, start, end), bytes, end)
  }

  onUpstreamEnd (): void {
    if (!this.#relay.hasBytes) this.#onSilentEnd()
    else this.#follow(this.#relay.onEnd(), null, 0)
  }

  #follow (outcome: number, bytes: Buffer | null, end: number): void {
    const connection = this.#connection!
    switch (outcome) {
      case RELAY_END:
        return this.#complete()
      case RELAY_FAULT:
        return this.refuse('upstream_protocol', this.#relay.faultDetail)
      case RELAY_BUSY:
        return this.#onBusy()
      case RELAY_SWITCHED:
        return this.#tunnel(bytes!, end)
      default:
        if (this.#relay.isBlocked) {
          connection.socket.pause()
          connection.deadline = Infinity
          this.#hasWaitedForClient = true
          this.client.awaitDrain()
        } else if (this.#relay.hasStarted) {
          connection.deadline = this.#engine.clock + this.target.pool.timeouts.idleBodyMs
        }
    }
  }

  /** The client took what was written. */
  onClientDrain (): void {
    this.#relay.isBlocked = false
    const connection = this.#connection
    if (connection === null) return
    connection.socket.resume()
    connection.deadline = this.#engine.clock + this.target.pool.timeouts.idleBodyMs
  }

  /** The response is written in full. */
  #complete (): void {
    const connection = this.#connection!
    const relay = this.#relay
    this.#connection = null
    // An error of the runner says nothing of how long the function takes, nor does a client that reads slowly.
    if (this.status < 500 && !this.#hasWaitedForClient) this.placing.learn(performance.now() - this.startMs - this.placedMs)
    if (relay.isReusable && this.#isUploaded && !relay.hasLeftover) connection.pool.giveBack(connection, relay.keepAliveSeconds)
    else connection.close()
    if (relay.hasLeftover) this.#engine.counters.refusal(this.target.pool.index, 'upstream_protocol')
    this.#finish(0)
  }

  #onBusy (): void {
    const connection = this.#connection!
    this.#connection = null
    this.body?.detach()
    // A request of which a part is missing would take the next one for the rest.
    if (this.#relay.isReusable && this.#isUploaded) connection.pool.giveBack(connection, this.#relay.keepAliveSeconds)
    else connection.close()
    this.#lastFailure = 'all_nodes_full'
    this.#relay.restart()
    this.#goElsewhere('busy')
  }

  #tunnel (bytes: Buffer, end: number): void {
    const connection = this.#connection!
    connection.deadline = Infinity
    this.#connection = null
    const tunnel = new Tunnel(this.#engine, this.client, connection, (sent, received) => {
      this.#relay.bytesOut += received
      this.#tunnelBytesIn += sent
      this.#finish(0)
    })
    tunnel.start(bytes, this.#relay.at, end)
  }

  // ── what can go wrong ───────────────────────────────────────────────────────────────────────────────────────────

  onUpstreamLost (error: NodeJS.ErrnoException | null): void {
    const connection = this.#connection!
    if (!connection.isConnected) return this.#onNoConnection()
    if (this.#relay.hasBytes) {
      return this.refuse('upstream_reset', `the connection broke in the middle of the response (${error?.code ?? 'closed'})`)
    }
    // A reset alone does not say how much of the call was read: it is proof only behind a FIN, and that is being asked.
    if (this.#isAsking) return
    if (this.#mayResend && isIdempotent(this.facts.method)) return this.#resend()
    this.refuse('upstream_reset', `the connection broke before a response (${error?.code ?? 'closed'})`)
  }

  onUpstreamTimeout (): void {
    const connection = this.#connection!
    if (!connection.isConnected) {
      connection.close()
      return this.#onNoConnection()
    }
    this.refuse('upstream_timeout', this.#relay.hasStarted
      ? 'no byte of the response for longer than idle_body'
      : 'no response within first_byte')
  }

  /** Nothing was sent, so nothing was executed: any call may go to the next candidate, however large the pool's trouble. */
  #onNoConnection (): void {
    this.#connection = null
    this.body?.detach()
    // A node that said it is busy tells more of the pool than one that is not there.
    if (this.#lastFailure !== 'all_nodes_full') this.#lastFailure = 'upstream_connect'
    this.#goElsewhere('connect')
  }

  /** FIN before any byte of an answer. */
  #onSilentEnd (): void {
    const connection = this.#connection!
    if (!this.#mayResend) return this.refuse('upstream_reset', 'the connection was closed before a response')
    if (isIdempotent(this.facts.method)) return this.#resend()
    // What was sent in pieces may have been read in part.
    if (!this.#isSentAtOnce) return this.refuse('upstream_reset', 'the connection was closed in the middle of the request')
    this.#isAsking = true
    askIfUnread(connection, (isUnread) => {
      if (this.isDone || this.#connection !== connection) return
      this.#isAsking = false
      if (isUnread) this.#resend()
      else this.refuse('upstream_reset', 'the connection was closed before a response, the call may have run')
    })
  }

  get #mayResend (): boolean {
    return this.#connection!.served > 0 && this.#isReplayable && !this.#hasResent
  }

  /** The kept-alive connection was closed under the request: once more, on a new connection to the same node. */
  #resend (): void {
    const { pool } = this.target
    this.#connection?.close()
    this.#connection = null
    this.body?.detach()
    this.#relay.restart()
    this.#hasResent = true
    const node = pool.placement.pool.nodes.find((candidate) => candidate.slot === this.placing.lease.slot)
    const connection = node === undefined ? null : this.#engine.upstreamsOf(node, pool).connect(this)
    if (connection === null) return this.#goElsewhere('reused_socket')
    this.#engine.counters.retry(pool.index, 'reused_socket')
    this.#engine.counters.add('upstreamConnects', 1, pool.index)
    this.attempts++
    this.#connection = connection
  }

  #goElsewhere (cause: RetryCause): void {
    const { pool } = this.target
    this.placing.giveUp(cause === 'busy')
    if (this.attempts >= this.#roundEnd) return this.#endRound()
    // Connect failures cost nothing and are bounded per call; everything else draws on the budget.
    if (cause !== 'connect' && !this.#isRetrying) {
      if (!pool.budget.tryBeginRetry()) {
        this.#engine.counters.add('retryBudgetExhausted', 1, pool.index)
        return this.#endRound()
      }
      this.#isRetrying = true
    }
    this.#engine.counters.retry(pool.index, cause)
    this.launch()
  }

  /** Answers with an error of our own, or, where an answer has begun, lets the client see that it is cut off. */
  refuse (refusal: Refusal, detail: string): void {
    if (this.isDone) return
    this.#dropConnection()
    this.refusal = refusal
    this.#engine.counters.refusal(this.target.pool.index, refusal)
    if (this.#relay.hasStarted) {
      this.client.breakOff(this.#relay.endsWithClose)
      this.#finish(1)
      return
    }
    const closes = !this.#isUploaded || refusal === 'bad_request'
    this.status = this.client.answer(refusal, detail, this.facts, closes, this.target.pool.name, this.attempts)
    this.#finish(1)
  }

  /** The client has gone, or does not take its answer. */
  abandon (refusal: 'client_gone' | 'write_timeout'): void {
    if (this.isDone) return
    this.#dropConnection()
    this.refusal = refusal
    this.#engine.counters.refusal(this.target.pool.index, refusal)
    this.status = 499
    this.#finish(1)
  }

  #dropConnection (): void {
    this.#connection?.close()
    this.#connection = null
  }

  /** @param origin 0 = the runner's answer, 1 = ours */
  #finish (origin: 0 | 1): void {
    if (this.isDone) return
    this.isDone = true
    this.body?.letGo()
    const { pool } = this.target
    this.placing.end()
    pool.budget.end()
    if (this.#isRetrying) pool.budget.endRetry()
    this.#engine.finished(this, origin, this.#tunnelBytesIn)
    this.client.onExchangeDone()
  }
}
