/**
 * The signals that end the daemon. The first one asks for an orderly end, the second one for an end at once.
 */
import { constants } from 'node:os'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const
export type StopSignal = typeof SIGNALS[number]

export interface StopSignals {
  /** The first signal. */
  readonly first: Promise<StopSignal>
  /** The second one, with the exit code that a shell expects of it (128 + its number). */
  readonly second: Promise<{ readonly signal: StopSignal, readonly exitCode: number }>
  /** Gives the signals back to Node. */
  release (): void
}

export function catchStopSignals (): StopSignals {
  let onFirst: (signal: StopSignal) => void
  let onSecond: (end: { signal: StopSignal, exitCode: number }) => void
  const first = new Promise<StopSignal>((resolve) => { onFirst = resolve })
  const second = new Promise<{ signal: StopSignal, exitCode: number }>((resolve) => { onSecond = resolve })
  let count = 0
  const onSignal = (signal: StopSignal): void => {
    count++
    if (count === 1) onFirst(signal)
    else onSecond({ signal, exitCode: 128 + constants.signals[signal] })
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    first,
    second,
    release: () => { for (const signal of SIGNALS) process.off(signal, onSignal) }
  }
}
