/**
 * Finds Fn's Function Developer Kit for Node. It is a development dependency: a production install of fnlb does not
 * have it, and only the functions of the demo use it.
 */
import { createRequire } from 'node:module'
import { DemoError } from './errors.ts'

/**
 * Checks that functions started from `from` will find the FDK.
 * @param from file URL or path from which to resolve; default: this file, as the functions beside it do.
 * @throws DemoError `FNLB_DEMO_NO_FDK`
 */
export function requireFdk (from: string | URL = import.meta.url): void {
  try {
    createRequire(from).resolve('@fnproject/fdk')
  } catch (cause) {
    throw new DemoError('FNLB_DEMO_NO_FDK',
      'the demo runners need @fnproject/fdk, which is not installed here: run "npm ci" in a clone of fnlb ' +
      '(it is a development dependency), or name your own runners with --node host:port', cause)
  }
}
