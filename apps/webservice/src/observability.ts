import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the webservice says of itself, and how. */
export abstract class Observability {
  abstract readonly log: ServiceLog;
  /** Something that an operator must see: counted, and logged as `alarm`. `altered`: the kind of document, if it is about one. */
  abstract alarm(fields: Readonly<Record<string, unknown>>, altered?: string): void;
  /** Express middleware, before all others: a span and a duration for each request. */
  abstract readonly watch: (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
  /** Of the request that is under way here. */
  abstract traceId(): string | null;
  /** All numbers, in the text format of Prometheus. */
  abstract metricsText(): Promise<string>;
}

/** An event, and what varies: never a token, a body, a value of a run. */
export interface ServiceLog {
  say(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error',
    event: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void;
}
