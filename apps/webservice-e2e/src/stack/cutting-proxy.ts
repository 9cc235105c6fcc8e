import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A forward proxy on loopback that closes the connections of some requests before there is an answer. It notes each request for the API. */
export class CuttingProxy {
  /** Paths of the requests that browsers sent through it. */
  readonly requests: string[] = [];
  private cut: RegExp | null = null;

  private constructor(private readonly server: Server) {
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) => this.pass(asked, answer));
  }

  static async open(): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CuttingProxy(server);
  }

  /** Address for a browser. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on it cuts requests whose path matches; null: none. */
  cuts(path: RegExp | null): void {
    this.cut = path;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { hostname, port, pathname, search } = new URL(asked.url ?? '');
    if (pathname.startsWith('/api/')) this.requests.push(pathname);
    if (this.cut?.test(pathname) === true) return void asked.socket.destroy();
    const { method, headers } = asked;
    const passed = request({ host: hostname, port, path: `${pathname}${search}`, method, headers }, (received) => {
      answer.writeHead(received.statusCode ?? 502, received.headers);
      received.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  }
}
