import type { KeyRing } from '@taskrunner/core/evidence';
import { KnownSignatures } from '@taskrunner/core/stored';
import type { Pool } from 'pg';
import { backlogOf, poolUse, type Backlog, type PoolUse } from './upkeep/backlog';
import { openPool } from './connection/connection';
import { DatabaseClock, type OnClockStep } from './connection/database-clock';
import { DatabaseHealth, type DatabaseOutage } from './connection/database-health';
import { DueHints, DueListener } from './connection/hints';
import { namingRefusals, type Connecting } from './connection/refused-database';
import { probeWriting } from './connection/write-probe';
import { assertSchemaReady, migrateDatabase } from './schema/migrate';
import type { Migrated } from './schema/migrate';
import { maintainDatabase, type Maintained } from './upkeep/maintain';
import { databaseReadiness, type Readiness } from './upkeep/partitions';
import { PostgresAlteredRuns } from './runs/postgres-altered-runs';
import { PostgresAnnouncements } from './delivery/postgres-announcements';
import { PostgresArchives } from './logs/postgres-archives';
import { PostgresAssignments } from './assignments/postgres-assignments';
import { PostgresAttentionStore } from './gates/postgres-attention-store';
import { PostgresAuditChain } from './audit/postgres-audit-chain';
import { PostgresEvidenceReleases } from './gates/postgres-evidence-releases';
import type { ClaimsWatch } from './claims/claims-watch';
import { PostgresClaims } from './claims/postgres-claims';
import { DrivenPages } from './flush/driven-pages';
import { EndedRuns } from './flush/ended-runs';
import { PostgresCommitter, type CommitFailures } from './flush/postgres-committer';
import { PostgresExports } from './delivery/postgres-exports';
import { PostgresGateStore } from './gates/postgres-gate-store';
import { PostgresKeyRecords } from './keys/postgres-key-records';
import { PostgresLogStore } from './logs/postgres-log-store';
import { PostgresObjectReferences } from './upkeep/postgres-object-references';
import { PostgresProbeDocuments } from './workers/postgres-probe-documents';
import { PostgresPackVersions } from './submission/postgres-pack-versions';
import { PostgresOutbox } from './delivery/postgres-outbox';
import { PostgresRunEnvironments } from './workers/postgres-run-environments';
import { PostgresRunReader } from './runs/postgres-run-reader';
import { PostgresRunStore } from './submission/postgres-run-store';
import { PostgresStoreRecords } from './upkeep/postgres-store-records';
import { PostgresScheduleStore } from './schedules/postgres-schedule-store';
import { PostgresUploads } from './submission/postgres-uploads';
import { PostgresEventFeed } from './delivery/postgres-event-feed';
import { PostgresTimingReader } from './runs/postgres-timing-reader';
import { PostgresWorkerDirectory } from './workers/postgres-worker-directory';
import { DirectQueries, TenantQueries } from './connection/queries';
import type { Retention } from './upkeep/retention';
import { assertSafeDatabase } from './schema/safety';

/** Database settings of a process. */
export interface DatabaseOptions {
  /** Number of connections for ordinary queries. Default 8. */
  readonly connections?: number;
  /** Timeout for getting a connection, milliseconds. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Lease of a worker session, milliseconds. Default 8000. */
  readonly leaseMs?: number;
  /** Statement timeout, milliseconds. Default 30 s. */
  readonly statementTimeoutMs?: number;
  /** Accepts a server that may lose acknowledged commits: for tests only. */
  readonly allowLoss?: boolean;
  /** Maximum lines in the history of a schedule. Default 1000. */
  readonly keptTicks?: number;
  /**
   * Keys that admissions and decisions are verified with, before they are shown or decided about. Absent: they are not verified, for tests
   * of the database alone.
   */
  readonly recordKeys?: KeyRing;
  /** Called for broken connections; they are replaced. */
  readonly onError?: (error: Error) => void;
  /** Called when the database begins to store nothing although it answers, and with null when it stores again. */
  readonly onOutage?: (outage: DatabaseOutage | null) => void;
  /** Called with events about the runs of all workers. */
  readonly claimsWatch?: ClaimsWatch;
  readonly onClockStep?: OnClockStep;
  /** Called for each flush with its runs and its duration in milliseconds. */
  readonly onFlushed?: (runs: number, ms: number) => void;
  /** Hears of commits that are repeated because they fail. */
  readonly commitFailures?: CommitFailures;
}

