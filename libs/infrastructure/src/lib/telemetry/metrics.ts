import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics';
import type { Attributes, Meter } from '@opentelemetry/api';
import type { Service } from './telemetry-options';

type Process = Service['name'];

/** An exposed metric. */
export interface Metric {
  /** A counter only grows, a gauge has a current value, a histogram counts by size. */
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly about: string;
  readonly labels: readonly string[];
  /** Services that expose it. */
  readonly of: readonly Process[];
  /** A counter whose value is queried instead of counted here. */
  readonly observed?: true;
  /** Upper bounds of a histogram. */
  readonly bounds?: readonly number[];
  /** Which value counts if several parts of one process observe the metric. Absent: one part observes it. */
  readonly counts?: 'lowest';
}

const BOTH = ['webservice', 'worker'] as const;
const WEBSERVICE = ['webservice'] as const;
const WORKER = ['worker'] as const;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const LONG_SECONDS = [0.005, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3_600, 14_400];

const counter = (of: readonly Process[], about: string, ...labels: string[]): Metric => ({
  kind: 'counter',
  about,
  labels,
  of,
});
const gauge = (of: readonly Process[], about: string, ...labels: string[]): Metric => ({
  kind: 'gauge',
  about,
  labels,
  of,
});
const histogram = (of: readonly Process[], about: string, bounds: readonly number[], ...labels: string[]): Metric => ({
  kind: 'histogram',
  about,
  labels,
  of,
  bounds,
});

/**
 * All metrics by their Prometheus names. Labels have few values, which code and configuration determine. They never contain a tenant, a
 * pack, a person or a run (docs/guides/observability.md).
 */
