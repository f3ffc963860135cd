/**
 * The Keep-Alive field of a node's response (RFC 2068 §19.7.1; draft-thomson-hybi-http-timeout): how long the node
 * keeps an idle connection. Only a plain `timeout=<digits>` counts; a value we can not read is no value.
 */
import { CLASS, DIGIT } from './char-class.ts'

/** Longer than any sensible timeout, and safe as a timer's milliseconds. */
const MAX_SECONDS = 86_400
const NAME = 'timeout'

/** The timeout in whole seconds (at most a day), the smallest if there are several; −1 when absent or invalid. */
export function keepAliveTimeoutSeconds (value: string): number {
  let seconds = -1
  let at = 0
  while (at < value.length) {
    let end = value.indexOf(',', at)
    if (end === -1) end = value.length
    const found = timeoutOf(value, at, end)
    if (found !== -1 && (seconds === -1 || found < seconds)) seconds = found
    at = end + 1
  }
  return seconds
}

/** Reads one parameter in [from, to): `timeout=<digits>` in optional white space, or −1. */
function timeoutOf (value: string, from: number, to: number): number {
  let at = skipSpace(value, from, to)
  for (let index = 0; index < NAME.length; index++, at++) {
    if (at === to || (value.charCodeAt(at) | 0x20) !== NAME.charCodeAt(index)) return -1
  }
  if (at === to || value[at] !== '=') return -1
  const digits = ++at
  let seconds = 0
  while (at < to && (CLASS[value.charCodeAt(at)]! & DIGIT) !== 0) {
    seconds = Math.min(MAX_SECONDS, seconds * 10 + value.charCodeAt(at++) - 0x30)
  }
  return at === digits || skipSpace(value, at, to) !== to ? -1 : seconds
}

function skipSpace (value: string, from: number, to: number): number {
  let at = from
  while (at < to && (value[at] === ' ' || value[at] === '\t')) at++
  return at
}
