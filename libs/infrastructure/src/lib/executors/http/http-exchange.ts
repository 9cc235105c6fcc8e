import { BrandedError } from '@taskrunner/core/foundation';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import type { Target } from '@taskrunner/core/egress';
import type { Dispatcher } from 'undici';
import type { HttpRequest } from './http-request';

/** Settings of http steps. */
export interface HttpSettings {
  /** Maximum size of a body that is returned in outputs, bytes. */
  readonly maxBodyBytes: number;
  /** Timeout without any data, milliseconds. */
  readonly timeoutMs: number;
  /** PEM texts of certificate authorities that are trusted besides the public ones. */
  readonly certificates: readonly string[];
}

export const DEFAULT_HTTP: HttpSettings = { maxBodyBytes: 1024 * 1024, timeoutMs: 60_000, certificates: [] };

/** Maximum size of a response head, bytes. */
const MAX_HEAD = 64 * 1024;
const PROXY_ANSWER = 4_096;

/** The proxy or TLS failed before a byte of the request was sent. */
export class NotSent extends BrandedError {
  static {
    this.brand('NotSent');
  }

  constructor(
    readonly code: string,
    message: string,
    readonly retryable: boolean,
  ) {
    super(message);
  }
}

/** One request and its response, through the proxy behind a Unix socket. */
interface HttpExchange {
  readonly answer: Promise<Dispatcher.ResponseData>;
  /** True as soon as bytes of the request may have reached the server. */
  readonly isSent: () => boolean;
  readonly close: () => void;
}

/** Sends the request. Redirects are not followed: the response is that of the first server. */
export async function exchange(
  path: string,
  request: HttpRequest,
  settings: HttpSettings,
  signal: AbortSignal,
): Promise<HttpExchange> {
  const { Client } = await import('undici');
  const { target, method, headers, body, url } = request;
  const { timeoutMs } = settings;
  const origin = new URL(url).origin;
  let isSent = false;
  const client = new Client(origin, {
    pipelining: 1,
    maxHeaderSize: MAX_HEAD,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: (_, done) => {
      dial(path, target, settings).then(
        (socket) => {
          isSent = true;
          done(null, socket);
        },
        (error: unknown) => done(error as Error, null),
      );
    },
  });
  const answer = client.request({
    // A proxy gets the whole URL, a server behind a tunnel only the path.
    path: target.scheme === 'http' ? url : url.slice(/^https:\/\/[^/?]+/i.exec(url)?.[0].length ?? 0).replace(/^(?!\/)/, '/'), // prettier-ignore
    method: method,
    headers: headers as Record<string, string | string[]>,
    body,
    signal,
  });
  return {
    answer,
    isSent: () => isSent,
    close: () => void client.destroy().catch(() => undefined),
  };
}

/** A connection to the server: for https a tunnel, and TLS that is verified over it. */
async function dial(path: string, target: Target, settings: HttpSettings): Promise<Socket> {
  const socket = await unixSocket(path, settings.timeoutMs);
  if (target.scheme === 'http') return handedOver(socket, socket);
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  await openTunnel(socket, `${host}:${target.port}`, target.host);
  return handedOver(socket, await verified(socket, target.host, settings));
}

/** From here on the client enforces the timeout. */
function handedOver(socket: Socket, over: Socket): Socket {
  socket.setTimeout(0);
  return over;
}

function unixSocket(path: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ path });
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new NotSent('HTTP_TIMEOUT', 'the server did not respond in time', true)),
    );
    socket.once('error', () => reject(new NotSent('EGRESS_UNAVAILABLE', 'the egress proxy has ended', true)));
    socket.once('connect', () => {
      socket.removeAllListeners('error').on('error', () => undefined);
      resolve(socket);
    });
  });
}

function openTunnel(socket: Socket, authority: string, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (error?: Error): void => {
      socket.destroy();
      reject(NotSent.is(error) ? error : refusedBy(text.trim().split('\n').at(-1) ?? '', host));
    };
    const onError = (error: Error): void => fail(error);
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (text.startsWith('HTTP/1.1 200 ') && text.endsWith('\r\n\r\n')) {
        socket.off('data', onData).off('error', onError).off('close', onClose);
        socket.pause();
        resolve();
      } else if (text.length > PROXY_ANSWER) fail();
    };
    const onClose = (): void => fail();
    socket.on('data', onData).on('error', onError).on('close', onClose);
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n`);
  });
}

/** Converts the proxy's response about `host` into a failure of the attempt. A name that cannot be resolved now may be resolvable later. */
export function refusedBy(answer: string, host: string): NotSent {
  const code = /^EGRESS_[A-Z_]+$/.exec(answer)?.[0] ?? 'EGRESS_UNAVAILABLE';
  const again = ['EGRESS_UNRESOLVED', 'EGRESS_UNREACHABLE', 'EGRESS_IDLE', 'EGRESS_UNAVAILABLE'];
  return new NotSent(code, WHY[code]?.(host) ?? `the egress proxy returned ${code}`, again.includes(code));
}

/** The host can be named: the log of the connections has it too. */
const WHY: Readonly<Partial<Record<string, (host: string) => string>>> = {
  EGRESS_UNRESOLVED: (host) => `the host ${host} cannot be resolved on the worker`,
  EGRESS_UNREACHABLE: (host) => `the host ${host} cannot be reached from the worker`,
};

function verified(socket: Socket, host: string, { certificates }: HttpSettings): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const tls = connectTls({
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(certificates.length === 0 ? {} : { ca: [...rootCertificates, ...certificates] }),
    });
    const fail = (error?: NodeJS.ErrnoException): void => {
      tls.destroy();
      reject(new NotSent('HTTP_TLS', `the TLS connection to the server failed: ${error?.code ?? 'the connection was closed'}`, error?.code === undefined || error.code === 'ECONNRESET')); // prettier-ignore
    };
    const onClose = (): void => fail();
    tls.once('error', fail).once('close', onClose);
    tls.once('secureConnect', () => {
      tls.off('error', fail).off('close', onClose);
      resolve(tls);
    });
  });
}
