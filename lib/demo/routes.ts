/**
 * Which request is what, by Fn's routes: `POST /invoke/<function id>`, any method on `/t/<app>/<source>` with the
 * exact source, and the paths of every fnserver. Wrong path: 404, wrong method: 405, with Fn's sentences.
 */
import {
  APP_NOT_FOUND, FN_NOT_FOUND, TRIGGER_NOT_FOUND, methodNotAllowed, pathNotFound, type FnError
} from './fn-error.ts'
import type { FunctionSpec } from './instance.ts'
import { handlerOf, settingsOf, type ResolvedOptions } from './options.ts'

export type Route =
  | { readonly kind: 'call', readonly spec: FunctionSpec, readonly isTrigger: boolean }
  | { readonly kind: 'raw', readonly path: string, readonly query: URLSearchParams }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'fixed', readonly body: string }
  | { readonly kind: 'refused', readonly error: FnError }

/** The server whose behaviour was read for this one. */
const VERSION = '{"version":"0.3.753"}'
const HELLO = '{"goto":"https://github.com/fnproject/fn","hello":"world!"}'

/** Path of a request target in origin form, still percent-encoded. */
export function pathOf (target = '/'): string {
  const mark = target.indexOf('?')
  return mark === -1 ? target : target.slice(0, mark)
}

export function routeOf (options: ResolvedOptions, method: string, target: string): Route {
  const path = pathOf(target)
  if (path.startsWith('/invoke/')) return invokeRoute(options, method, path)
  if (path.startsWith('/t/')) return triggerRoute(options, method, path)
  if (path.startsWith('/raw/')) {
    return { kind: 'raw', path, query: new URLSearchParams(target.slice(path.length + 1)) }
  }
  const isGet = method === 'GET'
  switch (path) {
    case '/version':
      return isGet ? { kind: 'fixed', body: VERSION } : refused(methodNotAllowed(method, path))
    case '/':
      return isGet ? { kind: 'fixed', body: HELLO } : refused(methodNotAllowed(method, path))
    case '/metrics':
      return isGet ? { kind: 'metrics' } : refused(methodNotAllowed(method, path))
    default:
      return refused(pathNotFound(method, path))
  }
}

function invokeRoute (options: ResolvedOptions, method: string, path: string): Route {
  const fnId = decoded(path.slice('/invoke/'.length))
  if (fnId === undefined || fnId === '' || fnId.includes('/')) return refused(pathNotFound(method, path))
  if (method !== 'POST') return refused(methodNotAllowed(method, path))
  return callRoute(options, fnId, false, FN_NOT_FOUND)
}

function triggerRoute (options: ResolvedOptions, method: string, path: string): Route {
  const rest = path.slice('/t/'.length)
  const slash = rest.indexOf('/')
  const app = decoded(slash === -1 ? rest : rest.slice(0, slash))
  const source = slash === -1 ? '/' : decoded(rest.slice(slash))
  if (app === undefined || app === '' || source === undefined) return refused(pathNotFound(method, path))
  if (app !== options.app) return refused(APP_NOT_FOUND)
  const fnId = Object.hasOwn(options.triggers, source) ? options.triggers[source] : source.slice(1)
  return callRoute(options, fnId ?? '', true, TRIGGER_NOT_FOUND)
}

function callRoute (options: ResolvedOptions, fnId: string, isTrigger: boolean, otherwise: FnError): Route {
  const handler = handlerOf(fnId)
  if (handler === undefined) return refused(otherwise)
  return { kind: 'call', isTrigger, spec: { fnId, app: options.app, handler, settings: settingsOf(options, fnId) } }
}

function refused (error: FnError): Route {
  return { kind: 'refused', error }
}

function decoded (text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
