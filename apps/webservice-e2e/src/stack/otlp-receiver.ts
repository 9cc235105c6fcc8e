import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A received span. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
}

interface Traces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: object }[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'service'>[] }[];
  }[];
}

/** A receiver of OTLP/HTTP in JSON on loopback. It stores all requests. */
export class OtlpReceiver {
  private readonly bodies: { readonly path: string; readonly text: string }[] = [];
  private readonly server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      this.bodies.push({ path: request.url ?? '', text: Buffer.concat(pieces).toString('utf8') });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** All text that a path received. */
  textOf(path: string): string {
    return this.bodies
      .filter((one) => one.path === path)
      .map(({ text }) => text)
      .join('\n');
  }

  /** Spans of one trace. */
  trace(traceId: string): readonly Span[] {
    return this.bodies
      .filter(({ path }) => path === '/v1/traces')
      .flatMap(({ text }) => (JSON.parse(text) as Traces).resourceSpans)
      .flatMap(({ resource, scopeSpans }) => {
        const named = resource.attributes.find(({ key }) => key === 'service.name');
        const service = String(Object.values(named?.value ?? {})[0]);
        return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
      })
      .filter((span) => span.traceId === traceId);
  }
}
