/**
 * The part of an nginx configuration that keeps a private nginx off the system's directories: pid, log and every
 * temporary path lie in the bench's own directory, and a root-started one keeps reading that directory as root.
 */

/** Lines for the main context. */
export function nginxMain (directory: string, name: string): string {
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  return `${user}daemon off;
worker_processes 1;
pid ${directory}/${name}.pid;
error_log stderr error;
`
}

/** Lines for the http context. */
export function nginxTemporaryPaths (directory: string, name: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(kind => `  ${kind}_temp_path ${directory}/${name}-${kind};`).join('\n')
}