/** The webservice's adapters: everything within the caller's tenant, under row-level security. */
export interface WebDatabase {
  readonly runStore: PostgresRunStore;
  readonly scheduleStore: PostgresScheduleStore;
  readonly gateStore: PostgresGateStore;
  readonly attentionStore: PostgresAttentionStore;
  readonly auditChain: PostgresAuditChain;
  readonly alteredRuns: PostgresAlteredRuns;
  readonly evidenceReleases: PostgresEvidenceReleases;
  readonly runReader: PostgresRunReader;
  readonly logStore: PostgresLogStore;
  readonly archives: PostgresArchives;
  readonly packVersions: PostgresPackVersions;
  readonly uploads: PostgresUploads;
  readonly eventFeed: PostgresEventFeed;
  readonly timingReader: PostgresTimingReader;
  readonly workerDirectory: PostgresWorkerDirectory;
  readonly keyRecords: PostgresKeyRecords;
  readonly storeRecords: PostgresStoreRecords;
  readonly clock: DatabaseClock;
  readonly health: DatabaseHealth;
  backlog(): Promise<Backlog>;
  pools(): readonly PoolUse[];
  readiness(): Promise<Readiness>;
  close(): Promise<void>;
}

/** The worker's adapters. `committer` has connections of its own, so that readers never delay a flush. */
export interface WorkerDatabase {
  readonly claims: PostgresClaims;
  readonly assignments: PostgresAssignments;
  readonly committer: PostgresCommitter;
  readonly logStore: PostgresLogStore;
  readonly archives: PostgresArchives;
  readonly outbox: PostgresOutbox;
  readonly exports: PostgresExports;
  readonly announcements: PostgresAnnouncements;
  readonly objectReferences: PostgresObjectReferences;
  readonly probeDocuments: PostgresProbeDocuments;
  readonly runEnvironments: PostgresRunEnvironments;
  readonly keyRecords: PostgresKeyRecords;
  readonly storeRecords: PostgresStoreRecords;
  readonly runReader: PostgresRunReader;
  readonly clock: DatabaseClock;
  /** Notifies when something is due. It connects when the first listener is added. */
  readonly due: DueListener;
  readonly health: DatabaseHealth;
  backlog(): Promise<Backlog>;
  pools(): readonly PoolUse[];
  readiness(): Promise<Readiness>;
  close(): Promise<void>;
}

const FLUSHES = 2;

/**
 * Connects as `web`.
 * @throws DatabaseError
 */
export async function openWebDatabase(url: string, options: DatabaseOptions = {}): Promise<WebDatabase> {
  const pool = openPool(url, {
    ...poolOptions(options),
    applicationName: 'taskrunner web',
    pipeline: true,
    onRefused: (error) => health.note(error),
  });
  const health = healthOf(pool, options);
  return closingOnError({ url, role: 'web' }, [pool], async () => {
    const clock = await settle(pool, options);
    const queries = new TenantQueries(pool, new DueHints(pool));
    const signatures = options.recordKeys ? new KnownSignatures(options.recordKeys) : null;
    return {
      runStore: new PostgresRunStore(queries),
      scheduleStore: new PostgresScheduleStore(queries, options.keptTicks),
      gateStore: new PostgresGateStore(queries, signatures),
      attentionStore: new PostgresAttentionStore(queries, signatures),
      auditChain: new PostgresAuditChain(queries),
      alteredRuns: new PostgresAlteredRuns(queries),
      evidenceReleases: new PostgresEvidenceReleases(queries),
      runReader: new PostgresRunReader(queries, signatures),
      logStore: new PostgresLogStore(queries),
      archives: new PostgresArchives(queries),
      packVersions: new PostgresPackVersions(queries),
      uploads: new PostgresUploads(queries),
      eventFeed: new PostgresEventFeed(queries),
      timingReader: new PostgresTimingReader(queries),
      workerDirectory: new PostgresWorkerDirectory(queries),
      keyRecords: new PostgresKeyRecords(queries),
      storeRecords: new PostgresStoreRecords(queries),
      clock,
      health,
      backlog: () => backlogOf(pool),
      pools: () => [poolUse('ordinary', pool)],
      readiness: () => databaseReadiness(pool, health),
      close: () => {
        health.close();
        return pool.end();
      },
    };
  });
}

/**
 * Connects as `worker`.
 * @throws DatabaseError
 */
