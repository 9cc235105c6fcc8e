import type { Server } from 'node:http';

/** The URL of a server that listens on `host`, as reachable from this machine; of one that listens on a socket, `unix:` and its path. */
export function listeningUrl(server: Server, host: string): string {
  const address = server.address();
  if (typeof address === 'string') return `unix:${address}`;
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
