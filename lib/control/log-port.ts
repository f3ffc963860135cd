/** What the control plane needs of a logger. */
import type { Logger } from '../log.ts'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
