import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { FeedEvent, RunChange } from '@taskrunner/core/ports';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import {
  aCommit,
  aDecision,
  after,
  aStep,
  aWorker,
  cancelRequest,
  start,
  submit,
  tenantA,
  tenantB,
} from '../testing/builders';
import { withFreshDatabases } from '../testing/fresh-databases';
import { anArchive } from '../testing/sealed-run';
import type { TestDatabase } from '../testing/test-database';
import { maintainDatabase } from '../upkeep/maintain';

const DAY_MS = 86_400_000;

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

async function eventsAfter(position: number | null, tenant: TenantId = tenantA): Promise<readonly FeedEvent[]> {
  const page = await web.eventFeed.after(tenant, position, 1_000);
  if (page.kind !== 'page') throw new Error(page.kind);
  return page.events;
}
const reported = (events: readonly FeedEvent[]) =>
  events.map(({ type, status, gate, decision }) => [type, status ?? gate, decision]);
const maintain = () =>
  maintainDatabase(database.url('maintain'), {
    ...{ journal: 14 * DAY_MS, runs: 30 * DAY_MS, evidence: 100 * DAY_MS, events: 7 * DAY_MS, tenants: [] },
  });

const connected = async (): Promise<Client> => {
  const client = new Client({ connectionString: database.url('admin') });
  await client.connect();
  return client;
};

/** What happened to runs, written by a trigger on every change of a row: what the feed must have, whichever statement wrote it. */
const HISTORY = `
create table history (id bigint generated always as identity, run uuid, type text, status text);
create function keep_history() returns trigger language plpgsql security definer as $$
declare
  shown text := pack_runs.shown_status(new.status, new.cancel_position, new.seen);
begin
  if tg_op = 'INSERT' then
    insert into history (run, type, status) values (new.run_id, 'run.created', shown);
    return null;
  end if;
  if shown <> pack_runs.shown_status(old.status, old.cancel_position, old.seen) then
    insert into history (run, type, status)
    values (new.run_id, case when shown in ('succeeded', 'failed', 'cancelled', 'halted') then 'run.ended' else 'run.changed' end, shown);
  end if;
  if new.evidence_status = 'sealed' and old.evidence_status <> 'sealed' then
    insert into history (run, type, status) values (new.run_id, 'evidence.sealed', null);
  end if;
  return null;
end $$;
create trigger history after insert or update on pack_runs.runs for each row execute function keep_history()`;

/** Changes a run in a transaction of this connection, and leaves it open. */
async function change(client: Client, run: RunId, status: string): Promise<void> {
  await client.query('begin');
  await client.query('update pack_runs.runs set status = $2 where run_id = $1', [runUuid(run), status]);
}