export async function openWorkerDatabase(url: string, options: DatabaseOptions = {}): Promise<WorkerDatabase> {
  const onRefused = (error: unknown): void => health.note(error);
  const pool = openPool(url, {
    ...poolOptions(options),
    applicationName: 'taskrunner worker',
    byIndex: true,
    onRefused,
  });
  const health = healthOf(pool, options);
  const flushPool = openPool(url, {
    ...poolOptions(options),
    onRefused,
    applicationName: 'taskrunner worker flush',
    max: FLUSHES,
    genericPlans: true,
    byIndex: true,
  });
  const hintPool = openPool(url, { ...poolOptions(options), applicationName: 'taskrunner worker hints', max: 1 });
  return closingOnError({ url, role: 'worker' }, [pool, flushPool, hintPool], async () => {
    const due = new DueListener(hintPool);
    const clock = await settle(pool, options);
    const queries = new DirectQueries(pool);
    const driven = new DrivenPages();
    const ended = new EndedRuns();
    const committer = new PostgresCommitter(flushPool, {
      driven,
      ended,
      now: () => clock.now(),
      flushes: FLUSHES,
      ...(options.onFlushed ? { onFlushed: options.onFlushed } : {}),
      ...(options.commitFailures ? { failures: options.commitFailures } : {}),
    });
    // The first step of the first run does not wait for a connection. A failure is found by whoever needs it.
    flushPool.query('select').catch(() => undefined);
    return {
      claims: new PostgresClaims(pool, clock, options.leaseMs, options.claimsWatch, driven),
      committer,
      assignments: new PostgresAssignments(pool),
      logStore: new PostgresLogStore(queries),
      archives: new PostgresArchives(queries),
      outbox: new PostgresOutbox(queries, ended),
      exports: new PostgresExports(queries),
      announcements: new PostgresAnnouncements(queries),
      objectReferences: new PostgresObjectReferences(queries),
      probeDocuments: new PostgresProbeDocuments(queries),
      runEnvironments: new PostgresRunEnvironments(pool),
      keyRecords: new PostgresKeyRecords(queries),
      storeRecords: new PostgresStoreRecords(queries),
      // The seal verifies what it reads.
      runReader: new PostgresRunReader(queries, null, driven),
      clock,
      due,
      health,
      backlog: () => backlogOf(pool),
      pools: () => [poolUse('ordinary', pool), poolUse('flush', flushPool)],
      readiness: () => databaseReadiness(pool, health),
      close: async () => {
        health.close();
        committer.close();
        await Promise.all([pool.end(), flushPool.end(), due.close()]);
      },
    };
  });
}

/** URLs of the roles. Absent roles are not connected. */
interface PostgresUrls {
  readonly ownerUrl?: string;
  readonly maintainUrl?: string;
  readonly webUrl?: string;
  readonly workerUrl?: string;
}

/** The adapters of both roles and the maintenance, for a process that needs all of them (quickstart, tests). */
interface PostgresDatabase {
  /** Needs `ownerUrl`. */
  migrate(): Promise<Migrated>;
  /** Needs `maintainUrl`. */
  maintain(retention: Retention): Promise<Maintained>;
  /** Connects on first use. */
  web(): Promise<WebDatabase>;
  /** Connects on first use. */
  worker(): Promise<WorkerDatabase>;
  readiness(): Promise<Readiness>;
  close(): Promise<void>;
}

/** Makes no connection by itself: migrate first, then request the adapters of a role. */
export function connectPostgres(urls: PostgresUrls, options: DatabaseOptions = {}): PostgresDatabase {
  let web: Promise<WebDatabase> | null = null;
  let worker: Promise<WorkerDatabase> | null = null;
  const openWeb = () => (web ??= openWebDatabase(needed(urls.webUrl, 'webUrl'), options));
  const openWorker = () => (worker ??= openWorkerDatabase(needed(urls.workerUrl, 'workerUrl'), options));
  return {
    migrate: () => migrateDatabase(needed(urls.ownerUrl, 'ownerUrl')),
    maintain: (retention) => maintainDatabase(needed(urls.maintainUrl, 'maintainUrl'), retention),
    web: openWeb,
    worker: openWorker,
    readiness: async () => (urls.workerUrl ? await openWorker() : await openWeb()).readiness(),
    close: async () => {
      for (const part of [await web, await worker]) await part?.close();
    },
  };
}

function poolOptions({ connections, connectTimeoutMs, statementTimeoutMs, onError }: DatabaseOptions) {
  return {
    ...(connections ? { max: connections } : {}),
    ...(connectTimeoutMs ? { connectTimeoutMs } : {}),
    ...(statementTimeoutMs ? { statementTimeoutMs } : {}),
    ...(onError ? { onError } : {}),
  };
}

function healthOf(pool: Pool, { onOutage }: DatabaseOptions): DatabaseHealth {
  return new DatabaseHealth({ probe: () => probeWriting(pool), ...(onOutage ? { onChange: onOutage } : {}) });
}

/** Refuses an unsafe database or an outdated schema, and sets the clock. */
async function settle(pool: Pool, options: DatabaseOptions): Promise<DatabaseClock> {
  await assertSafeDatabase(pool, options);
  await assertSchemaReady(async (query) => (await pool.query<{ name: string }>(query.text)).rows);
  const clock = new DatabaseClock(options.onClockStep);
  await clock.measure(pool);
  return clock;
}

/** Errors of the database during opening name the database, the role and the remedy. */
async function closingOnError<Opened>(
  connecting: Connecting,
  pools: readonly Pool[],
  open: () => Promise<Opened>,
): Promise<Opened> {
  try {
    return await namingRefusals(connecting, open);
  } catch (error) {
    await Promise.all(pools.map((pool) => pool.end()));
    throw error;
  }
}

function needed(url: string | undefined, name: string): string {
  if (url === undefined) throw new TypeError(`${name} is needed for this`);
  return url;
}
