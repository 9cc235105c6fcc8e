import type { Attributes, Tracer } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import type { Resource } from '@opentelemetry/resources';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import type { LogListener } from './json-log';
import type { LogLevel, Signal, TelemetryOptions } from './telemetry-options';
import { temporalityOf } from './metrics';

/** The signals that are exported. */
export interface Sending {
  readonly tracer: Tracer | null;
  readonly metricReader: MetricReader | null;
  readonly listener: LogListener | null;
  /** Exports buffered data and shuts down. The duration depends on the receiver. */
  close(): Promise<void>;
}

/** Called for each failed export. */
export type OnFailed = (signal: Signal, error: unknown) => void;

interface Exporter {
  export(items: never, done: (result: { readonly code: number; readonly error?: Error }) => void): void;
}

const SUCCESS = 0;
const SEVERITIES: Readonly<Record<LogLevel, SeverityNumber>> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/**
 * Sets up traces, metrics and logs over OTLP/HTTP. All queues are bounded: while the receiver is unavailable, only data for it is lost. The
 * libraries are loaded only here, so that a process without export does not load them.
 */
export async function openSending(
  options: TelemetryOptions & { readonly endpoint: string },
  headers: Readonly<Record<string, string>>,
  resource: Resource,
  onFailed: OnFailed,
): Promise<Sending> {
  const { signals, exportTimeout, exportInterval, metricsInterval, queueSize } = options;
  const base = options.endpoint.replace(/\/+$/, '');
  const to = (signal: Signal) => ({
    url: `${base}/v1/${signal}`,
    headers: { ...headers },
    timeoutMillis: exportTimeout,
    concurrencyLimit: 4,
  });
  const reported = <E extends Exporter>(signal: Signal, exporter: E): E => {
    const send: Exporter['export'] = exporter.export.bind(exporter);
    exporter.export = (items, done) =>
      send(items, (result) => {
        if (result.code !== SUCCESS) onFailed(signal, result.error);
        done(result);
      });
    return exporter;
  };
  const batch = {
    scheduledDelayMillis: exportInterval,
    exportTimeoutMillis: exportTimeout,
    maxQueueSize: queueSize,
    maxExportBatchSize: Math.min(512, queueSize),
  };
  const json = options.protocol === 'json';
  const closers: (() => Promise<void>)[] = [];

  const openTraces = async (): Promise<Tracer> => {
    const { BatchSpanProcessor, ParentBasedSampler, TracerProvider, TraceIdRatioBasedSampler } =
      await import('@opentelemetry/sdk-trace');
    const { OTLPTraceExporter } = json
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
    const exporter = reported('traces', new OTLPTraceExporter(to('traces')));
    const provider = new TracerProvider({
      resource,
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampling) }),
      spanProcessors: [new BatchSpanProcessor({ exporter, ...batch })],
    });
    closers.push(() => provider.shutdown());
    return provider.getTracer('taskrunner');
  };
  const openMetrics = async (): Promise<MetricReader> => {
    const { PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics');
    const { OTLPMetricExporter } = json
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto');
    const exporter = Object.assign(new OTLPMetricExporter(to('metrics')), {
      selectAggregationTemporality: temporalityOf,
    });
    return new PeriodicExportingMetricReader({
      exporter: reported('metrics', exporter),
      exportIntervalMillis: metricsInterval,
      exportTimeoutMillis: Math.min(exportTimeout, metricsInterval),
    });
  };
  const openLogs = async (): Promise<LogListener> => {
    const { BatchLogRecordProcessor, LoggerProvider } = await import('@opentelemetry/sdk-logs');
    const { OTLPLogExporter } = json
      ? await import('@opentelemetry/exporter-logs-otlp-http')
      : await import('@opentelemetry/exporter-logs-otlp-proto');
    const exporter = reported('logs', new OTLPLogExporter(to('logs')));
    const provider = new LoggerProvider({
      resource,
      processors: [new BatchLogRecordProcessor({ exporter, ...batch })],
    });
    closers.push(() => provider.shutdown());
    const logger = provider.getLogger('taskrunner');
    return ({ level, event, fields }) =>
      logger.emit({
        severityNumber: SEVERITIES[level],
        severityText: level.toUpperCase(),
        eventName: event,
        body: event,
        attributes: fields as Attributes,
      });
  };
  return {
    tracer: signals.includes('traces') ? await openTraces() : null,
    metricReader: signals.includes('metrics') ? await openMetrics() : null,
    listener: signals.includes('logs') ? await openLogs() : null,
    close: async () => {
      await Promise.allSettled(closers.map((close) => close()));
    },
  };
}
