/** Kinds of what is sent. */
export type Signal = 'traces' | 'metrics' | 'logs';

/** The `telemetry` section of the configuration. Durations in milliseconds. */
export interface TelemetryOptions {
  readonly logLevel: LogLevel;
  /** Base URL of an OTLP/HTTP receiver; null: nothing is sent. */
  readonly endpoint: string | null;
  /** File with headers for the receiver, one `name: value` a line. */
  readonly headersFile: string | null;
  readonly protocol: 'protobuf' | 'json';
  readonly signals: readonly Signal[];
  /** Share of the traces that begin here, 0 to 1. */
  readonly sampling: number;
  readonly serviceName: string | null;
  readonly exportInterval: number;
  readonly metricsInterval: number;
  readonly exportTimeout: number;
  /** Spans, and log records, that wait for the receiver. */
  readonly queueSize: number;
  readonly measureInterval: number;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Which process speaks. */
export interface Service {
  readonly name: 'webservice' | 'worker';
  readonly version: string;
}
