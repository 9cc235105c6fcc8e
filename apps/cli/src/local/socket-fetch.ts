import { request as sendRequest, Agent } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Statuses whose responses have no body (Fetch Standard, null body status). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** `fetch` over a unix socket, which that of Node.js cannot do. `close` ends its connections. */
export function socketFetch(socketPath: string): {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly close: () => void;
} {
  const agent = new Agent({ keepAlive: true });
  return { fetch: (request) => fetchOver(socketPath, agent, request), close: () => agent.destroy() };
}

function fetchOver(socketPath: string, agent: Agent, request: Request): Promise<Response> {
  const { method, signal, body } = request;
  const { pathname, search } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown): void => {
      const reason: unknown = signal.aborted ? signal.reason : error;
      reject(reason instanceof Error ? reason : new Error(String(reason)));
    };
    if (signal.aborted) return refuse(signal.reason);
    const sent = sendRequest({ socketPath, agent, method, path: `${pathname}${search}`, headers });
    const abort = (): void => void sent.destroy(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    sent.once('close', () => signal.removeEventListener('abort', abort));
    sent.once('error', refuse);
    sent.once('response', (incoming) => {
      const { statusCode: status = 0, statusMessage: statusText = '' } = incoming;
      const answered = new Headers();
      for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2)
        answered.append(incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '');
      const isEmpty = WITHOUT_BODY.has(status) || method === 'HEAD';
      if (isEmpty) incoming.resume();
      const content = isEmpty ? null : (Readable.toWeb(incoming) as ConstructorParameters<typeof Response>[0]);
      resolve(new Response(content, { status, statusText, headers: answered }));
    });
    if (body === null) sent.end();
    else pipeline(Readable.fromWeb(body), sent).catch(refuse);
  });
}
