/**
 * HAProxy with consistent hashing and bounded load (`hash-balance-factor 125`): one thread, HTTP keep-alive on both
 * sides, idle server connections shared by all clients (`http-reuse always`), no log, large
 * responses spliced in the kernel (half the CPU at 1 MiB).
 */
import { writeFileSync } from 'node:fs'
import type { Contender, StartContext } from '../contender.ts'
import { programVersion } from '../tools.ts'

function configuration ({ port, backendPorts, maxClients }: StartContext): string {
  return `global
  nbthread 1
  maxconn ${maxClients}
  maxpipes 256
defaults
  mode http
  timeout connect 1s
  timeout client 300s
  timeout server 300s
  timeout http-request 300s
  timeout http-keep-alive 3600s
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  default_backend runners
backend runners
  balance uri
  hash-type consistent
  hash-balance-factor 125
  http-reuse always
  option splice-response
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default-server pool-purge-delay 3600s
${backendPorts.map((backend, i) => `  server node${i} 127.0.0.1:${backend}`).join('\n')}
`
}

export const haproxy: Contender = {
  id: 'haproxy',
  title: 'HAProxy',
  kind: 'native',
  settings: 'balance uri; hash-type consistent; hash-balance-factor 125; nbthread 1; http-reuse always; ' +
    'splice-response',
  version: () => programVersion('haproxy', ['-v'], /HAProxy version (\S+)/),
  async launch (context) {
    const { processes, directory, cpus, tag } = context
    const file = `${directory}/haproxy-${tag}.cfg`
    writeFileSync(file, configuration(context))
    return await processes.start({
      name: 'HAProxy',
      command: 'haproxy',
      args: ['-db', '-f', file],
      cpus,
      logsToStdout: true
    })
  }
}
