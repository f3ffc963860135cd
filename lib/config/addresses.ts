/**
 * Addresses as they are written in a configuration: where to listen, which node to call, which peers to trust.
 * Purely textual; nothing is resolved or bound here. Host names come back in lower case and IPv6 addresses in their
 * shortest form (RFC 5952), so that one address has one spelling and duplicates are found.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { refuse } from './units.ts'
import type { Parsed } from './units.ts'

/** Where to accept connections: host ('' = all interfaces) and port (0 = any free one), or a unix socket. */
export type ListenTarget =
  | { readonly host: string, readonly port: number }
  | { readonly path: string }

export interface NodeTarget {
  readonly host: string
  readonly port: number
}

/** sun_path of a unix socket holds 108 bytes on Linux, the ending NUL included. */
const MAX_SOCKET_PATH = 107
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/** `":8080"`, `"127.0.0.1:8080"`, `"[::1]:8080"`, `"localhost:8080"` or `"unix:/run/fnlb.sock"`. */
export function parseListen (input: unknown): Parsed<ListenTarget> {
  const expected = 'an address like ":8080", "127.0.0.1:8080", "[::1]:8080" or "unix:/run/fnlb.sock"'
  if (typeof input === 'number') return refuse(expected, input, `write ":${input}"`)
  if (typeof input !== 'string') return refuse(expected, input)
  if (input.startsWith('unix:')) return parseSocketPath(input, expected)
  if (/^[0-9]+$/.test(input)) return refuse(expected, input, `write ":${input}"`)
  if (/^\*:[0-9]+$/.test(input)) return refuse(expected, input, `for all interfaces write "${input.slice(1)}"`)
  const parts = splitHostPort(input)
  if (parts === undefined) return refuse(expected, input, adviceFor(input))
  const host = parts.host === '' && !parts.bracketed ? '' : canonicalHost(parts)
  if (host === undefined) return refuse(expected, input, 'that is no host name or IP address')
  if (parts.port > 65535) return refuse(expected, input, 'a port is at most 65535')
  return { ok: true, value: { host, port: parts.port } }
}

/** `"host:port"` of a node: an IPv4 address, an IPv6 address in brackets, or a DNS name. */
export function parseNodeAddress (input: unknown): Parsed<NodeTarget> {
  const expected = 'a node address "host:port"'
  if (Array.isArray(input)) return refuse(expected, input, 'quote an IPv6 address: "[::1]:8080"')
  if (typeof input !== 'string') return refuse(expected, input)
  const parts = splitHostPort(input)
  if (parts === undefined) return refuse(expected, input, adviceFor(input))
  const host = canonicalHost(parts)
  if (host === undefined) {
    return refuse(expected, input, parts.host === '' ? 'the host is missing' : 'that is no host name or IP address')
  }
  if (parts.port < 1 || parts.port > 65535) return refuse(expected, input, 'a port is 1 to 65535')
  return { ok: true, value: { host, port: parts.port } }
}

/** An IP network; a lone address becomes a network of one. Comes back as `address/length`. */
export function parseNetwork (input: unknown): Parsed<string> {
  const expected = 'a network like "10.0.0.0/8", "fd00::/8" or one IP address'
  if (typeof input !== 'string') return refuse(expected, input)
  const match = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(input)
  const version = match === null ? 0 : isIP(match[1]!)
  if (match === null || version === 0 || match[1]!.includes('%')) return refuse(expected, input)
  const bits = version === 4 ? 32 : 128
  const length = match[2] === undefined ? bits : Number(match[2])
  if (length > bits) return refuse(expected, input, `an IPv${version} prefix is at most /${bits}`)
  return { ok: true, value: `${version === 6 ? shortestIPv6(match[1]!) : match[1]!}/${length}` }
}

/** The one way to write a TCP address. */
export function formatHostPort (target: NodeTarget): string {
  return isIPv6(target.host) ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`
}

/** The one way to write a listening address. */
export function formatListen (target: ListenTarget): string {
  return 'path' in target ? `unix:${target.path}` : formatHostPort(target)
}

/** Only this machine can reach it. A host name counts as remote, as nothing is resolved here, except `localhost`. */
export function isLoopback (target: ListenTarget): boolean {
  if ('path' in target) return true
  return target.host === 'localhost' || target.host === '::1' ||
    (isIPv4(target.host) && target.host.startsWith('127.'))
}

/** Whether a host name is well formed (RFC 1123, and underscores, which Kubernetes and Docker names may have). */
export function isHostName (text: string): boolean {
  return text.length > 0 && text.length <= 253 && text.split('.').every(label => LABEL.test(label))
}

interface HostPort { readonly host: string, readonly port: number, readonly bracketed: boolean }

function splitHostPort (text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text)
  if (match === null) return undefined
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]), bracketed: match[1] !== undefined }
}

function canonicalHost ({ host, bracketed }: HostPort): string | undefined {
  if (bracketed) return isIPv6(host) && !host.includes('%') ? shortestIPv6(host) : undefined
  if (isIPv4(host)) return host
  const name = host.toLowerCase()
  // A name that ends in a number is an IPv4 address by RFC 6943 and the URL standard, and this one is not valid.
  return isHostName(name) && !/(?:^|\.)[0-9]+$/.test(name) ? name : undefined
}

function shortestIPv6 (address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}

function parseSocketPath (input: string, expected: string): Parsed<ListenTarget> {
  const path = input.slice('unix:'.length)
  if (!path.startsWith('/')) return refuse(expected, input, 'the path of a socket must be absolute')
  if (path.includes('\0') || Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    return refuse(expected, input, `the path of a socket has at most ${MAX_SOCKET_PATH} bytes`)
  }
  return { ok: true, value: { path } }
}

function adviceFor (text: string): string | undefined {
  const url = /^[a-z]+:\/\/([^/]+)/i.exec(text)
  if (url !== null) return `only host and port: "${url[1]!}"`
  const colon = text.lastIndexOf(':')
  if (colon > 0 && isIPv6(text.slice(0, colon)) && /^[0-9]+$/.test(text.slice(colon + 1)) && !text.includes('[')) {
    return `put the IPv6 address in brackets: "[${text.slice(0, colon)}]${text.slice(colon)}"`
  }
  return text.includes(':') ? undefined : 'the port is missing'
}
