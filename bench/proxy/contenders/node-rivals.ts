/**
 * The proxies that a Node team would take, each a small server of its own under `rivals/`, run by the very Node
 * that runs the bench. Same ring, same forwarded headers, keep-alive on both sides.
 */
import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { packageVersion } from '../tools.ts'

function nodeRival (id: string, title: string, packageName: string, settings: string): Contender {
  return {
    id,
    title,
    kind: 'node',
    settings,
    version: root => packageVersion(root, packageName),
    async launch ({ processes, root, backendPorts, port, cpus }) {
      return await processes.start({
        name: title,
        command: process.execPath,
        args: [join(root, 'dist/bench/proxy/rivals', `${id}.js`), String(port), backendPorts.join(',')],
        cpus,
        logsToStdout: true
      })
    }
  }
}

export const nodeRivals: readonly Contender[] = [
  nodeRival('node-undici', 'node:http + undici', 'undici', 'one Pool per node, dispatch() with raw headers'),
  nodeRival('fast-proxy', 'fast-proxy', 'fast-proxy', 'undici, one instance per node, URL cache above the key count'),
  nodeRival('http-proxy-3', 'http-proxy-3', 'http-proxy-3', 'xfwd, keep-alive http.Agent, targets parsed once')
]