describe('the feed of a tenant', () => {
  it('has what happens to runs and gates, whoever does it, and nothing of other tenants', async () => {
    const runId = await submit(web.runStore);
    const other = await submit(web.runStore, { tenant: tenantB });
    const workerSession = await worker.claims.register(aWorker());
    const claimed = (await worker.claims.claim(workerSession, 5)).find((run) => run.runId === runId);
    if (!claimed) throw new Error('not claimed');
    const gate = { gate: 'approve', approval: 'x', gateDigest: claimed.planHash, request: {}, show: null, required: 1 };
    const opened = { kind: 'opened' as const, ...gate, expiresAt: 4e12 };
    expect(await worker.committer.commit(aCommit(claimed, start, { gates: [opened] }))).toEqual({ kind: 'committed' });
    await web.gateStore.decide(aDecision(runId, 'ben', 1));
    await web.runStore.post(tenantA, runId, cancelRequest, 'cancel');
    const events = await eventsAfter(null);
    expect(reported(events)[0]).toEqual(['run.created', 'queued', null]);
    expect(reported(events.slice(1)).sort()).toEqual(
      [
        ['run.changed', 'running', null],
        ['gate.opened', 'open', null],
        ['gate.decided', 'approve', 'approved'],
        ['gate.closed', 'approved', null],
        ['run.changed', 'cancelling', null],
      ].sort(),
    );
    expect(new Set(events.map((event) => event.runId))).toEqual(new Set([runId]));
    expect(events.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
    await database.sql(
      `update pack_runs.runs set status = 'failed', evidence_status = 'sealed', evidence_digest = '\\x00' where run_id = $1`,
      [runUuid(runId)],
    );
    expect(reported(await eventsAfter(6)).sort()).toEqual([
      ['evidence.sealed', null, null],
      ['run.ended', 'failed', null],
    ]);
    expect((await eventsAfter(null, tenantB)).map((event) => [event.position, event.runId])).toEqual([[1, other]]);
    const client = new Client({ connectionString: database.url('web') });
    await client.connect();
    const forged = `insert into pack_runs.events (tenant_id, type, run) values ('${tenantA}', 'run.ended', gen_random_uuid())`;
    await expect(client.query(forged)).rejects.toMatchObject({ code: '42501' });
    await client.query(`select pack_runs.place_events('${tenantB}', 10)`);
    await client.end();
  });

  it('has every change of a run once, whichever statement makes it', async () => {
    await database.sql(HISTORY);
    const concurrency = { group: 'g', onConflict: 'queue' } as const;
    const five = await Promise.all(Array.from({ length: 5 }, () => submit(web.runStore)));
    const [ended, asked, noticed, halted, quiet] = five as [RunId, RunId, RunId, RunId, RunId];
    const holder = await submit(web.runStore, { concurrency });
    const waits = await submit(web.runStore, { concurrency });
    const session = await worker.claims.register(aWorker());
    const claimed = await worker.claims.claim(session, 20);
    expect(claimed.map(({ runId }) => runId).sort()).toEqual([...five, holder].sort());
    const runOf = (runId: RunId) => claimed.find((run) => run.runId === runId) ?? claimed[0]!;
    const at = new Map(claimed.map((run) => [run.runId, start]));
    /** One flush of these runs, each with a status. */
    const flush = async (changes: readonly (readonly [RunId, RunChange['status']])[], seen = 0): Promise<void> => {
      const commits = changes.map(([runId, status]) => {
        const isOver = ['succeeded', 'failed', 'cancelled'].includes(status);
        const outbox = isOver ? [{ kind: 'attest' as const }] : [];
        const from = { ...(at.get(runId) ?? start), seen };
        const run = { status, finishedAt: isOver ? 2 : null };
        return aCommit(runOf(runId), from, { steps: [aStep('a')], outbox, releases: isOver, run });
      });
      const committed = await Promise.all(commits.map((commit) => worker.committer.commit(commit)));
      expect(committed).toEqual(commits.map(() => ({ kind: 'committed' })));
      for (const commit of commits) at.set(commit.runId, after(commit));
    };
    await flush([...five, holder].map((runId) => [runId, 'running']));
    await flush([
      [ended, 'running'],
      [asked, 'waiting'],
      [noticed, 'running'],
    ]);
    for (const runId of [asked, noticed]) await web.runStore.post(tenantA, runId, cancelRequest, 'cancel');
    await flush([
      [asked, 'waiting'],
      [quiet, 'waiting'],
    ]);
    // What was cancelling runs again, and ends; what is cancelling says so itself.
    await flush([[noticed, 'running']], 1);
    await flush([[asked, 'cancelling']], 1);
    await flush([
      [ended, 'succeeded'],
      [holder, 'failed'],
    ]);
    await flush([[asked, 'cancelled']], 1);
    expect(await worker.claims.halt(runOf(halted), 'JOURNAL_TAMPERED', 'page 1')).toBe(true);
    await worker.claims.release(runOf(quiet), null);
    await worker.claims.release(runOf(noticed), []);
    for (const item of await worker.outbox.take('attest', 99, 60_000)) {
      if (item.runId === holder) await worker.outbox.postpone(item, 0, 'blocked', 'SECRET_IN_EVIDENCE: plan.json');
      const bundle = sha256(item.runId);
      const statement = sha256('s');
      const sealed = { tenant: tenantA, runId: item.runId, bundle, bundleSize: 9, statement, statements: {} };
      for (let i = 0; i < 2; i++) await worker.outbox.seal(item, { ...sealed, exports: [], archive: anArchive });
    }
    await database.sql(`update pack_runs.runs set status = 'failed', version = version + 1 where run_id = $1`, [
      runUuid(quiet),
    ]);
    const history = await database.sql<{ run: string; type: string; status: string | null }>(
      'select run, type, status from history order by id',
    );
    const events = await eventsAfter(null);
    for (const runId of [...five, holder, waits]) {
      const happened = history.filter(({ run }) => run === runUuid(runId)).map(({ type, status }) => [type, status]);
      const fed = events.filter((event) => event.runId === runId).map(({ type, status }) => [type, status]);
      expect(fed).toEqual(happened);
    }
    expect(events.length).toBe(history.length);
    const typesOf = (runId: RunId) => events.filter((event) => event.runId === runId).map(({ status }) => status);
    expect(typesOf(ended)).toEqual(['queued', 'running', 'succeeded', null]);
    expect(typesOf(asked)).toEqual(['queued', 'running', 'waiting', 'cancelling', 'cancelled', null]);
    expect(typesOf(noticed)).toEqual(['queued', 'running', 'cancelling', 'running', 'waiting']);
    expect(typesOf(halted)).toEqual(['queued', 'running', 'halted']);
    expect(typesOf(holder)).toEqual(['queued', 'running', 'failed', null]);
    expect(typesOf(waits)).toEqual(['waiting', 'queued']);
    expect(events.filter(({ bundle }) => bundle !== null).map(({ runId, bundle }) => [runId, bundle])).toEqual(
      events.filter(({ type }) => type === 'evidence.sealed').map(({ runId }) => [runId, sha256(runId)]),
    );
  });

  it('goes on over events and positions that nobody has written', async () => {
    const first = await submit(web.runStore);
    expect((await eventsAfter(null)).map(({ position }) => position)).toEqual([1]);
    await database.sql('update pack_runs.events set at_ms = 9000000000000000');
    expect(await eventsAfter(null)).toMatchObject([{ position: 1, at: 0, runId: first }]);
    for (const position of ['9223372036854775807', '-5', '0']) {
      await database.sql('update pack_runs.event_heads set position = $1', [position]);
      expect((await eventsAfter(null))[0]).toMatchObject({ position: 1 });
      const next = await submit(web.runStore);
      expect((await eventsAfter(null)).at(-1)).toMatchObject({ runId: next });
    }
    await database.sql(
      `insert into pack_runs.events (tenant_id, type, run, position) select $1, 'run.created', gen_random_uuid(), p
       from unnest('{5, 9223372036854775807, -1}'::bigint[]) p`,
      [tenantA],
    );
    const last = await submit(web.runStore);
    expect((await eventsAfter(null)).at(-1)).toMatchObject({ runId: last, position: 6 });
  });

  it.each([
    ['an event', `2::bigint ^ 53 - 1 - 5000`],
    ['an event', `2::bigint ^ 53 - 1`],
    ['an event', `2::bigint ^ 52`],
    ['an event', `2::bigint ^ 51`],
    ['an event', `2`],
    ['the head', `2::bigint ^ 53 - 1 - 5000`],
    ['the head', `2::bigint ^ 52 - 5000`],
  ])('goes on over %s at the position %s, which nobody gave', async (what, position) => {
    await submit(web.runStore);
    expect(await eventsAfter(null)).toHaveLength(1);
    const sql =
      what === 'the head'
        ? `update pack_runs.event_heads set position = (${position})::bigint where tenant_id = $1`
        : `insert into pack_runs.events (tenant_id, type, run, position) values ($1, 'run.created', gen_random_uuid(), (${position})::bigint)`;
    await database.sql(sql, [tenantA]);
    const runs: RunId[] = [];
    for (let n = 0; n < 3; n++) {
      runs.push(await submit(web.runStore), await submit(web.runStore));
      await web.eventFeed.after(tenantA, null, 1_000);
    }
    const events = await eventsAfter(null);
    expect(events.slice(-runs.length).map(({ runId }) => runId)).toEqual(runs);
    const positions = events.map((event) => event.position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    expect(await eventsAfter(positions.at(-2) ?? 0)).toMatchObject([{ runId: runs.at(-1) }]);
  });

  it('takes from the role of workers what its statements write, and nothing else', async () => {
    const client = new Client({ connectionString: database.url('worker') });
    await client.connect();
    const insert = (columns: string, values: string) =>
      client.query(
        `insert into pack_runs.events (tenant_id, run, ${columns}) values ('acme', gen_random_uuid(), ${values})`,
      );
    const denied = { code: '42501' };
    await expect(insert('type', `'gate.decided'`)).rejects.toMatchObject(denied);
    await expect(insert('type, position', `'run.ended', 1`)).rejects.toMatchObject(denied);
    await expect(insert('type, at_ms', `'run.ended', 1`)).rejects.toMatchObject(denied);
    await expect(client.query('select from pack_runs.events')).rejects.toMatchObject(denied);
    await insert('type', `'run.ended'`);
    await client.end();
  });

  it('takes from the role of webservices that a run of their tenant was created, and nothing else', async () => {
    const client = new Client({ connectionString: database.url('web') });
    await client.connect();
    await client.query(`set taskrunner.tenant = '${tenantA}'`);
    const insert = (columns: string, values: string) =>
      client.query(`insert into pack_runs.events (run, ${columns}) values (gen_random_uuid(), ${values})`);
    const denied = { code: '42501' };
    await expect(insert('tenant_id, type', `'${tenantB}', 'run.created'`)).rejects.toMatchObject(denied);
    await expect(insert('tenant_id, type', `'${tenantA}', 'run.ended'`)).rejects.toMatchObject(denied);
    await expect(insert('tenant_id, type, position', `'${tenantA}', 'run.created', 1`)).rejects.toMatchObject(denied);
    await insert('tenant_id, type', `'${tenantA}', 'run.created'`);
    await client.end();
    expect((await eventsAfter(null)).length).toBe(1);
  });

  it('has a run that a webservice of the release before has created, which leaves the event to the trigger', async () => {
    const runId = await submit(web.runStore);
    await database.sql(
      `insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, counts, status)
       select tenant_id, gen_random_uuid(), environment_digest, isolation, created_ms, counts, 'queued' from pack_runs.runs where run_id = $1`,
      [runUuid(runId)],
    );
    expect((await eventsAfter(null)).map(({ type, status }) => [type, status])).toEqual([
      ['run.created', 'queued'],
      ['run.created', 'queued'],
    ]);
  });

  it('serves no position below which an event can still appear, though transactions commit in another order', async () => {
    const [late, early] = [await submit(web.runStore), await submit(web.runStore)];
    expect((await eventsAfter(null)).length).toBe(2);
    // It has written its event, and others commit later ones before it.
    const [slow, quick] = [await connected(), await connected()];
    await change(slow, late, 'running');
    await change(quick, early, 'running');
    await quick.query('commit');
    const first = await eventsAfter(2);
    expect(first.map(({ position, runId }) => [position, runId])).toEqual([[3, early]]);
    await change(quick, early, 'waiting');
    await quick.query('commit');
    await slow.query('commit');
    await Promise.all([slow.end(), quick.end()]);
    const second = await eventsAfter(3);
    expect(second.map(({ position }) => position)).toEqual([4, 5]);
    expect(new Set(second.map(({ runId }) => runId))).toEqual(new Set([early, late]));
  });

  it('has no gap, no double and the order of each run while many write and many read', async () => {
    const [RUNS, WRITERS] = [18, 6];
    const STATUSES = ['running', 'waiting', 'running', 'waiting', 'succeeded'];
    let isOver = false;
    // On a busy machine nine that share the connections wait longer than the default.
    const patient = await database.web({ connectTimeoutMs: 60_000 });
    const reader = async (): Promise<FeedEvent[]> => {
      const seen: FeedEvent[] = [];
      for (let isLast = false; ; isLast = isOver) {
        const page = await patient.eventFeed.after(tenantA, seen.at(-1)?.position ?? 0, 7);
        if (page.kind !== 'page') throw new Error(page.kind);
        seen.push(...page.events);
        if (isLast && page.events.length === 0) return seen;
      }
    };
    const readers = Array.from({ length: 3 }, reader);
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      const client = await connected();
      for (let n = writer; n < RUNS; n += WRITERS) {
        const runId = await submit(patient.runStore);
        for (const status of STATUSES) {
          await change(client, runId, status);
          // Others write and commit before this one does.
          for (let turn = 0; turn < (writer % 3) * 5; turn++) await new Promise(setImmediate);
          await client.query('commit');
        }
      }
      await client.end();
    });
    await Promise.all(writers).finally(() => (isOver = true));
    const all = await Promise.all(readers);
    for (const seen of all) {
      expect(seen.map(({ position }) => position)).toEqual(
        Array.from({ length: RUNS * (STATUSES.length + 1) }, (_, n) => n + 1),
      );
      expect(seen).toEqual(all[0]);
    }
    const byRun = new Map<RunId, FeedEvent[]>();
    for (const event of all[0] ?? []) byRun.set(event.runId, [...(byRun.get(event.runId) ?? []), event]);
    expect(byRun.size).toBe(RUNS);
    for (const events of byRun.values()) expect(events.map(({ status }) => status)).toEqual(['queued', ...STATUSES]);
  }, 120_000);

  it('goes by retention from its beginning, and says so to who asks for what is gone', async () => {
    const [first] = [await submit(web.runStore), await submit(web.runStore)];
    expect((await eventsAfter(null)).length).toBe(2);
    await submit(web.runStore);
    // The first is young again: what is removed is a beginning, so nothing is removed after it.
    await database.sql(`update pack_runs.events set at_ms = at_ms - $1::bigint where run <> $2`, [
      8 * DAY_MS,
      runUuid(first),
    ]);
    await maintain();
    expect((await eventsAfter(0)).length).toBe(3);
    await database.sql(`update pack_runs.events set at_ms = at_ms - $1::bigint where run = $2`, [
      8 * DAY_MS,
      runUuid(first),
    ]);
    await submit(web.runStore);
    await maintain();
    expect(await web.eventFeed.after(tenantA, 2, 10)).toEqual({ kind: 'gone', oldest: 3, head: 4 });
    expect((await eventsAfter(3)).map(({ position }) => position)).toEqual([4]);
    expect((await eventsAfter(null)).map(({ position }) => position)).toEqual([4]);
    expect(await web.eventFeed.after(tenantA, 5, 10)).toMatchObject({ kind: 'gone', head: 4 });
    expect(await web.eventFeed.after(tenantB, 0, 10)).toEqual({ kind: 'page', events: [], oldest: 0, head: 0 });
  });
});
