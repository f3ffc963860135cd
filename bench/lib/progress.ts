/**
 * Progress of a long bench on stderr: one line a step, and on a terminal a bar that is drawn over itself below them.
 * Results go to stdout, so that they can be piped while this is watched.
 */

export interface Progress {
  /** How many steps there will be, once it is known. */
  plan (steps: number): void
  /** The step that now runs; drawn only on a terminal. */
  begin (label: string): void
  /** The step ended: one line stays. */
  end (line: string): void
  /** A line of its own that counts as no step: what was skipped, what is wrong. */
  note (line: string): void
  /** Removes the bar. */
  close (): void
}

const barWidth = 24

/** `[######------------------]  12/48  25 %  1:30 left`; the time left is linear in the steps done. */
export function barText (done: number, total: number, elapsedMs: number): string {
  const ratio = total === 0 ? 1 : Math.min(done / total, 1)
  const filled = Math.round(ratio * barWidth)
  const bar = '#'.repeat(filled) + '-'.repeat(barWidth - filled)
  const leftSeconds = ratio === 0 ? undefined : Math.round(elapsedMs * (1 - ratio) / ratio / 1000)
  const left = leftSeconds === undefined
    ? ''
    : `  ${Math.floor(leftSeconds / 60)}:${String(leftSeconds % 60).padStart(2, '0')} left`
  return `[${bar}]  ${done}/${total}  ${Math.floor(ratio * 100)} %${left}`
}

/** The least of a terminal stream that is needed. */
export type ProgressStream = Pick<NodeJS.WriteStream, 'write'> & Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>>

export function createProgress (stream: ProgressStream = process.stderr): Progress {
  let total = 0
  let startMs = performance.now()
  const terminal = stream.isTTY === true
  let done = 0
  let label = ''
  const clear = (): void => { if (terminal) stream.write('\r\x1b[K') }
  const draw = (): void => {
    if (!terminal) return
    const text = total === 0 ? label : `${barText(done, total, performance.now() - startMs)}  ${label}`
    stream.write('\r\x1b[K' + text.slice(0, Math.max((stream.columns ?? 80) - 1, 10)))
  }
  return {
    plan (steps) {
      total = steps
      startMs = performance.now()
    },
    begin (text) {
      label = text
      draw()
    },
    end (line) {
      done++
      clear()
      stream.write(`[${String(done).padStart(String(total).length)}/${total}] ${line}\n`)
      draw()
    },
    note (line) {
      clear()
      stream.write(`${line}\n`)
      draw()
    },
    close: clear
  }
}
