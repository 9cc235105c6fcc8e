import { randomUUID } from 'node:crypto';
import type { SubmitRun } from '@taskrunner/core/operations';
import type { Committer, Executor, LogStore, RunStore } from '@taskrunner/core/ports';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { watchBacklog, watchPools, type MeasuredDatabase } from './database-metrics';
import { readHeaders } from './headers-file';
import { JsonLog } from './json-log';
import { Metrics, temporalityOf } from './metrics';
import { watchProcess } from './process-metrics';
import { openSending, type OnFailed, type Sending } from './sending';
import { SharedOutages } from './outages/shared-outages';
import type { Service, TelemetryOptions } from './telemetry-options';
import { Tracing } from './tracing';
import { WatchedCommitter } from './watch-committer';
import { watchExecutors } from './watch-executors';
import { watchFleet, type FleetWatch } from './watch-fleet';
import { WatchedLogStore } from './watch-logs';
import { watchRequests } from './watch-requests';
import { watchRuns, type RunWatch } from './watch-runs';
import { WatchedRunStore, watchSubmit } from './watch-submissions';

const LAG_INTERVAL_MS = 10_000;
/** Interval in which an unavailable receiver is reported once. */
const QUIET_MS = 60_000;
/** Maximum time that the end of a process waits for the receiver, milliseconds. */
const FAREWELL_MS = 2_000;

/** A reader that is queried on request, never periodically. */
class PullReader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: temporalityOf });
  }

  protected override async onForceFlush(): Promise<void> {
    return undefined;
  }

  protected override async onShutdown(): Promise<void> {
    return undefined;
  }
}

/** The telemetry of a service: log, metrics, spans. */
export class Telemetry {
  private readonly ends: (() => void)[] = [];
  private isBacklogMeasured = false;
  /** Outages that several parts of this process find. */
  readonly outages = new SharedOutages();

  private constructor(
    readonly log: JsonLog,
    readonly metrics: Metrics,
    readonly tracing: Tracing,
    private readonly reader: MetricReader,
    private readonly provider: MeterProvider,
    private readonly sending: Sending | null,
    private readonly options: TelemetryOptions,
  ) {}

  /** Throws `TelemetryError` if the headers of the receiver cannot be read. The receiver itself is not contacted. */
  static async open(options: TelemetryOptions, service: Service, log?: JsonLog): Promise<Telemetry> {
    // A worker that sends nothing finds the traces of its runs without it (`RunTraces`).
    const isFollowed = service.name === 'webservice' || options.endpoint !== null;
    if (isFollowed) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const ownLog = log ?? new JsonLog(options.logLevel, service.name);
    const resource = resourceFromAttributes({
      'service.name': options.serviceName ?? `taskrunner-${service.name}`,
      'service.version': service.version,
      'service.instance.id': randomUUID(),
    });
    let failed: OnFailed = () => undefined;
    const { endpoint, headersFile } = options;
    const headers = headersFile === null || endpoint === null ? {} : await readHeaders(headersFile);
    const sending =
      endpoint === null
        ? null
        : await openSending({ ...options, endpoint }, headers, resource, (signal, error) => failed(signal, error));
    const reader = new PullReader();
    const readers = sending?.metricReader ? [reader, sending.metricReader] : [reader];
    const provider = new MeterProvider({ resource, readers });
    const parts = service.hasWorker === true ? (['webservice', 'worker'] as const) : [service.name];
    const metrics = new Metrics(provider.getMeter('taskrunner'), parts);
    for (const signal of ['traces', 'metrics', 'logs'] as const)
      metrics.add('taskrunner_telemetry_failures_total', 0, { signal });
    failed = failureReporter(ownLog, metrics);
    if (sending?.listener) ownLog.sendTo(sending.listener);
    const tracing = new Tracing(sending?.tracer ?? undefined, isFollowed);
    ownLog.traceBy(tracing);
    const telemetry = new Telemetry(ownLog, metrics, tracing, reader, provider, sending, options);
    telemetry.ends.push(watchProcess(metrics, service.version, LAG_INTERVAL_MS));
    return telemetry;
  }

  /** Express middleware: creates a span and measures the duration of each request. */
  watchRequests(): ReturnType<typeof watchRequests> {
    return watchRequests(this.tracing, this.metrics);
  }

  /** Stores the trace of the submission with each run. */
  watchRunStore(runs: RunStore): RunStore {
    return new WatchedRunStore(runs, this.tracing);
  }

  watchSubmit(submit: SubmitRun): SubmitRun {
    return watchSubmit(submit, this.tracing);
  }

  /** Creates spans for driving and sealing in the run's trace. */
  watchRuns(): RunWatch {
    return watchRuns(this.tracing, this.metrics);
  }

  watchExecutors(executors: ReadonlyMap<string, Executor>): ReadonlyMap<string, Executor> {
    return watchExecutors(executors, this.tracing, this.metrics);
  }

  watchCommitter(committer: Committer): Committer {
    return new WatchedCommitter(committer, this.metrics, this.log);
  }

  watchLogs(logs: LogStore): LogStore {
    return new WatchedLogStore(logs, this.metrics);
  }

  /** Callbacks for events about other workers and their common clock. */
  watchFleet(): FleetWatch {
    return watchFleet(this.metrics, this.log);
  }

  /**
   * Exposes the backlog and the connections of its database. Webservice and worker in one process have connections each to one database, so
   * its backlog is measured and reported once. Returns a function that ends it. Await it before closing the database, because
   * a query may be in progress.
   */
  watchDatabase(database: MeasuredDatabase): () => Promise<void> {
    watchPools(this.metrics, database);
    if (this.isBacklogMeasured) return () => Promise.resolve();
    this.isBacklogMeasured = true;
    const end = watchBacklog(this.metrics, this.log, database, this.options.measureInterval);
    this.ends.push(() => void end());
    return end;
  }

  /** All metrics in the Prometheus text format (version 0.0.4). */
  async metricsText(): Promise<string> {
    // Loaded when it is needed: a run without a server has no address where metrics could be read.
    const { PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus');
    const { resourceMetrics } = await this.reader.collect();
    return new PrometheusSerializer(undefined, false, undefined, true, true).serialize(resourceMetrics);
  }

  /** Exports buffered data, with a timeout: the end of a process must not depend on the receiver. */
  async close(): Promise<void> {
    for (const end of this.ends.splice(0)) end();
    const farewell = Promise.allSettled([this.sending?.close(), this.provider.shutdown()]);
    await Promise.race([farewell, new Promise((resolve) => setTimeout(resolve, FAREWELL_MS).unref())]);
  }
}

/** Counts each failure and logs the first one of an interval. It logs only locally, because exporting the failure could fail too. */
function failureReporter(log: JsonLog, metrics: Metrics): OnFailed {
  let saidAt = -Infinity;
  return (signal, error) => {
    metrics.add('taskrunner_telemetry_failures_total', 1, { signal });
    if (performance.now() - saidAt < QUIET_MS) return;
    saidAt = performance.now();
    const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
    log.sayHere('warn', 'telemetry.not-sent', { signal, reason: code ?? name ?? 'unknown' });
  };
}
