import { sha256 } from '@taskrunner/core/canonical';
import type { RunArchive } from '@taskrunner/core/evidence';
import { toRunId, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, aNewRun, aStep, aWorker, start, tenantA } from './builders';
import type { TestDatabase } from './test-database';

/** An archive position that exists in no bundle. */
export const anArchive: RunArchive = { journal: { offset: 0, size: 1, sha256: sha256('journal') }, chunks: [] };

/** Options of an old run. */
export interface EndedRun {
  readonly database: TestDatabase;
  readonly web: WebDatabase;
  readonly worker: WorkerDatabase;
  /** Age in days. It was submitted, ended and sealed at the same moment. */
  readonly daysAgo: number;
  readonly tenant?: TenantId;
  /** False if it has ended but its evidence is not sealed. */
  readonly sealed?: boolean;
  /** True if a delivery of its evidence is pending. */
  readonly exporting?: boolean;
}

export const DAY_MS = 86_400_000;

/** Creates the partitions of a past day. */
export async function makeDay(database: TestDatabase, day: string): Promise<void> {
  for (const parent of ['journal', 'chunks', 'places']) {
    const name = `pack_run_logs.${parent}_${day.replaceAll('-', '')}`;
    await database.sql(`create table if not exists ${name} (like pack_run_logs.${parent} including all)`);
    await database.sql(`alter table ${name} enable row level security, force row level security`);
    await database.sql(`alter table ${name} owner to taskrunner_owner`);
    await database.sql(
      `alter table pack_run_logs.${parent} attach partition ${name}
       for values from (pack_run_logs.uuid_floor('${day}')) to (pack_run_logs.uuid_floor(date '${day}' + 1))`,
    );
  }
}

/** The UTC date this number of days ago. */
export function dayOf(daysAgo: number): string {
  return new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);
}

/** A run that was submitted, driven and sealed, with a row in most tables. Its partitions must exist. */
export async function anEndedRun(options: EndedRun): Promise<RunId> {
  const { database, web, worker, daysAgo, tenant = tenantA, sealed = true, exporting = false } = options;
  const at = Date.now() - daysAgo * DAY_MS;
  const [made] = await database.sql<{ id: string }>('select pack_runs.uuidv7($1)::text as id', [at]);
  const runId = toRunId(made?.id ?? '');
  const created = await web.runStore.create(aNewRun(runId, at, { tenant }));
  if (created.kind !== 'created') throw new Error(created.kind);
  const workerSession = await worker.claims.register(aWorker());
  const run = (await worker.claims.claim(workerSession, 99)).find((one) => one.runId === runId);
  if (!run) throw new Error('not claimed');
  const data = new TextEncoder().encode('iline\n');
  const line = { tenant, runId, fence: run.fence, step: 's', attempt: 1, execution: 1, chunk: 0, at };
  await worker.logStore.append([{ ...line, data, lines: 1, sha256: sha256(data) }]);
  await worker.objectReferences.need(tenant, runId, [sha256(`value of ${runId}`)]);
  const commit = aCommit(run, start, {
    steps: [aStep('s')],
    artifacts: [
      { step: 's', execution: 1, name: 'n', path: 'p', digest: sha256(`a ${runId}`), size: 1, mediaType: 'm' },
    ],
    chunks: [{ step: 's', execution: 1, chunk: 0, firstLine: 1 }],
    outbox: [{ kind: 'attest' }],
    closes: true,
    releases: true,
    run: { status: 'succeeded', finishedAt: at, lastLine: 1 },
  });
  expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
  if (!sealed) return runId;
  const item = (await worker.outbox.take('attest', 99, 1)).find((one) => one.runId === runId);
  if (!item) throw new Error('nothing to seal');
  const part = { offset: 7, size: data.length, sha256: sha256(data) };
  await worker.outbox.seal(item, {
    tenant,
    runId,
    bundle: sha256(`bundle of ${runId}`),
    bundleSize: 9,
    statement: sha256('s'),
    statements: {},
    exports: exporting ? [{ destination: 'd', artifacts: false }] : [],
    archive: { ...anArchive, chunks: [{ firstLine: 1, lines: 1, step: 's', execution: 1, chunk: 0, at, part }] },
  });
  await database.sql(`update pack_artifacts.attestations set sealed_ms = $2 where bundle = $1`, [
    sha256(`bundle of ${runId}`),
    at,
  ]);
  return runId;
}
