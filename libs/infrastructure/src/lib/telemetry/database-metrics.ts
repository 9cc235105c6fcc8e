import { Condition } from './condition';
import type { JsonLog } from './json-log';
import type { MetricName, Metrics } from './metrics';

/** Metrics that a database adapter provides. Milliseconds. */
export interface MeasuredDatabase {
  backlog(): Promise<{
    readonly dueRuns: number;
    readonly oldestDueMs: number;
    readonly ownedRuns: number;
    readonly openGates: number;
    readonly pendingEvidence: number;
    readonly failingEvidence: number;
    readonly oldestEvidenceMs: number;
    readonly strandedRuns: number;
    readonly oldestStrandedMs: number;
    readonly liveWorkers: number;
    readonly stuck: { readonly [reason: string]: number };
    readonly partitionDays: number;
  }>;
  pools(): readonly {
    readonly pool: string;
    readonly used: number;
    readonly idle: number;
    readonly waiting: number;
  }[];
}

type Backlog = Awaited<ReturnType<MeasuredDatabase['backlog']>>;

const NUMBERS: readonly (readonly [MetricName, (backlog: Backlog) => number])[] = [
  ['taskrunner_queue_due_runs', ({ dueRuns }) => dueRuns],
  ['taskrunner_queue_oldest_due_seconds', ({ oldestDueMs }) => oldestDueMs / 1_000],
  ['taskrunner_queue_stranded_runs', ({ strandedRuns }) => strandedRuns],
  ['taskrunner_queue_oldest_stranded_seconds', ({ oldestStrandedMs }) => oldestStrandedMs / 1_000],
  ['taskrunner_queue_demand_runs', ({ ownedRuns, dueRuns }) => ownedRuns + dueRuns],
  ['taskrunner_workers_live', ({ liveWorkers }) => liveWorkers],
  ['taskrunner_partition_days', ({ partitionDays }) => partitionDays],
  ['taskrunner_runs_owned', ({ ownedRuns }) => ownedRuns],
  ['taskrunner_gates_open', ({ openGates }) => openGates],
  ['taskrunner_evidence_pending', ({ pendingEvidence }) => pendingEvidence],
  ['taskrunner_evidence_failing', ({ failingEvidence }) => failingEvidence],
  ['taskrunner_evidence_oldest_pending_seconds', ({ oldestEvidenceMs }) => oldestEvidenceMs / 1_000],
];

/** Below this number of days with partitions a warning is logged. */
const PARTITION_DAYS_WARNED = 7;

/** A process that is blocked for longer may lose the lease of a worker in it: the shortest lease is three seconds, and was renewed before. */
const BLOCKED_MS = 1_000;
/** Interval at which it is checked whether this process is blocked. */
const PULSE_MS = 500;

/** Whether this process was blocked since the last question, by code that does not yield or by a machine that is too busy. */
class Pulse {
  private beatAt = performance.now();
  private longest = 0;
  private readonly timer = setInterval(() => this.beat(), PULSE_MS).unref();

  wasBlocked(): boolean {
    this.beat();
    const wasBlocked = this.longest > PULSE_MS + BLOCKED_MS;
    this.longest = 0;
    return wasBlocked;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private beat(): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.beatAt);
    this.beatAt = now;
  }
}

/**
 * Queries the database every `intervalMs`, independent of scrapes, so that the cost does not depend on them. While the database is
 * unavailable, the metrics are absent instead of stale. Returns a function that ends the measurement. It resolves when no query is in
 * progress, after which the database may be closed.
 */
export function watchBacklog(
  metrics: Metrics,
  log: JsonLog,
  database: Pick<MeasuredDatabase, 'backlog'>,
  intervalMs: number,
): () => Promise<void> {
  let latest: Backlog | null = null;
  let asking: Promise<void> | null = null;
  const pulse = new Pulse();
  const conditions = [
    new Condition<Backlog>({
      // The daily maintenance creates partitions for 14 days.
      holds: ({ partitionDays }) => partitionDays < PARTITION_DAYS_WARNED,
      begins: ({ partitionDays }) => log.say('warn', 'partitions.ending', { days: partitionDays }),
      ends: ({ partitionDays }) => log.say('info', 'partitions.made', { days: partitionDays }),
    }),
    new Condition<Backlog>({
      // The first worker measures before it is registered, and a replaced worker may leave before its successor arrives.
      looks: 2,
      holds: ({ liveWorkers }) => liveWorkers === 0,
      begins: ({ dueRuns }) => log.say('error', 'workers.none', { code: 'NO_WORKER_LIVES', dueRuns }),
      ends: ({ liveWorkers }) => log.say('info', 'workers.live', { workers: liveWorkers }),
    }),
  ];
  const ask = async (): Promise<void> => {
    const began = performance.now();
    try {
      latest = await database.backlog();
      // A blocked process renews the lease of its own worker a moment later. So late an answer is the end of an outage.
      if (pulse.wasBlocked() || performance.now() - began > intervalMs)
        for (const condition of conditions) condition.forget();
      for (const condition of conditions) condition.look(latest);
    } catch (error) {
      if (latest !== null) log.say('warn', 'backlog.unknown', { error });
      latest = null;
      // Leases have expired meanwhile, and are renewed in a moment.
      for (const condition of conditions) condition.forget();
    }
  };
  const measure = (): void => {
    asking ??= ask().finally(() => {
      asking = null;
    });
  };
  for (const [name, number] of NUMBERS) metrics.observe(name, () => (latest === null ? [] : [[number(latest)]]));
  metrics.observe('taskrunner_runs_stuck', () =>
    Object.entries(latest?.stuck ?? {}).map(([reason, runs]) => [runs, { reason }] as const),
  );
  measure();
  const timer = setInterval(measure, intervalMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    pulse.stop();
    await asking;
  };
}

/** Exposes the connections of a database. */
export function watchPools(metrics: Metrics, database: Pick<MeasuredDatabase, 'pools'>): void {
  metrics.observe('taskrunner_database_connections', () =>
    database
      .pools()
      .flatMap(({ pool, used, idle, waiting }) => [
        [used, { pool, state: 'used' }] as const,
        [idle, { pool, state: 'idle' }] as const,
        [waiting, { pool, state: 'waiting' }] as const,
      ]),
  );
}
