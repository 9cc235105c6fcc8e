import { parseAuthority, type AttemptCode } from '@taskrunner/core/egress';
import type { Socket } from 'node:net';
import type { Attempt } from './attempt';
import { readClientHello } from './client-hello';

/**
 * Opens a `CONNECT host:port` tunnel for one TLS connection whose ClientHello names exactly that host. No data of the step is sent before
 * its ClientHello was read completely.
 */
export async function openTunnel(attempt: Attempt, authority: string, client: Socket, head: Buffer): Promise<void> {
  attempt.note({ via: 'connect' });
  client.on('error', () => undefined);
  const parsed = parseAuthority(authority);
  if (parsed === null || parsed.port === null) {
    attempt.refuse('EGRESS_HOST_INVALID');
    return answer(client, attempt);
  }
  const { host, port } = parsed;
  const upstream = await attempt.dial({ scheme: 'https', host, port });
  if (upstream === null) return answer(client, attempt);
  if (client.destroyed) {
    attempt.end('EGRESS_CUT');
    upstream.destroy();
    return;
  }
  upstream.on('error', () => undefined);
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  const hello = await readHello(attempt, client, head);
  if (hello === null || !judge(attempt, hello, host)) {
    client.destroy();
    upstream.destroy();
    return;
  }
  splice(attempt, client, upstream, hello);
}

/** The bytes up to the end of the ClientHello, and those received with them. Null if the client disconnected or exceeded a limit. */
async function readHello(attempt: Attempt, client: Socket, head: Buffer): Promise<Buffer | null> {
  const { idleMs, headerBytes } = attempt.context.limits;
  let bytes = head;
  return new Promise((resolve) => {
    const finish = (value: Buffer | null): void => {
      client.off('data', onData);
      client.off('end', onEnd);
      client.off('close', onEnd);
      client.setTimeout(0);
      client.pause();
      resolve(value);
    };
    const onEnd = (): void => {
      attempt.refuse('EGRESS_TLS_INVALID');
      finish(null);
    };
    const check = (): void => {
      if (readClientHello(bytes).kind !== 'partial') finish(bytes);
      else if (bytes.length > headerBytes) onEnd();
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      check();
    };
    client.setTimeout(idleMs, () => {
      attempt.refuse('EGRESS_IDLE');
      finish(null);
    });
    client.on('data', onData);
    client.once('end', onEnd);
    client.once('close', onEnd);
    check();
  });
}

function judge(attempt: Attempt, bytes: Buffer, host: string): boolean {
  const hello = readClientHello(bytes);
  if (hello.kind === 'partial') return false;
  attempt.note({ sni: hello.sni });
  if (hello.kind === 'refused') attempt.refuse(hello.code);
  else if (hello.sni !== host) attempt.refuse('EGRESS_SNI_MISMATCH');
  else return true;
  return false;
}

/** Copies data in both directions until both have ended. */
function splice(attempt: Attempt, client: Socket, upstream: Socket, first: Buffer): void {
  const { limits, spend } = attempt.context;
  const finish = (code: 'EGRESS_ALLOWED' | 'EGRESS_IDLE' | 'EGRESS_LIMIT' | 'EGRESS_CUT'): void => {
    attempt.end(code);
    // After an orderly end, the step still receives buffered data.
    if (code === 'EGRESS_ALLOWED') client.destroySoon();
    else client.destroy();
    upstream.destroy();
  };
  const spent = (chunk: Buffer): void => {
    if (!spend(chunk.length)) finish('EGRESS_LIMIT');
  };
  for (const socket of [client, upstream]) {
    socket.on('error', () => finish('EGRESS_ALLOWED'));
    socket.once('close', () => finish('EGRESS_ALLOWED'));
    socket.setTimeout(limits.idleMs, () => finish('EGRESS_IDLE'));
  }
  attempt.flows = true;
  spent(first);
  if (attempt.isOver) return;
  upstream.write(first);
  client.on('data', spent).pipe(upstream);
  upstream.on('data', spent).pipe(client);
}

/** Sends a response of the proxy and closes the connection. The code gives the step's client the reason. */
export function answer(client: Socket, { code }: Pick<Attempt, 'code'>): void {
  const [status, reason] = STATUS[statusOf(code)];
  const body = `${code}\n`;
  client.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const STATUS = { malformed: [400, 'Bad Request'], denied: [403, 'Forbidden'], away: [502, 'Bad Gateway'] } as const;

/** The HTTP status for a code. */
export function statusOf(code: AttemptCode | null): keyof typeof STATUS {
  if (code === 'EGRESS_HOST_INVALID' || code === 'EGRESS_REQUEST_INVALID') return 'malformed';
  return code === 'EGRESS_UNREACHABLE' || code === 'EGRESS_UNRESOLVED' || code === 'EGRESS_IDLE' ? 'away' : 'denied';
}
