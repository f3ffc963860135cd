/**
 * What is asked of every contender. 200 function keys in turn, so that a ring lookup is part of each request.
 */

export interface Scenario {
  readonly id: string
  readonly title: string
  readonly method: 'GET' | 'POST'
  readonly requestBodyBytes: number
  /** '' = none; the backend answers `size=1m` with 1 MiB. */
  readonly query: string
  /** The smallest body a right answer has: less received per request means that something else was answered. */
  readonly responseBodyBytes: number
  readonly connections: number
  /** Measured for this share of `--seconds` (at least one second): big bodies need fewer. */
  readonly timeShare: number
}

export const functionKeys = 200

const small = { query: '', responseBodyBytes: 'backend 1 1 1\n'.length, timeShare: 1 }
const get = { method: 'GET', requestBodyBytes: 0 } as const
const post = { method: 'POST' } as const

export const scenarios: readonly Scenario[] = [
  { id: 'get-64', title: 'small GET, 64 connections', connections: 64, ...get, ...small },
  { id: 'get-1000', title: 'small GET, 1,000 connections', connections: 1000, ...get, ...small },
  { id: 'post-1k', title: 'POST 1 KiB, 64 connections', requestBodyBytes: 1024, connections: 64, ...post, ...small },
  { id: 'post-64k', title: 'POST 64 KiB, 64 connections', requestBodyBytes: 65536, connections: 64, ...post, ...small },
  {
    id: 'get-1m',
    title: 'GET 1 MiB, 64 connections',
    ...get,
    query: 'size=1m',
    responseBodyBytes: 1024 * 1024,
    connections: 64,
    timeShare: 0.5
  }
]

/** Steps beside the throughput scenarios that `--scenario` can name. */
export const extraSteps = ['half-load', 'memory', 'threads'] as const
export type ExtraStep = typeof extraSteps[number]
