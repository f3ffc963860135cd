/**
 * Which peers are believed when they speak of somebody else (X-Forwarded-*, Forwarded, request ids). Fails closed: what
 * is no IP address, a unix socket's peer for one, is not trusted.
 */
import { BlockList, isIP } from 'node:net'

/** A proxy in front of us has few addresses; a flood of others must not grow the memory. */
const MAX_CACHED = 4096
const MAPPED_PREFIX = '::ffff:'
/** Bits of an IPv6 address in front of an IPv4-mapped address. */
const MAPPED_BITS = 96

/** A set of networks. */
export class TrustedPeers {
  readonly #networks = new BlockList()
  readonly #isEmpty: boolean
  readonly #known = new Map<string, boolean>()

  /**
   * @param cidrs networks (`10.0.0.0/8`, `fd00::/8`) or single addresses.
   * @throws RangeError naming the entry that is neither, and what to write.
   */
  constructor (cidrs: readonly string[]) {
    this.#isEmpty = cidrs.length === 0
    for (const cidr of cidrs) this.#add(cidr)
  }

  /** @param address as a socket reports it; an IPv4-mapped IPv6 address is the IPv4 address. */
  has (address: string): boolean {
    if (this.#isEmpty) return false
    const known = this.#known.get(address)
    if (known !== undefined) return known
    const isTrusted = this.#check(address)
    if (this.#known.size >= MAX_CACHED) this.#known.clear()
    this.#known.set(address, isTrusted)
    return isTrusted
  }

  #check (address: string): boolean {
    const plain = normalised(address)
    const family = isIP(plain)
    return family !== 0 && this.#networks.check(plain, family === 4 ? 'ipv4' : 'ipv6')
  }

  #add (cidr: string): void {
    const slash = cidr.indexOf('/')
    const address = slash === -1 ? cidr : cidr.slice(0, slash)
    const family = isIP(address)
    if (family === 0 || address.includes('%')) throw invalid(cidr, 'it does not begin with an IP address')
    const bits = family === 4 ? 32 : 128
    const prefix = slash === -1 ? bits : prefixLength(cidr.slice(slash + 1))
    if (prefix > bits) throw invalid(cidr, `the part after "/" is not a number from 0 to ${bits}`)
    const plain = normalised(address)
    if (family === 6 && isIP(plain) === 4 && prefix >= MAPPED_BITS) {
      this.#networks.addSubnet(plain, prefix - MAPPED_BITS, 'ipv4')
    } else {
      this.#networks.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
    }
  }
}

/** Without a zone, and an IPv4-mapped address as IPv4. */
function normalised (address: string): string {
  const zone = address.indexOf('%')
  const plain = zone === -1 ? address : address.slice(0, zone)
  const isMapped = plain.includes('.') && plain.toLowerCase().startsWith(MAPPED_PREFIX)
  return isMapped ? plain.slice(MAPPED_PREFIX.length) : plain
}

/** Infinity when it is not written as a plain decimal. */
function prefixLength (text: string): number {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Infinity
}

function invalid (cidr: string, reason: string): RangeError {
  return new RangeError(`trusted proxies: "${cidr}" is not a network: ${reason}. ` +
    'Write an address or a CIDR, such as 10.0.0.0/8 or fd00::/8')
}
