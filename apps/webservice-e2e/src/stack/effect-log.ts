import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An effect of a step outside of the product. */
export interface Effect {
  /** Time of the request, milliseconds since the epoch. */
  readonly at: number;
  readonly path: string;
}

/**
 * Effects of steps, recorded outside of the product. Each request is a line that is on the disk before the response. Neither workers nor
 * the database can change it.
 */
export class EffectLog {
  readonly effects: Effect[] = [];
  /** The response to a path: its delay in milliseconds and its status. */
  answer: (path: string) => { readonly afterMs?: number; readonly status?: number } = () => ({});
  private readonly server: Server;
  private readonly file: number;

  private constructor(file: string) {
    this.file = openSync(file, 'a');
    this.server = createServer((request, response) => {
      const path = request.url ?? '';
      request.resume().on('end', () => this.take(path, response));
    });
  }

  /** Listens on loopback, by default on a free port. */
  static async open(file: string, port = 0): Promise<EffectLog> {
    const log = new EffectLog(file);
    await new Promise<void>((resolve) => log.server.listen(port, '127.0.0.1', resolve));
    return log;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Egress rule for the stack's configuration. */
  get allowed(): object {
    return { host: '127.0.0.1', ports: [this.port], cidr: '127.0.0.0/8', plainHttp: true };
  }

  /** Paths below a prefix, without it, in order. */
  paths(prefix: string): readonly string[] {
    return this.effects.flatMap(({ path }) => (path.startsWith(prefix) ? [path.slice(prefix.length)] : []));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
    closeSync(this.file);
  }

  private take(path: string, response: ServerResponse): void {
    const effect = { at: Date.now(), path };
    writeSync(this.file, `${JSON.stringify(effect)}\n`);
    fsyncSync(this.file);
    this.effects.push(effect);
    const { afterMs = 0, status = 200 } = this.answer(path);
    const end = (): unknown => response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    const timer = setTimeout(end, afterMs);
    // The client has disconnected, or the test has ended.
    response.on('close', () => clearTimeout(timer));
  }
}
