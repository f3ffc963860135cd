/**
 * What a parser made of the bytes of one connection, in a form in which two parsers can be compared, and the shapes that
 * both readers (our-reading.ts, node-reading.ts) fill in.
 */

/** Text of bytes: one character a byte, so that nothing is lost. */
export type ByteText = string

export interface Message {
  /** Method and target, or status and reason. */
  start: ByteText
  /** `1.0` or `1.1`. */
  version: string
  /** Names and values in turn, as they came. */
  fields: ByteText[]
  content: ByteText
  /** Names and values in turn. */
  trailers: ByteText[]
  isComplete: boolean
}

/** A message as our codec saw it. */
export interface OwnMessage extends Message {
  /** Everything else that the codec found out, as text: for comparing two readings of our own. */
  facts: string
  method: string
  target: string
  status: number
  saysClose: boolean
  saysKeepAlive: boolean
  saysUpgrade: boolean
  minor: number
  framing: number
  /** Bytes from the start of the connection to the end of the message; -1 while it is not complete. */
  end: number
  /** The head as it came, from its first line to its last field. */
  text: ByteText
}

/**
 * Why a reading of ours ended where it did:
 *   idle           every byte belongs to a complete message
 *   partial        in the middle of a message
 *   closed         the last message said that the connection ends
 *   connect        a tunnel was asked for (we refuse, and read on; nobody could compare what follows)
 *   target         a well-formed head whose target has none of the four forms
 *   done, leftover a final response is complete; nothing, or something, lies behind it
 *   switched       101
 *   cut            the connection ended inside a response
 *   fault:n        head fault n
 *   body-fault     the chunked coding is broken
 *   trailer-fault  the trailer section is malformed
 */
export type Ending = 'idle' | 'partial' | 'closed' | 'connect' | 'target' | 'done' | 'leftover' | 'switched' | 'cut' |
  `fault:${number}` | 'body-fault' | 'trailer-fault'

export interface OwnReading {
  readonly messages: OwnMessage[]
  ending: Ending
}

export interface NodeReading {
  readonly messages: Message[]
  /** Code and words of the error, '' = none. */
  error: string
}

/** `accepted heads` and ending, as the corpus writes it. */
export function summary (reading: OwnReading): string {
  return `${reading.messages.length} ${reading.ending}`
}
