import { parseTarget } from '@taskrunner/core/egress';
import { request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Attempt } from './attempt';
import { statusOf } from './tunnel';

/** Hop-by-hop headers (RFC 9110 §7.6.1), and headers that the proxy sets itself. */
const OWN = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'taskrunner-egress',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Forwards one plain HTTP request. The request is parsed, evaluated and serialized again, so that the server receives exactly what was
 * evaluated.
 */
export async function forward(attempt: Attempt, request: IncomingMessage, response: ServerResponse): Promise<void> {
  attempt.note({ via: 'http' });
  const { url = '', method = 'GET' } = request;
  const target = parseTarget(url);
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (target === null || target.scheme !== 'http' || hosts.length !== 1 || method === 'TRACE') {
    attempt.refuse('EGRESS_REQUEST_INVALID');
    return refuse(response, attempt);
  }
  const socket = await attempt.dial(target);
  if (socket === null) return refuse(response, attempt);
  if (response.destroyed) {
    attempt.end('EGRESS_CUT');
    socket.destroy();
    return;
  }
  const { limits, spend } = attempt.context;
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const chunked = request.headers['transfer-encoding'] !== undefined;
  const upstream = send({
    createConnection: () => socket,
    setHost: false,
    method,
    path: /^http:\/\/[^/?#]+([^#]*)/i.exec(url)?.[1]?.replace(/^(?!\/)/, '/') ?? '/',
    maxHeaderSize: limits.headerBytes,
    headers: [
      ['Host', target.port === 80 ? host : `${host}:${target.port}`],
      ...carried(request),
      ...(chunked ? [['Transfer-Encoding', 'chunked'] as const] : []),
      ['Connection', 'close'],
    ].flat(),
  });
  const finish = (code: 'EGRESS_ALLOWED' | 'EGRESS_IDLE' | 'EGRESS_LIMIT' | 'EGRESS_UNREACHABLE'): void => {
    attempt.end(code);
    socket.destroy();
    if (!response.headersSent) refuse(response, attempt);
    else if (!response.writableEnded) response.destroy();
  };
  const spent = (chunk: Buffer): void => {
    if (!spend(chunk.length)) finish('EGRESS_LIMIT');
  };
  attempt.flows = true;
  socket.setTimeout(limits.idleMs, () => finish('EGRESS_IDLE'));
  upstream.on('error', () => finish('EGRESS_UNREACHABLE'));
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, [...carried(answer), ['Connection', 'close'] as const].flat());
    answer.on('data', spent).pipe(response);
    answer.on('error', () => finish('EGRESS_UNREACHABLE'));
    response.once('close', () => finish('EGRESS_ALLOWED'));
  });
  response.once('close', () => finish('EGRESS_ALLOWED'));
  request.on('error', () => finish('EGRESS_ALLOWED'));
  request.on('data', spent).pipe(upstream);
}

/** The end-to-end headers, in their original spelling. */
function carried({ rawHeaders, headers }: IncomingMessage): (readonly [string, string])[] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (!OWN.has(name.toLowerCase()) && !named.includes(name.toLowerCase())) pairs.push([name, value]);
  }
  return pairs;
}

function refuse(response: ServerResponse, { code }: Pick<Attempt, 'code'>): void {
  if (response.destroyed) return;
  const status = { malformed: 400, denied: 403, away: 502 }[statusOf(code)];
  // An http step recognizes responses of the proxy by this header. It is never forwarded from a server.
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close', 'taskrunner-egress': code ?? '' });
  response.end(`${code}\n`);
}
