/**
 * Request ids: UUIDv7 (RFC 9562 §5.7) made without a system call. The counter in rand_a (§6.2, method 1) makes the
 * ids of one generator strictly ascending; rand_b comes from a generator seeded once per thread, so that threads and
 * daemons do not meet. When the counter is used up, or the clock steps back, the time stamp runs ahead of the clock
 * (§6.2), so ids never repeat and never go back. They are names, not secrets.
 */
import { allOf, REQUEST_ID } from './char-class.ts'

const MAX_ID_LENGTH = 128
const COUNTER_LIMIT = 0x1000
const MAX_TIME = 2 ** 48 - 1
/** Every twelve-bit number as three hex digits: one load instead of a conversion. */
const HEX12 = Array.from({ length: 0x1000 }, (_, value) => value.toString(16).padStart(3, '0'))
const VARIANT = ['8', '9', 'a', 'b'] as const

/** One thread's source of ids. */
export class RequestIds {
  #a: number
  #b: number
  #c: number
  #step = 1
  #timeMs = 0
  #counter = 0
  /** Time stamp and version of the ids of `#timeMs`. */
  #prefix = ''

  /** @param random at least 10 random bytes, other ones for each thread. */
  constructor (random: Uint8Array) {
    if (random.length < 10) throw new RangeError('RequestIds: give at least 10 random bytes')
    const words = new Uint32Array(3)
    for (let at = 0; at < random.length; at++) words[(at >> 2) % 3]! ^= random[at]! << (at & 3) * 8
    this.#a = words[0]! | 0
    this.#b = words[1]! | 0
    this.#c = words[2]! | 0
    // The first outputs still show the seed's bytes.
    for (let round = 0; round < 15; round++) this.#random32()
    this.#startAt(0)
  }

  /** @param nowMs Unix time in milliseconds. */
  next (nowMs: number): string {
    const timeMs = Math.floor(nowMs)
    if (timeMs > this.#timeMs) this.#startAt(timeMs)
    else if (this.#counter === COUNTER_LIMIT) this.#startAt(this.#timeMs + 1)
    const high = this.#random32()
    const low = this.#random32()
    return this.#prefix + HEX12[this.#counter++]! + '-' + VARIANT[high & 3]! + HEX12[(high >>> 2) & 0xfff]! + '-' +
      HEX12[(high >>> 14) & 0xfff]! + HEX12[((high >>> 26) << 6) | (low >>> 26)]! +
      HEX12[low & 0xfff]! + HEX12[(low >>> 12) & 0xfff]!
  }

  #startAt (timeMs: number): void {
    this.#timeMs = Math.min(timeMs, MAX_TIME)
    this.#counter = 0
    const hex = this.#timeMs.toString(16).padStart(12, '0')
    this.#prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
  }

  /** Chris Doty-Humphrey's sfc32: three words of state and a counter, so the period can not be short. */
  #random32 (): number {
    const sum = (this.#a + this.#b + this.#step) | 0
    this.#step = (this.#step + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0
    return sum
  }
}

/** Whether an id that a client sent may be passed on and logged: 1 to 128 characters of `[A-Za-z0-9._~:/+=@-]`. */
export function isValidRequestId (value: string): boolean {
  return value.length > 0 && value.length <= MAX_ID_LENGTH && allOf(value, REQUEST_ID)
}
