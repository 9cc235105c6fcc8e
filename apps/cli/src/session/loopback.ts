import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tooLate, type Redirect } from './issuer';

const PATH = '/callback';
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>TaskRunner</title>
<p>The answer has arrived. Go back to the terminal; this page can be closed.</p></html>`;

/** Receives the answer of a browser on 127.0.0.1, once. */
export class Loopback implements Redirect {
  private constructor(
    private readonly server: Server,
    readonly address: string,
    readonly answer: Promise<URL>,
  ) {}

  /** Listens on a free port. The answer rejects with `CLI_LOGIN_FAILED` when `signal` is aborted. */
  static async listen(signal: AbortSignal): Promise<Loopback> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = new Promise<URL>((resolve, reject) => {
      server.on('request', (request, response) => {
        const url = new URL(request.url ?? '/', origin);
        // Browsers ask for an icon too, and the answer of the issuer has one of these.
        const isAnswer = ['code', 'error'].some((name) => url.searchParams.has(name));
        const isOurs = request.method === 'GET' && url.pathname === PATH && isAnswer;
        response
          .writeHead(isOurs ? 200 : 404, { 'content-type': 'text/html; charset=utf-8', connection: 'close' })
          .end(isOurs ? PAGE : '');
        if (isOurs) response.once('close', () => resolve(url));
      });
      const end = (): void => reject(tooLate());
      if (signal.aborted) end();
      signal.addEventListener('abort', end, { once: true });
    });
    // It may be late before somebody waits for it.
    answer.catch(() => undefined);
    return new Loopback(server, `${origin}${PATH}`, answer);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
