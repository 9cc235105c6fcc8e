import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that a step did outside of the product. */
export interface Effect {
  /** Milliseconds since the epoch, when the request had come. */
  readonly at: number;
  readonly path: string;
}

/**
 * What steps really did, as somebody outside saw it: each request is a line that is on the disk before it is answered. Neither workers
 * nor database can change it.
 */
export class EffectLog {
  readonly effects: Effect[] = [];
  /** How long a path's answer is held back, milliseconds; what it answers. */
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

  /** Listens on loopback: on a free port, unless told which. */
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

  /** What the configuration of the stack must list. */
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
    // Who asked has gone, or is cut off by the end of the test.
    response.on('close', () => clearTimeout(timer));
  }
}
