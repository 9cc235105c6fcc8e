import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tooLate, type Redirect } from './issuer';

const PATH = '/callback';
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>TaskRunner</title>
<p>The answer has arrived. Go back to the terminal; this page can be closed.</p></html>`;

/** An answer that is waited for. */
interface Awaited {
  readonly state: string;
  readonly take: (answer: URL) => void;
}

/** Receives the answer of a browser on 127.0.0.1, once. Every process and page of this machine can send requests to it. */
export class Loopback implements Redirect {
  private awaited: Awaited | null = null;

  private constructor(
    private readonly server: Server,
    private readonly origin: string,
    private readonly signal: AbortSignal,
  ) {
    server.on('request', ({ method, url: target = '' }, response) => {
      const { status, answer } = this.judge(method, target);
      response
        .writeHead(status, { 'content-type': 'text/html; charset=utf-8', connection: 'close' })
        .end(answer === null ? '' : PAGE);
      if (answer === null) return;
      const { take } = answer;
      response.once('close', take);
    });
  }

  /** Listens on a free port. */
  static async listen(signal: AbortSignal): Promise<Loopback> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Loopback(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, signal);
  }

  get address(): string {
    return `${this.origin}${PATH}`;
  }

  /** The first request with this state and an answer of the issuer. Rejects with `CLI_LOGIN_FAILED` when the signal is aborted. */
  answerTo(state: string): Promise<URL> {
    const { signal } = this;
    const answer = new Promise<URL>((resolve, reject) => {
      this.awaited = { state, take: resolve };
      const end = (): void => reject(tooLate());
      if (signal.aborted) end();
      signal.addEventListener('abort', end, { once: true });
    });
    // It may be late before somebody waits for it.
    answer.catch(() => undefined);
    return answer;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** The status for a request. The answer that is waited for is taken once; requests without its state change nothing. */
  private judge(method: string | undefined, target: string): { status: number; answer: { take: () => void } | null } {
    const url = URL.canParse(target, this.origin) ? new URL(target, this.origin) : null;
    if (url === null || url.origin !== this.origin) return { status: 400, answer: null };
    // Browsers ask for an icon too.
    if (method !== 'GET' || url.pathname !== PATH) return { status: 404, answer: null };
    const { awaited } = this;
    const [state, ...others] = url.searchParams.getAll('state');
    const isAnswer = ['code', 'error'].some((name) => url.searchParams.has(name));
    if (awaited === null || state !== awaited.state || others.length > 0 || !isAnswer)
      return { status: 400, answer: null };
    this.awaited = null;
    return { status: 200, answer: { take: () => awaited.take(url) } };
  }
}
