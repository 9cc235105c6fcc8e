/** Kinds of exported signals. */
export type Signal = 'traces' | 'metrics' | 'logs';

/** The `telemetry` section of the configuration. Durations in milliseconds. */
export interface TelemetryOptions {
  readonly logLevel: LogLevel;
  /** Base URL of an OTLP/HTTP receiver; null: nothing is exported. */
  readonly endpoint: string | null;
  /** File with headers for the receiver, one `name: value` per line. */
  readonly headersFile: string | null;
  readonly protocol: 'protobuf' | 'json';
  readonly signals: readonly Signal[];
  /** Sampling rate of traces that begin here, 0 to 1. */
  readonly sampling: number;
  readonly serviceName: string | null;
  readonly exportInterval: number;
  readonly metricsInterval: number;
  readonly exportTimeout: number;
  /** Maximum number of buffered spans and log records. */
  readonly queueSize: number;
  readonly measureInterval: number;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Identity of the process. */
export interface Service {
  readonly name: 'webservice' | 'worker';
  /** True: a webservice with a worker in the same process, whose metrics it has, too. */
  readonly hasWorker?: boolean;
  readonly version: string;
}
