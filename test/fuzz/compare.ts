/**
 * Whether Node's strict parser read the same messages out of a connection as our codec.
 *
 * Only what we accept is compared: a message that we refuse goes nowhere, whatever another parser would make of it. The
 * comparison stops at the first difference, because behind it the two speak of different things.
 */
import type { Message, NodeReading, OwnMessage, OwnReading } from './readings.ts'

export interface Difference {
  /** What differs. `refused`: Node reports an error instead; `missing`: it has no such message; `extra`: it has more. */
  readonly kind: 'refused' | 'missing' | 'extra' | 'start' | 'version' | 'fields' | 'content' | 'trailers' | 'extent'
  readonly side: 'request' | 'response'
  readonly ours: OwnMessage | null
  readonly node: Message | null
  /** The messages in front of it, the same for both. */
  readonly before: readonly OwnMessage[]
  readonly error: string
}

export function firstDifference (side: Difference['side'], ours: OwnReading, node: NodeReading): Difference | null {
  const count = ours.messages.length
  for (let i = 0; i < count; i++) {
    const message = ours.messages[i]!
    const other = node.messages[i] ?? null
    const kind = kindOfDifference(message, other, node.error, i === count - 1 ? ours.ending : 'idle')
    if (kind !== null) return { kind, side, ours: message, node: other, before: ours.messages.slice(0, i), error: node.error }
  }
  // Where we still wait for the rest of a message, or for the next, nobody may have found a whole head yet.
  const waits = ours.ending === 'partial' || ours.ending === 'idle' || ours.ending === 'cut' || ours.ending === 'done'
  if (waits && node.messages.length > count) {
    return { kind: 'extra', side, ours: ours.messages.at(-1) ?? null, node: node.messages[count]!, before: ours.messages, error: node.error }
  }
  return null
}

function kindOfDifference (
  ours: OwnMessage, node: Message | null, error: string, ending: OwnReading['ending']
): Difference['kind'] | null {
  if (node === null) return error === '' ? 'missing' : 'refused'
  if (ours.start !== node.start) return 'start'
  if (ours.version !== node.version) return 'version'
  if (!sameList(ours.fields, node.fields)) return 'fields'
  // Behind these, the connection speaks something else.
  if (ending === 'connect' || ending === 'switched') return null
  if (ours.isComplete) {
    if (!node.isComplete && error !== '' && ours.content.startsWith(node.content)) return 'refused'
    if (ours.content !== node.content) return 'content'
    if (!node.isComplete) return 'extent'
    return sameList(ours.trailers, node.trailers) ? null : 'trailers'
  }
  // An error lies in between for one of us: the other may have seen less of the content.
  const mayStopShort = ending === 'body-fault' || ending === 'trailer-fault' || error !== ''
  if (mayStopShort) return ours.content.startsWith(node.content) || node.content.startsWith(ours.content) ? null : 'content'
  if (ours.content !== node.content) return 'content'
  return node.isComplete ? 'extent' : null
}

function sameList (one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index])
}
