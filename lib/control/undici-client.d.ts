/** The part of undici that probes need; the package has no types for the inner path. */
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici'
  export default Client
}
