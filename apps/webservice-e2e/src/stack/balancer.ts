import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What stands behind a balancer: where it answers, and where it says whether it is ready. */
interface Backend {
  readonly url: string;
  readonly health: string;
}

const PROBE_MS = 250;

/**
 * A balancer as it stands before a Service: it asks each backend whether it is ready, gives new connections to those that are, in turn, and
 * leaves those that are open alone. It looks into none and tries nothing twice, so what a backend cuts off its client feels.
 */
export class Balancer {
  private readonly backends = new Map<Backend, boolean>();
  private readonly sockets = new Set<Socket>();
  private readonly stopping = new AbortController();
  private next = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Balancer> {
    const server = createServer();
    const balancer = new Balancer(server);
    server.on('connection', (client) => balancer.serve(client));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    void balancer.probe();
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** One that is ready. */
  add(backend: Backend): void {
    this.backends.set(backend, true);
  }

  remove(backend: Backend): void {
    this.backends.delete(backend);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private serve(client: Socket): void {
    const ready = [...this.backends].filter(([, isReady]) => isReady).map(([backend]) => backend);
    const backend = ready[this.next++ % Math.max(1, ready.length)];
    if (!backend) return void client.destroy();
    const { hostname, port } = new URL(backend.url);
    const upstream = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.end();
      });
      one.pipe(other);
    }
  }

  private async probe(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await Promise.all(
        [...this.backends.keys()].map(async (backend) => {
          const answer = await fetch(`${backend.health}/health/ready`, { signal }).catch(() => null);
          await answer?.body?.cancel();
          if (this.backends.has(backend)) this.backends.set(backend, answer?.status === 200);
        }),
      );
      await delay(PROBE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