export const METRICS = {
  taskrunner_build_info: gauge(BOTH, 'Always 1, with the release as labels.', 'version'),
  taskrunner_process_resident_memory_bytes: gauge(BOTH, 'Resident memory of the process.'),
  taskrunner_process_cpu_seconds_total: { ...counter(BOTH, 'CPU time of the process.'), observed: true },
  taskrunner_event_loop_lag_seconds: gauge(BOTH, 'Delay of the event loop over the last interval.', 'quantile'),
  taskrunner_database_connections: gauge(BOTH, 'Connections, and queries that wait for a connection.', 'pool', 'state'),
  taskrunner_database_writable: {
    ...gauge(BOTH, '1 if the database stores what is written, 0 while it cannot.'),
    // Webservice and worker in one process have connections each. One of them finds an outage first.
    counts: 'lowest',
  },
  taskrunner_object_store_available: {
    ...gauge(BOTH, '1 if the object store is available, 0 during an outage.'),
    // Webservice and worker in one process have a store each. One of them finds an outage first.
    counts: 'lowest',
  },
  taskrunner_queue_due_runs: gauge(BOTH, 'Runs that are due and that a live worker can claim.'),
  taskrunner_queue_oldest_due_seconds: gauge(BOTH, 'Age of the oldest of these runs since it became due.'),
  taskrunner_queue_stranded_runs: gauge(
    BOTH,
    'Due runs that no live worker can claim, for any reason: environment, isolation or labels. 0 while no worker is live.',
  ),
  taskrunner_queue_oldest_stranded_seconds: gauge(BOTH, 'Age of the oldest of these runs since it became due.'),
  taskrunner_queue_demand_runs: gauge(
    BOTH,
    'Runs in progress, and due runs that a live worker can claim. Use it to scale workers, relative to their capacity.',
  ),
  taskrunner_runs_unhonoured: gauge(
    WORKER,
    'Runs that wait because no worker can provide their environment, by the missing part. Runs that only lack labels are not counted.',
    'part',
  ),
  taskrunner_runs_unhonoured_oldest_seconds: gauge(
    WORKER,
    'Age of the oldest of these runs since it became due.',
    'part',
  ),
  taskrunner_runs_owned: gauge(BOTH, 'Runs in progress on any worker.'),
  taskrunner_runs_stuck: gauge(BOTH, 'Runs that require manual action.', 'reason'),
  taskrunner_workers_live: gauge(BOTH, 'Workers with a valid lease.'),
  taskrunner_partition_days: gauge(BOTH, 'Days ahead for which the journal has partitions.'),
  taskrunner_gates_open: gauge(BOTH, 'Open gates.'),
  taskrunner_evidence_pending: gauge(BOTH, 'Ended runs whose evidence is not sealed yet.'),
  taskrunner_evidence_failing: gauge(BOTH, 'Ended runs whose last attempt to seal failed.'),
  taskrunner_evidence_oldest_pending_seconds: gauge(BOTH, 'Age of the oldest of these runs since it ended.'),
  taskrunner_telemetry_failures_total: counter(BOTH, 'Failed exports to the OTLP receiver.', 'signal'),
  taskrunner_http_request_duration_seconds: histogram(
    WEBSERVICE,
    'Duration of requests by route template, until the last byte of the response.',
    SECONDS,
    'method',
    'route',
    'status',
  ),
  taskrunner_http_requests_active: gauge(WEBSERVICE, 'Requests in progress, including log streams.'),
  taskrunner_runs_driving: gauge(WORKER, 'Runs in progress on this worker.'),
  taskrunner_runs_capacity: gauge(WORKER, 'Maximum number of concurrent runs: worker.concurrency.'),
  taskrunner_claim_wait_seconds: histogram(WORKER, 'Time between a run becoming due and its claim.', LONG_SECONDS),
  taskrunner_drives_total: counter(WORKER, 'Executions of runs on this worker, by outcome.', 'outcome'),
  taskrunner_work_failures_total: counter(
    WORKER,
    'Failures of periodic operations of a worker, such as claims.',
    'work',
  ),
  taskrunner_workers_lost_total: counter(WORKER, 'Workers with an expired lease, as found by this worker.'),
  taskrunner_runs_taken_over_total: counter(WORKER, 'Runs of lost workers that this worker made due again.'),
  taskrunner_clock_steps_total: counter(
    WORKER,
    'Adjustments of the database clock that this worker noticed.',
    'direction',
  ),
  taskrunner_attentions_total: counter(WORKER, 'Steps that began to need attention.'),
  taskrunner_runs_ended_total: counter(WORKER, 'Runs that ended on this worker.', 'status'),
  taskrunner_steps_ended_total: counter(WORKER, 'Steps that ended.', 'kind', 'status'),
  taskrunner_execution_duration_seconds: histogram(
    WORKER,
    'Executions of `run` steps, by executor and outcome.',
    LONG_SECONDS,
    'uses',
    'outcome',
  ),
  taskrunner_commit_duration_seconds: histogram(
    WORKER,
    'Time from the decision to commit a turn until the commit.',
    SECONDS,
    'outcome',
  ),
  taskrunner_flush_duration_seconds: histogram(WORKER, 'Duration of the shared statement of a flush.', SECONDS),
  taskrunner_flush_runs: histogram(WORKER, 'Number of runs in one flush.', [1, 2, 4, 8, 16, 32, 64, 128, 256]),
  taskrunner_log_bytes_total: counter(WORKER, 'Bytes of stored log lines of steps.'),
  taskrunner_log_lines_total: counter(WORKER, 'Stored log lines of steps.'),
  taskrunner_attest_duration_seconds: histogram(
    WORKER,
    'Duration of building, signing and storing the evidence of a run.',
    SECONDS,
    'outcome',
  ),
  taskrunner_alarms_total: counter(BOTH, 'Alarms. The log contains each one.'),
  taskrunner_documents_altered_total: counter(
    BOTH,
    'Documents that were found not to match their digests.',
    'document',
  ),
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;
/** Current values of a gauge. */
type Observation = readonly (readonly [value: number, labels?: Attributes])[];

/** The metrics of one process. Counters without labels, and those with known label values, exist from the start, at 0. */
export class Metrics {
  private readonly counters = new Map<string, { add(value: number, labels?: Attributes): void }>();
  private readonly histograms = new Map<string, { record(value: number, labels?: Attributes): void }>();
  private readonly shared = new Map<MetricName, (() => Observation)[]>();

  constructor(
    private readonly meter: Meter,
    /** The services of this process. */
    private readonly parts: readonly Process[],
  ) {
    for (const [name, metric] of Object.entries(METRICS) as [MetricName, Metric][]) {
      if (!this.isOf(metric)) continue;
      const description = metric.about;
      if (metric.kind === 'counter') {
        if (metric.observed) continue;
        const made = meter.createCounter(name, { description });
        this.counters.set(name, made);
        if (metric.labels.length === 0) made.add(0);
      } else if (metric.kind === 'histogram') {
        const advice = { explicitBucketBoundaries: [...(metric.bounds ?? [])] };
        this.histograms.set(name, meter.createHistogram(name, { description, advice }));
      }
    }
  }

  add(name: MetricName, value: number, labels: Attributes = {}): void {
    this.counters.get(name)?.add(value, labels);
  }

  /** Adds an observation to a histogram. */
  record(name: MetricName, value: number, labels: Attributes = {}): void {
    this.histograms.get(name)?.record(value, labels);
  }

  /** Registers `observe`, which is called on each scrape. A gauge of another service is ignored. */
  observe(name: MetricName, observe: () => Observation): void {
    const metric: Metric = METRICS[name];
    if (!this.isOf(metric)) return;
    if (metric.counts === undefined) return this.register(name, metric, observe);
    const observers = this.shared.get(name);
    if (observers !== undefined) return void observers.push(observe);
    const all = [observe];
    this.shared.set(name, all);
    this.register(name, metric, () => [[Math.min(...all.flatMap((each) => each().map(([value]) => value)))]]);
  }

  private isOf({ of }: Metric): boolean {
    return this.parts.some((part) => of.includes(part));
  }

  private register(name: MetricName, metric: Metric, observe: () => Observation): void {
    const options = { description: metric.about };
    const instrument =
      metric.kind === 'counter'
        ? this.meter.createObservableCounter(name, options)
        : this.meter.createObservableGauge(name, options);
    instrument.addCallback((result) => {
      for (const [value, labels] of observe()) result.observe(value, labels ?? {});
    });
  }
}

/** Gauges have the values of the last collection only: a value that nobody observes any more is absent. Everything else is cumulative. */
export function temporalityOf(instrument: InstrumentType): AggregationTemporality {
  const isGauge = instrument === InstrumentType.OBSERVABLE_GAUGE || instrument === InstrumentType.GAUGE;
  return isGauge ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
}
