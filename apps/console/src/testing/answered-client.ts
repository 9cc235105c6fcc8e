import { createClient, type TaskRunnerClient } from '@taskrunner/client';

/** The client, with a function in place of the server. */
export function answeredClient(answer: (request: Request) => Response | Promise<Response>): TaskRunnerClient {
  return createClient({
    server: 'https://runner.example.org',
    token: () => 't',
    fetch: async (request) => answer(request),
  });
}

/** The query of a request, by name. */
export function queryOf({ url }: Request): Readonly<Record<string, string>> {
  return Object.fromEntries(new URL(url).searchParams);
}

const EVENTS = { headers: { 'content-type': 'text/event-stream' } };

/** A stream of server-sent events that ends. */
export function eventStream(events: readonly (readonly [id: number, data: object])[]): Response {
  return new Response(events.map(eventText).join(''), EVENTS);
}

/** A stream of server-sent events that stays open; a test writes to it. */
export class OpenStream {
  isOpen = true;
  readonly response: Response;
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(readonly request: Request) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.writer = writable.getWriter();
    this.response = new Response(readable, EVENTS);
    request.signal.addEventListener('abort', () => {
      this.isOpen = false;
      void this.writer.abort(new Error('aborted')).catch(() => undefined);
    });
  }

  write(...events: readonly (readonly [id: number, data: object])[]): void {
    void this.writer.write(new TextEncoder().encode(events.map(eventText).join('')));
  }
}

function eventText([id, data]: readonly [id: number, data: object]): string {
  return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}
