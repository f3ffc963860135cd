/**
 * Addresses of runner nodes that are given by name.
 *
 * Without a cache each new connection would wait for the system's resolver, which has four threads for the whole process.
 * Answers are kept for a short while; when the resolver fails, the last good answer goes on serving, because a runner does
 * not disappear with its name server. Concurrent questions for one name are asked once.
 */
import dns from 'node:dns'
import type { LookupFunction } from 'node:net'
import NodeCache from 'node-cache'

/** The resolver does not tell a TTL (RFC 1035 §3.2.1); this is the common one of cluster DNS. */
const FRESH_SECONDS = 5
/** How long an answer may serve while the resolver fails. */
const LAST_GOOD_SECONDS = 24 * 60 * 60
/** Names come from the configuration, so this is far above what is ever there. */
const MAX_NAMES = 4096

type Resolve = (name: string, tell: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void) => void
type Waiter = (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void

const systemResolver: Resolve = (name, tell) => { dns.lookup(name, { all: true }, tell) }

export class Names {
  readonly #fresh: NodeCache
  readonly #lastGood = new NodeCache({ stdTTL: LAST_GOOD_SECONDS, checkperiod: 600, useClones: false, maxKeys: MAX_NAMES })
  readonly #waiting = new Map<string, Waiter[]>()
  readonly #resolve: Resolve

  /** The parameters are for tests: another resolver, and how long its answers are fresh. */
  constructor (resolve: Resolve = systemResolver, freshSeconds = FRESH_SECONDS) {
    this.#resolve = resolve
    this.#fresh = new NodeCache({ stdTTL: freshSeconds, checkperiod: 60, useClones: false, maxKeys: MAX_NAMES })
  }

  /** For the `lookup` option of node:net. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    this.#addresses(name, (error, addresses) => {
      const family = familyOf(options.family)
      const usable = family === 0 ? addresses : addresses.filter((address) => address.family === family)
      const first = usable[0]
      if (error !== null || first === undefined) {
        const failure = error ?? Object.assign(new Error(`no IPv${family} address of ${name}`), { code: 'ENOTFOUND' })
        callback(failure, '', 0)
      } else if (options.all === true) callback(null, usable)
      else callback(null, first.address, first.family)
    })
  }

  /** Stops the caches' timers. */
  close (): void {
    this.#fresh.close()
    this.#lastGood.close()
  }

  #addresses (name: string, waiter: Waiter): void {
    const known = this.#fresh.get<dns.LookupAddress[]>(name)
    if (known !== undefined) {
      // Never within the call: node:net expects an answer that comes later.
      process.nextTick(waiter, null, known)
      return
    }
    const waiting = this.#waiting.get(name)
    if (waiting !== undefined) {
      waiting.push(waiter)
      return
    }
    this.#waiting.set(name, [waiter])
    this.#resolve(name, (error, addresses) => {
      const waiters = this.#waiting.get(name) ?? []
      this.#waiting.delete(name)
      if (error === null && addresses.length > 0) {
        store(this.#fresh, name, addresses)
        store(this.#lastGood, name, addresses)
      }
      const answer = error === null ? addresses : this.#lastGood.get<dns.LookupAddress[]>(name)
      for (const tell of waiters) tell(answer === undefined ? error : null, answer ?? [])
    })
  }
}

function familyOf (family: number | 'IPv4' | 'IPv6' | undefined): number {
  return family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family ?? 0
}

/** A full node-cache throws; what is not kept is asked again. */
function store (cache: NodeCache, name: string, addresses: dns.LookupAddress[]): void {
  if (cache.has(name) || cache.keys().length < MAX_NAMES) cache.set(name, addresses)
}
