/**
 * fnlb as a user starts it: `fnlb serve -c file`, static nodes, no access log (as with every contender). The nodes'
 * capacity and connections are set above the load, as nginx's and HAProxy's are: shedding is not what is measured
 * here. All else is default, so it also pays for what the rivals do not do: request ids and probes.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from '../contender.ts'

function configuration (port: number, adminPort: number, threads: number, backendPorts: readonly number[]): string {
  return `listen: "127.0.0.1:${port}"
workers: ${threads}
drain_timeout: 1s
readiness_delay: 0s
admin:
  listen: "127.0.0.1:${adminPort}"
log:
  access: "off"
pools:
  fn:
    upstream:
      max_connections: 1024
      max_idle: 1024
    nodes:
${backendPorts.map(backend => `      - { address: "127.0.0.1:${backend}", capacity: 256 }`).join('\n')}
`
}

export const fnlb: Contender = {
  id: 'fnlb',
  title: 'fnlb',
  kind: 'fnlb',
  settings: 'workers 1; static nodes of capacity 256; upstream max_idle 1024; access log off',
  version: root => existsSync(join(root, 'dist/bin/fnlb.js')) ? 'this tree' : undefined,
  async launch ({ processes, directory, root, backendPorts, port, sparePort, cpus, threads, tag }) {
    const file = `${directory}/fnlb-${tag}.yaml`
    writeFileSync(file, configuration(port, sparePort, threads, backendPorts))
    return await processes.start({
      name: 'fnlb',
      command: process.execPath,
      args: [join(root, 'dist/bin/fnlb.js'), 'serve', '-c', file],
      cpus,
      logsToStdout: true
    })
  }
}
