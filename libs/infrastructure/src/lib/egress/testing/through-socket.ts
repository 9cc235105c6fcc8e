import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** Sends bytes to a Unix socket and reads until the peer closes. */
export function exchange(path: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve(text) : reject(error),
    );
    socket.on('close', () => resolve(text));
  });
}

/** The status in a response's first line; 0 if there is none. */
export function statusIn(text: string): number {
  return Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(text)?.[1] ?? 0);
}

/** Opens a tunnel through a socket. Returns the head of the response if the tunnel was refused. */
export function openTunnelTo(path: string, authority: string): Promise<Socket | string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`));
    let head = '';
    const onData = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onData);
      socket.pause();
      if (statusIn(head) === 200) return resolve(socket);
      socket.destroy();
      resolve(head);
    };
    socket.on('data', onData);
    socket.on('error', reject);
    socket.on('close', () => resolve(head));
  });
}

/** Opens TLS over a tunnel. `servername` may differ from the tunnel's host. Null if the connection was cut. */
export function tlsOver(socket: Socket, ca: string, servername: string): Promise<TLSSocket | null> {
  return new Promise((resolve) => {
    const tls = connectTls({ socket, ca, servername, checkServerIdentity: () => undefined }, () => resolve(tls));
    tls.on('error', () => resolve(null));
    tls.on('close', () => resolve(null));
  });
}

/** Sends one GET over an open TLS connection and reads to its end. */
export function getOver(tls: TLSSocket, host: string, path = '/'): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    tls.setEncoding('utf8');
    tls.on('data', (chunk: string) => (text += chunk));
    tls.on('close', () => resolve(text));
    tls.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}
