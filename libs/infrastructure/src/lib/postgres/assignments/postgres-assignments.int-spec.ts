import { setTimeout as delay } from 'node:timers/promises';
import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { StepId } from '@taskrunner/core/foundation';
import type {
  AssignmentReport,
  ClaimedAssignment,
  ClaimedRun,
  Commit,
  WorkerSession,
  DispatchedAssignment,
} from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { openPool } from '../connection/connection';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, after, aWorker, start, submit, tenantA, tenantB } from '../testing/builders';
import { withFreshDatabases } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

/** Lease of workers that die in a test. */
const LEASE_MS = 1_500;

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
let me: WorkerSession;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh), {
  worker: { leaseMs: 60_000 },
});
beforeEach(async () => {
  me = await worker.claims.register(aWorker());
});

const steps = (from: number, count: number): StepId[] =>
  Array.from({ length: count }, (_, index) => `fan[${from + index}]::act` as StepId);
const anAssignment = (from = 0, count = 3): DispatchedAssignment => ({
  name: `fan[${from}]::act#1`,
  step: 'fan' as StepId,
  first: from,
  last: from + count - 1,
  items: count,
  body: JSON.stringify(steps(from, count)),
  mac: 'cd'.repeat(32),
});
const started = (of: readonly StepId[]) => of.map((step) => ({ step, execution: 1 }));

function aReport(held: ClaimedAssignment, of: readonly StepId[], number = 1): AssignmentReport {
  return {
    type: 'assignment.reported',
    runId: held.runId,
    assignment: held.name,
    fence: held.fence,
    number,
    worker: { name: 'w', version: '1', build: sha256('b'), probe: sha256('p') },
    reported: of.map((step) => ({
      kind: 'given',
      body: { type: 'attempt.succeeded', step, execution: 1, outputs: null },
    })),
    values: {},
    refused: false,
    mac: '',
  };
}

/** A driven run with dispatched assignments. */
async function assigned(
  assignments: readonly DispatchedAssignment[] = [anAssignment()],
  tenant = tenantA,
): Promise<{ readonly run: ClaimedRun; readonly commit: Commit }> {
  await submit(web.runStore, { tenant });
  const [run] = await worker.claims.claim(me, 1);
  if (!run) throw new Error('not claimed');
  const commit = aCommit(run, start, { assignments: { dispatched: assignments, revoked: [], settled: [] } });
  expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
  return { run, commit };
}

async function claimed(): Promise<ClaimedAssignment> {
  const held = await worker.assignments.claim(me);
  if (!held) throw new Error('nothing to claim');
  return held;
}

/** Locks the row of a run while other statements wait for it, and calls `look` when all of them wait. */
async function whileHeld(
  run: ClaimedRun,
  waiting: number,
  act: () => Promise<unknown>,
  look: () => Promise<void> = async () => undefined,
): Promise<void> {
  const pool = openPool(database.url('admin'), { max: 1 });
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select from pack_runs.runs where run_id = $1 for update', [runUuid(run.runId)]);
    const waits = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    const acted = act();
    for (const end = Date.now() + 30_000; (await database.sql(waits)).length < waiting && Date.now() < end;)
      await delay(5);
    await look();
    await client.query('commit');
    await acted;
  } finally {
    client.release();
    await pool.end();
  }
}

const inbox = () => database.sql<{ position: number }>('select position::int from pack_runs.inbox order by 1');

