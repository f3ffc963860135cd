/**
 * Where a demo function finds a number that steers it. The places are those that a real function has: a header
 * `X-Demo-<Name>`, the query of the trigger's URL, a field of a JSON body. Runs inside instances.
 */
import type { Context } from '@fnproject/fdk'

/**
 * @param name field and query name, e.g. `ms`; the header is `X-Demo-Ms`.
 * @param fallback where nothing (or nothing usable) was given.
 * @param max larger values are cut to it.
 */
export function numberFrom (name: string, fallback: number, max: number, input: unknown, context: Context): number {
  const gateway = context.httpGateway
  return firstNumber(fallback, max, [
    context.getHeader(`x-demo-${name}`) ?? gateway.getHeader(`x-demo-${name}`),
    fromUrl(name, gateway.requestURL),
    fromObject(name, input)
  ])
}

/** The first of `values` that is a whole number from 0 up, cut to `max`; else `fallback`. */
export function firstNumber (fallback: number, max: number, values: readonly unknown[]): number {
  for (const value of values) {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
    if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return Math.min(number, max)
  }
  return fallback
}

/** A query value of an absolute or relative URL. */
export function fromUrl (name: string, url: string | null): string | undefined {
  const mark = url === null ? -1 : url.indexOf('?')
  if (url === null || mark === -1) return undefined
  return new URLSearchParams(url.slice(mark + 1)).get(name) ?? undefined
}

/** A field of a parsed JSON object; `undefined` for anything else. */
export function fromObject (name: string, input: unknown): unknown {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, name)) return undefined
  return (input as Record<string, unknown>)[name]
}
