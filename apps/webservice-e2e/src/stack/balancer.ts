import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A backend of a balancer: its address and its readiness endpoint. */
interface Backend {
  readonly url: string;
  readonly health: string;
}

const PROBE_MS = 250;

/**
 * A balancer like that of a Kubernetes Service. It polls the readiness of each backend, distributes new connections among ready ones in
 * turn, and leaves open connections alone. It does not interpret the traffic and never retries, so clients observe every connection that a
 * backend cuts.
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

  /** Adds a ready backend. */
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
