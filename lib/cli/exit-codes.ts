/**
 * The exit codes of every fnlb command. They are part of the interface: scripts and Kubernetes probes rely on them.
 */
export const EXIT = {
  ok: 0,
  /** The question was answered with no: a check failed, rings differ. */
  negative: 1,
  /** Wrong command line or configuration; nothing was started. */
  usage: 2,
  /** No daemon answers at the admin address. */
  unreachable: 3,
  /** Waited for something that did not happen in time. */
  timedOut: 4,
  /** The daemon refused: read-only, or a conflict. */
  refused: 5,
  /** A bug in fnlb. */
  bug: 70,
  /** Ended by SIGINT, as a shell counts it. */
  interrupted: 130,
  /** Ended by SIGTERM, as a shell counts it. */
  terminated: 143
} as const

/** For `--help`: code and meaning. */
export const EXIT_CODE_HELP = [
  'Exit codes: 0 ok, 1 negative answer, 2 usage or configuration error, 3 daemon unreachable, 4 timed out,',
  '5 refused, 70 internal bug, 130 and 143 ended by a signal.'
].join('\n')
