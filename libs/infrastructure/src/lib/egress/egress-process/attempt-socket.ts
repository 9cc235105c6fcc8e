import { chmodSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EgressAttempt } from '@taskrunner/core/egress';
import { Attempt, type AttemptContext } from './attempt';
import { forward } from './plain-request';
import type { ToProxy } from './protocol';
import type { Resolve } from './resolver';
import { answer, openTunnel } from './tunnel';

type Order = Extract<ToProxy, { type: 'open' }>;

/** The egress socket of one step: a Unix socket with its own allowlist and log. */
export class AttemptSocket {
  private readonly server: Server;
  private readonly began = performance.now();
  private readonly clients = new Set<Socket>();
  private readonly used = new WeakSet<Socket>();
  private readonly open = new Set<Attempt>();
  private readonly context: AttemptContext;
  private count = 0;
  private bytesLeft: number;

  constructor(
    private readonly order: Order,
    resolve: Resolve,
    private readonly send: (attempt: EgressAttempt) => void,
  ) {
    const { rules, platform, limits } = order;
    this.bytesLeft = limits.bytes;
    this.context = {
      rules,
      platform,
      limits,
      resolve,
      elapsedMs: () => Math.round(performance.now() - this.began),
      spend: (bytes) => (this.bytesLeft -= bytes) >= 0,
      record: (attempt) => this.send(attempt),
    };
    this.server = createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.idleMs,
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(limits.idleMs, 30_000),
      // The proxy must record every attempt, so Node must not reject requests by itself.
      requireHostHeader: false,
    });
    this.server.maxConnections = limits.connections;
    this.listenToServer();
  }

  /** Resolves when steps can connect. The folder excludes other users; the mode admits a step that runs as another user. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.order.path, () => resolve());
    });
    chmodSync(this.order.path, 0o666);
  }

  /** Flushes the data that was sent, cuts active connections, records them and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const cut = setTimeout(() => {
      for (const client of this.clients) client.destroy();
    }, this.order.limits.drainMs);
    await closed;
    clearTimeout(cut);
    for (const attempt of this.open) attempt.end(attempt.flows ? 'EGRESS_ALLOWED' : 'EGRESS_CUT');
    try {
      unlinkSync(this.order.path);
    } catch {
      // The server has already removed it.
    }
  }

  private listenToServer(): void {
    const { server } = this;
    server.on('connection', (socket: Socket) => {
      this.clients.add(socket);
      socket.once('close', () => this.clients.delete(socket));
    });
    server.on('drop', () => this.begin()?.refuse('EGRESS_LIMIT'));
    server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const attempt = this.first(socket);
      if (attempt !== null) this.run(attempt, socket, openTunnel(attempt, request.url ?? '', socket, head));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const attempt = this.first(request.socket);
      response.shouldKeepAlive = false;
      if (attempt !== null) this.run(attempt, request.socket, forward(attempt, request, response));
    });
    server.on('clientError', (_error: Error, socket: Socket) => {
      // A connection that sent nothing is no attempt. An active one records itself.
      if (socket.bytesRead === 0 || this.used.has(socket)) return void socket.destroy();
      this.first(socket)?.refuse('EGRESS_REQUEST_INVALID');
      answer(socket, { code: 'EGRESS_REQUEST_INVALID' });
    });
  }

  private run(attempt: Attempt, socket: Socket, work: Promise<void>): void {
    work.catch(() => {
      attempt.end('EGRESS_CUT');
      socket.destroy();
    });
  }

  /** Begins the only attempt of a connection. A second one ends the connection. */
  private first(socket: Socket): Attempt | null {
    const attempt = this.begin();
    const again = this.used.has(socket);
    this.used.add(socket);
    if (attempt !== null && !again) return attempt;
    attempt?.refuse('EGRESS_REQUEST_INVALID');
    socket.destroy();
    return null;
  }

  /** Begins an attempt. Returns null if the limit is reached; the socket then accepts no more. */
  private begin(): Attempt | null {
    const { attempts } = this.order.limits;
    if (this.count > attempts) return null;
    const attempt: Attempt = new Attempt(
      {
        ...this.context,
        record: (record) => {
          this.open.delete(attempt);
          this.send(record);
        },
      },
      ++this.count,
    );
    this.open.add(attempt);
    if (this.count <= attempts) return attempt;
    attempt.refuse('EGRESS_LIMIT');
    this.server.close();
    return null;
  }
}
