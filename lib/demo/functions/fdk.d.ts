/**
 * Types for the part of `@fnproject/fdk` (which ships none) that the demo functions use.
 */
declare module '@fnproject/fdk' {
  import type { Readable } from 'node:stream'

  export interface GatewayContext {
    readonly requestURL: string | null
    readonly method: string | null
    getHeader (name: string): string | null
    set statusCode (status: number)
    setResponseHeader (name: string, ...values: string[]): void
  }

  export interface Context {
    readonly deadline: Date | null
    readonly callID: string
    readonly fnID: string
    readonly appName: string
    readonly contentType: string | null
    readonly httpGateway: GatewayContext
    responseContentType: string | null
    getHeader (name: string): string | null
    setResponseHeader (name: string, ...values: string[]): void
  }

  /** Opaque: made by `rawResult` and `streamResult`. */
  export interface Result { readonly _result: never }

  export function handle (
    call: (input: unknown, context: Context) => unknown, options?: { inputMode: 'json' | 'string' | 'buffer' }
  ): void
  export function rawResult (body: string | Buffer): Result
  export function streamResult (body: Readable): Result
}
