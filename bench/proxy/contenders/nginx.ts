/**
 * nginx with `hash $uri consistent` (ketama) in its documented fast form: one worker, HTTP/1.1 keep-alive to the
 * upstreams, no access log, request bodies streamed in reads as large as a body (16 KiB reads cost it twice the CPU
 * at 64 KiB), response buffers that never reach the disk.
 */
import { writeFileSync } from 'node:fs'
import type { Contender, StartContext } from '../contender.ts'
import { nginxMain, nginxTemporaryPaths } from '../nginx-paths.ts'
import { programVersion } from '../tools.ts'

function configuration (
  directory: string, name: string, { port, backendPorts, maxClients }: StartContext
): string {
  return `${nginxMain(directory, name)}
events {
  worker_connections ${2 * maxClients + 100};
}
http {
  access_log off;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_buffer_size 128k;
${nginxTemporaryPaths(directory, name)}
  upstream runners {
    hash $uri consistent;
${backendPorts.map(backend => `    server 127.0.0.1:${backend};`).join('\n')}
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://runners;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_request_buffering off;
      proxy_buffers 16 16k;
      proxy_max_temp_file_size 0;
    }
  }
}
`
}

export const nginx: Contender = {
  id: 'nginx',
  title: 'nginx',
  kind: 'native',
  settings: 'hash $uri consistent; worker_processes 1; upstream keepalive 1024; proxy_request_buffering off; ' +
    'client_body_buffer_size 128k',
  version: () => programVersion('nginx', ['-v'], /nginx\/(\S+)/),
  async launch (context) {
    const { processes, directory, cpus, tag } = context
    const name = `nginx-${tag}`
    const file = `${directory}/${name}.conf`
    writeFileSync(file, configuration(directory, name, context))
    return await processes.start({
      name: 'nginx',
      command: 'nginx',
      args: ['-p', directory, '-e', 'stderr', '-c', file],
      cpus,
      logsToStdout: true
    })
  }
}
