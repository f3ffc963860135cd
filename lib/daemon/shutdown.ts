/**
 * The orderly end: readiness fails at once, clients are told to go elsewhere, accepting goes on for the readiness
 * delay (a Service or a load balancer in front needs that long to notice), then what is in flight may end, then all is
 * closed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { ControlPlane } from '../control/control-plane.ts'
import type { Logger } from '../log.ts'

export interface Draining {
  readonly control: ControlPlane
  readonly logger: Logger
  readonly config: Pick<Config, 'readinessDelayMs' | 'drainTimeoutMs'>
  /** Nobody in front has to notice. */
  readonly skipDelay: boolean
}

/** Resolves when all data threads have ended; gives the number of requests that had to be cut. */
export async function drain ({ control, logger, config, skipDelay }: Draining): Promise<number> {
  control.draining()
  const { supervisor } = control
  if (supervisor === undefined) return 0
  supervisor.closing()
  if (!skipDelay && config.readinessDelayMs > 0) {
    logger.info({ seconds: config.readinessDelayMs / 1000 }, 'not ready any more, still accepting')
    await sleep(config.readinessDelayMs)
  }
  const inFlight = control.counters.sum('clientRequestsInFlight')
  logger.info({ in_flight: inFlight, timeout_seconds: config.drainTimeoutMs / 1000 }, 'draining')
  return await supervisor.drain(config.drainTimeoutMs)
}