describe('an assignment', () => {
  it('is inserted by the flush of who holds the run, and by nobody else; its neighbours in the flush stay whole', async () => {
    await submit(web.runStore);
    await submit(web.runStore, { tenant: tenantB });
    const [one, other] = await worker.claims.claim(me, 2);
    if (!one || !other) throw new Error('not claimed');
    const with_ = { assignments: { dispatched: [anAssignment()], revoked: [], settled: [] } };
    const zombie = { ...one, fence: one.fence - 1 };
    const outcomes = await Promise.all([
      worker.committer.commit(aCommit(zombie, start, with_)),
      worker.committer.commit(aCommit(other, start, with_)),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['claim-lost', 'committed']);
    expect(await database.sql('select tenant_id from pack_runs.assignments')).toEqual([{ tenant_id: other.tenant }]);
  });

  it('is claimed once, whole, under a fence of its own, with the run as it was accepted', async () => {
    const { run } = await assigned();
    const held = await claimed();
    expect(held).toMatchObject({ runId: run.runId, name: 'fan[0]::act#1', fence: 1, mac: 'cd'.repeat(32), begun: [] });
    expect(JSON.parse(held.body)).toEqual(steps(0, 3));
    expect(await worker.assignments.claim(me)).toBeNull();
    expect(await worker.assignments.run(held.tenant, held.runId)).toMatchObject({
      runId: run.runId,
      plan: run.plan,
      admissionDigest: run.admissionDigest,
    });
  });

  it('is seen by workers that honour the environment of its run alone', async () => {
    const { run } = await assigned();
    const stranger = await worker.claims.register(aWorker({ environments: [sha256('another')] }));
    expect(await worker.assignments.claim(stranger)).toBeNull();
    expect((await claimed()).runId).toBe(run.runId);
  });

  it('takes a report once that is sent again while it is still under way, and says so to both', async () => {
    const { run } = await assigned();
    const held = await claimed();
    const report = (): Promise<unknown> => worker.assignments.report(held, aReport(held, steps(0, 1)));
    await whileHeld(run, 2, async () => {
      const posted = { kind: 'posted', position: 1 };
      expect(await Promise.all([report(), report()])).toEqual([posted, posted]);
    });
    expect(await inbox()).toEqual([{ position: 1 }]);
  });

  it('is not locked by a worker that retires before the runs that it owns are', async () => {
    const { run } = await assigned();
    await claimed();
    const free = 'select name from pack_runs.assignments for update skip locked';
    const retire = (): Promise<void> => worker.claims.retire(me);
    await whileHeld(run, 1, retire, async () => expect(await database.sql(free)).toHaveLength(1));
  });

  it('takes turns with those of other tenants', async () => {
    await assigned([anAssignment(0), anAssignment(10), anAssignment(20)]);
    await assigned([anAssignment(0)], tenantB);
    expect([(await claimed()).tenant, (await claimed()).tenant]).toEqual([tenantA, tenantB]);
  });

  it('has a row of each execution before it begins, none for what is to stop, none under an old fence', async () => {
    const { run, commit } = await assigned();
    const held = await claimed();
    const revoked = [{ name: held.name, steps: steps(2, 1) }];
    const next = aCommit(run, after(commit), { assignments: { dispatched: [], revoked, settled: [] } });
    expect(await worker.committer.commit(next)).toEqual({ kind: 'committed' });
    expect(await worker.assignments.begin(held, started(steps(1, 2)))).toEqual(steps(1, 1));
    // Its answer was lost, and the executor sends it again.
    expect(await worker.assignments.begin(held, started(steps(1, 2)))).toEqual(steps(1, 1));
    expect(await worker.assignments.assignmentStatuses(me)).toMatchObject([
      { name: held.name, stops: steps(2, 1), over: false },
    ]);
    await worker.assignments.release(held);
    const again = await claimed();
    expect(again).toMatchObject({
      fence: 2,
      stops: steps(2, 1),
      begun: [{ step: 'fan[1]::act', execution: 1, answered: false }],
    });
    expect(await worker.assignments.begin(held, started(steps(0, 1)))).toEqual([]);
    expect(await worker.assignments.begin(again, started(steps(1, 1)))).toEqual([]);
    expect(await worker.assignments.begin(again, started(steps(0, 1)))).toEqual(steps(0, 1));
  });

  it('is reported by letters, each once, by its holder alone', async () => {
    await assigned();
    const held = await claimed();
    expect(await worker.assignments.report(held, aReport(held, steps(0, 1)))).toEqual({ kind: 'posted', position: 1 });
    expect(await worker.assignments.report(held, aReport(held, steps(0, 1)))).toEqual({ kind: 'posted', position: 1 });
    expect(await worker.claims.inboxPositions(me)).toMatchObject([{ inbox: 1 }]);
    await worker.assignments.release(held);
    expect(await worker.assignments.report(held, aReport(held, steps(1, 1), 2))).toEqual({ kind: 'lost' });
    const again = await claimed();
    expect(again.begun).toEqual([{ step: 'fan[0]::act', execution: 1, answered: true }]);
    expect(await worker.assignments.report(again, aReport(again, steps(1, 2)))).toEqual({
      kind: 'posted',
      position: 2,
    });
    expect(await inbox()).toEqual([{ position: 1 }, { position: 2 }]);
    // Every step has reported, so nothing can be claimed.
    await worker.assignments.release(again);
    expect(await worker.assignments.claim(me)).toBeNull();
  });

  it('has its report taken although the version of its run is one that nothing can follow', async () => {
    await assigned();
    const held = await claimed();
    await database.sql('update pack_runs.runs set version = 9223372036854775807');
    expect(await worker.assignments.report(held, aReport(held, steps(0, 1)))).toEqual({ kind: 'posted', position: 1 });
  });

  it('keeps the inbox of its run bounded, and leaves a run that is over alone', async () => {
    const { run } = await assigned();
    const held = await claimed();
    await database.sql(`update pack_runs.runs set inbox_seq = 1000`);
    await expect(worker.assignments.report(held, aReport(held, steps(0, 1)))).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
    });
    await database.sql(
      `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
       select tenant_id, run_id, n, 'n' || n, '{}', 0 from pack_runs.runs, generate_series(1, 1000) n`,
    );
    expect(await worker.assignments.report(held, aReport(held, steps(0, 1)))).toEqual({
      kind: 'refused',
      code: 'INBOX_FULL',
    });
    await database.sql(`update pack_runs.runs set inbox_seq = 0, status = 'halted'`);
    expect(await worker.assignments.report(held, aReport(held, steps(0, 1)))).toEqual({
      kind: 'refused',
      code: 'RUN_ENDED',
    });
    expect(await worker.assignments.assignmentStatuses(me)).toMatchObject([{ runId: run.runId, over: true }]);
  });

  it('stores chunks under its own fence, whoever drives the run', async () => {
    const { run } = await assigned();
    const held = await claimed();
    await database.sql('update pack_runs.runs set fence = fence + 1');
    const { tenant, runId, name, fence } = held;
    const of = { step: 'fan[0]::act', attempt: 2, execution: 3 };
    const chunk = { ...{ tenant, runId, fence, assignment: name }, ...of, chunk: 0, at: 1 };
    const line = { data: new TextEncoder().encode('ix\n'), lines: 1, sha256: sha256('ix\n') };
    expect(await worker.logStore.append([{ ...chunk, ...line }])).toEqual([true]);
    expect(await database.sql('select step, attempt, execution from pack_run_logs.chunks')).toEqual([of]);
    expect(await worker.logStore.append([{ ...chunk, ...line, fence: fence - 1, chunk: 1 }])).toEqual([false]);
    const own = { ...chunk, ...line, chunk: 2 };
    expect(await worker.logStore.append([{ ...own, assignment: undefined, fence: run.fence } as never])).toEqual([
      false,
    ]);
    await worker.assignments.release(held);
    expect(await worker.logStore.append([{ ...chunk, ...line, chunk: 3 }])).toEqual([false]);
  });

  it('of a dead worker is freed by the sweep, and nobody is blamed; what is settled is gone with its executions', async () => {
    const { run, commit } = await assigned();
    const short = await database.worker({ leaseMs: LEASE_MS });
    const dying = await short.claims.register(aWorker());
    const living = await short.claims.register(aWorker());
    const held = await short.assignments.claim(dying);
    if (!held) throw new Error('not claimed');
    expect(await short.assignments.others(living)).toBe(2);
    await short.assignments.begin(held, started(steps(0, 1)));
    for (const end = Date.now() + 30_000; Date.now() < end; await delay(100)) {
      await short.claims.renew(living);
      await short.claims.sweep(living);
      const [row] = await database.sql<{ owner: string | null }>('select owner from pack_runs.assignments');
      if (row?.owner === null) break;
    }
    const again = await claimed();
    expect(again.begun).toEqual([{ step: 'fan[0]::act', execution: 1, answered: false }]);
    expect(await short.assignments.report(held, aReport(held, steps(0, 1)))).toEqual({ kind: 'lost' });
    expect(await database.sql('select crashes from pack_runs.runs')).toEqual([{ crashes: 0 }]);
    const settled = { assignments: { dispatched: [], revoked: [], settled: [held.name] } };
    expect(await worker.committer.commit(aCommit(run, after(commit), settled))).toEqual({ kind: 'committed' });
    expect(await database.sql('select from pack_runs.assignments')).toEqual([]);
    expect(await database.sql('select from pack_runs.executions')).toEqual([]);
    expect(await worker.assignments.assignmentStatuses(me)).toEqual([]);
    expect(runUuid(run.runId)).toBeDefined();
  });
});
