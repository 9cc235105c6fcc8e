import type { Attributes, Meter } from '@opentelemetry/api';
import type { Service } from './telemetry-options';

type Process = Service['name'];

/** One number that is exposed. */
export interface Metric {
  /** A counter only grows; a gauge is what is now; a histogram counts by size. */
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly about: string;
  readonly labels: readonly string[];
  /** Which services expose it. */
  readonly of: readonly Process[];
  /** A counter that is asked for, not counted here. */
  readonly observed?: true;
  /** Upper bounds of a histogram. */
  readonly bounds?: readonly number[];
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
 * Every number that there is, by the name under which Prometheus sees it. Labels have few values, known from code and configuration:
 * never a tenant, a pack, a person, a run (security.md §5).
 */
export const METRICS = {
  taskrunner_build_info: gauge(BOTH, 'Always 1: which release runs.', 'version'),
  taskrunner_process_resident_memory_bytes: gauge(BOTH, 'Resident memory of the process.'),
  taskrunner_process_cpu_seconds_total: { ...counter(BOTH, 'CPU time of the process.'), observed: true },
  taskrunner_event_loop_lag_seconds: gauge(BOTH, 'Delay of the event loop over the last interval.', 'quantile'),
  taskrunner_database_connections: gauge(BOTH, 'Connections, and questions that wait for one.', 'pool', 'state'),
  taskrunner_object_store_available: gauge(BOTH, '1 while the object store keeps what is written, 0 during an outage.'),
  taskrunner_queue_due_runs: gauge(BOTH, 'Runs that need a worker now, have none, and that a living worker can claim.'),
  taskrunner_queue_oldest_due_seconds: gauge(BOTH, 'How long the oldest of them has been due.'),
  taskrunner_queue_stranded_runs: gauge(BOTH, 'Runs that need a worker now and that no living worker can claim.'),
  taskrunner_queue_oldest_stranded_seconds: gauge(BOTH, 'How long the oldest of them has been due.'),
  taskrunner_queue_demand_runs: gauge(
    BOTH,
    'Runs that are driven, and due ones that a living worker can claim. Scale workers on this against their capacity.',
  ),
  taskrunner_runs_unhonoured: gauge(
    WORKER,
    'Due runs that no living worker can honour, by the part that is missing.',
    'part',
  ),
  taskrunner_runs_unhonoured_oldest_seconds: gauge(WORKER, 'How long the oldest of them has been due.', 'part'),
  taskrunner_runs_owned: gauge(BOTH, 'Runs that some worker drives.'),
  taskrunner_runs_stuck: gauge(BOTH, 'Runs that stand until a person acts.', 'reason'),
  taskrunner_workers_live: gauge(BOTH, 'Workers whose lease is valid.'),
  taskrunner_partition_days: gauge(BOTH, 'Days ahead for which the journal has partitions.'),
  taskrunner_gates_open: gauge(BOTH, 'Gates that wait for people.'),
  taskrunner_evidence_pending: gauge(BOTH, 'Ended runs whose evidence is not sealed yet.'),
  taskrunner_evidence_failing: gauge(BOTH, 'Those of them whose last try failed.'),
  taskrunner_evidence_oldest_pending_seconds: gauge(BOTH, 'How long the oldest of them has waited.'),
  taskrunner_telemetry_failures_total: counter(BOTH, 'Sendings to the OTLP receiver that failed.', 'signal'),
  taskrunner_http_request_duration_seconds: histogram(
    WEBSERVICE,
    'Requests, by the template of their route, until the last byte of the answer.',
    SECONDS,
    'method',
    'route',
    'status',
  ),
  taskrunner_http_requests_active: gauge(WEBSERVICE, 'Requests under way, log streams among them.'),
  taskrunner_runs_driving: gauge(WORKER, 'Runs that this worker drives.'),
  taskrunner_runs_capacity: gauge(WORKER, 'Runs that it may drive at once: worker.concurrency.'),
  taskrunner_claim_wait_seconds: histogram(WORKER, 'How long a run had been due when it was claimed.', LONG_SECONDS),
  taskrunner_drives_total: counter(WORKER, 'Times that a run was driven, by how that ended.', 'outcome'),
  taskrunner_work_failures_total: counter(
    WORKER,
    'Failures of what a worker does again and again, such as its claims.',
    'work',
  ),
  taskrunner_workers_lost_total: counter(WORKER, 'Workers whose lease ran out, as found by this one.'),
  taskrunner_runs_taken_over_total: counter(WORKER, 'Runs of lost workers that this one has made due again.'),
  taskrunner_clock_steps_total: counter(
    WORKER,
    'Times that the clock of the database was set, as this worker has noticed.',
    'direction',
  ),
  taskrunner_attentions_total: counter(WORKER, 'Steps that came to need the attention of a person.'),
  taskrunner_runs_ended_total: counter(WORKER, 'Runs that this worker ended.', 'status'),
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
    'From the decision to commit a turn until it is committed.',
    SECONDS,
    'outcome',
  ),
  taskrunner_flush_duration_seconds: histogram(WORKER, 'The shared statement of a flush.', SECONDS),
  taskrunner_flush_runs: histogram(WORKER, 'Runs that share a flush.', [1, 2, 4, 8, 16, 32, 64, 128, 256]),
  taskrunner_log_bytes_total: counter(WORKER, 'Bytes of log lines of steps that were stored.'),
  taskrunner_log_lines_total: counter(WORKER, 'Those lines.'),
  taskrunner_attest_duration_seconds: histogram(
    WORKER,
    'Building, signing and storing the evidence of a run.',
    SECONDS,
    'outcome',
  ),
  taskrunner_alarms_total: counter(BOTH, 'Alarms: see the log for each.'),
  taskrunner_documents_altered_total: counter(
    BOTH,
    'Documents in rows that differed from their digests, each time one was found.',
    'document',
  ),
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;
/** A gauge's values when it is asked. */
export type Observation = readonly (readonly [value: number, labels?: Attributes])[];

/** The numbers of one service. Counters without labels, and those whose values are known, are there from the start, at 0. */
export class Metrics {
  private readonly counters = new Map<string, { add(value: number, labels?: Attributes): void }>();
  private readonly histograms = new Map<string, { record(value: number, labels?: Attributes): void }>();

  constructor(
    private readonly meter: Meter,
    private readonly service: Process,
  ) {
    for (const [name, metric] of Object.entries(METRICS) as [MetricName, Metric][]) {
      if (!metric.of.includes(service)) continue;
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

  /** A histogram takes one more. */
  record(name: MetricName, value: number, labels: Attributes = {}): void {
    this.histograms.get(name)?.record(value, labels);
  }

  /** Asks `observe` whenever somebody reads; a gauge of another service is nobody's. */
  observe(name: MetricName, observe: () => Observation): void {
    const metric: Metric = METRICS[name];
    if (!metric.of.includes(this.service)) return;
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
