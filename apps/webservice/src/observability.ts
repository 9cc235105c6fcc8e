import type { IncomingMessage, ServerResponse } from 'node:http';

/** Logs, metrics and traces of the webservice. */
export abstract class Observability {
  abstract readonly log: ServiceLog;
  /**
   * Reports something that an operator must see: it is counted and logged as `alarm`. `altered`: the kind of document, if it is about one.
   */
  abstract alarm(fields: Readonly<Record<string, unknown>>, altered?: string): void;
  /** Express middleware, before all others: creates a span and measures the duration of each request. */
  abstract readonly watch: (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
  /** Trace context of the current request. */
  abstract traceId(): string | null;
  /** All metrics in the Prometheus text format. */
  abstract metricsText(): Promise<string>;
}

/** Logs an event with its details: never a token, a body, or a value of a run. */
export interface ServiceLog {
  say(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error',
    event: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void;
}
