/**
 * The runners' stand-in: one nginx worker that listens on several loopback ports, each port one node. It answers
 * from memory, keeps connections for ever, and costs less than any proxy under test, so that the proxy is what is
 * measured. A POST is answered only after its whole body came, as a runner does it; `checkBackends` proves that,
 * because an early answer would make some proxies drop the connection and others not.
 */
import { connect } from 'node:net'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, freePorts, waitUntilServes } from './local-http.ts'
import { nginxMain, nginxTemporaryPaths } from './nginx-paths.ts'
import type { Processes, RunningProcess } from './processes.ts'

export const blobBytes = 1024 * 1024

export interface Backends {
  readonly ports: readonly number[]
  readonly process: RunningProcess
  /** What `?size=1m` answers. */
  readonly blob: Buffer
}

/** What a backend says of a request, read back by the checks. */
export interface BackendAnswer {
  readonly port: number
  /** Requests that its connection has carried, this one included. */
  readonly connectionRequests: number
  /** Head and body, as received. */
  readonly requestBytes: number
}

/** `return` alone would answer before the body is read; `mirror` is the stock module that reads it first. */
function configuration (directory: string, ports: readonly number[]): string {
  const answer = 'return 200 "backend $server_port $connection_requests $request_length\\n";'
  return `${nginxMain(directory, 'backends')}
events {
  worker_connections 16384;
}
http {
  access_log off;
  default_type text/plain;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  client_body_buffer_size 128k;
  client_max_body_size 0;
${nginxTemporaryPaths(directory, 'backends')}
  server {
${ports.map(port => `    listen 127.0.0.1:${port} backlog=4096;`).join('\n')}
    location /invoke/ {
      if ($arg_size) { rewrite ^ /blob last; }
      if ($request_method = GET) { ${answer} }
      mirror /sink;
      empty_gif;
      error_page 405 =200 @answer;
    }
    location @answer { ${answer} }
    location = /sink { internal; return 204; }
    location = /blob { alias ${directory}/blob; open_file_cache max=10; }
    location = /version { return 200 "bench\\n"; }
  }
}
`
}

/** @throws Error when the body is not one that a backend writes */
export function parseAnswer (body: string): BackendAnswer {
  const match = /^backend (\d+) (\d+) (\d+)\n$/.exec(body)
  if (match === null) throw new Error(`not an answer of a backend: ${JSON.stringify(body.slice(0, 120))}`)
  return { port: Number(match[1]), connectionRequests: Number(match[2]), requestBytes: Number(match[3]) }
}

export async function startBackends (
  processes: Processes, directory: string, count: number, cpus: string | null
): Promise<Backends> {
  const ports = await freePorts(count)
  const blob = randomBytes(blobBytes)
  writeFileSync(`${directory}/blob`, blob)
  writeFileSync(`${directory}/backends.conf`, configuration(directory, ports))
  const nginx = await processes.start({
    name: 'backend nginx',
    command: 'nginx',
    args: ['-p', directory, '-e', 'stderr', '-c', `${directory}/backends.conf`],
    cpus,
    logsToStdout: true
  })
  await waitUntilServes(nginx, ports[0] as number, '/version', 5000)
  const backends = { ports, process: nginx, blob }
  await checkBackends(backends)
  return backends
}

async function checkBackends ({ ports, blob }: Backends): Promise<void> {
  const port = ports[0] as number
  const got = await call({ port, path: '/invoke/fn1?size=1m' })
  if (!got.body.equals(blob)) throw new Error('the backend does not serve its 1 MiB body unchanged')
  const posted = await call({ port, path: '/invoke/fn1', body: Buffer.alloc(65536) })
  if (parseAnswer(posted.body.toString()).requestBytes < 65536) {
    throw new Error('the backend did not read a 64 KiB body')
  }
  await checkAnswerWaitsForBody(port)
}

/** Half a body, a pause, the rest: an answer within the pause is the fault that is looked for. */
async function checkAnswerWaitsForBody (port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const pauseMs = 100
  let answered = false
  const firstBytes = new Promise<void>((resolve, reject) => {
    socket.once('data', () => { answered = true; resolve() })
    socket.once('error', reject)
    socket.once('close', () => { reject(new Error('the backend closed instead of answering a POST in two parts')) })
  })
  try {
    socket.write('POST /invoke/fn1 HTTP/1.1\r\nHost: bench\r\nContent-Length: 10\r\n\r\n12345')
    await sleep(pauseMs)
    if (answered) throw new Error('the backend answers a POST before its body came: the POST rows would mean nothing')
    socket.write('67890')
    await firstBytes
  } finally {
    socket.destroy()
  }
}
