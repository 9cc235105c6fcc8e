import { Client } from 'pg';
import { randomUUID } from 'node:crypto';
import { runUuid, type RunId } from '@taskrunner/core/foundation';
import type { RunStore } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from './databases';
import { aCommit, aNewRun, aWorker, cancelRequest, start, submit, tenantA, tenantB } from './testing/builders';
import { withFreshDatabases } from './testing/fresh-databases';
import type { TestDatabase } from './testing/test-database';
import { statement } from './connection/statement';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

const queue = { group: 'deploy-prod', onConflict: 'queue' } as const;
const refuse = { ...queue, onConflict: 'refuse' } as const;
const shown = (run: RunId) => web.runReader.summary(tenantA, run);
const waiting = { status: 'waiting', waits: [{ kind: 'concurrency', id: 'deploy-prod', until: null }] };

/** Claims all due runs and ends them with a status. Returns them in the order of claim. */
async function drive(status = 'succeeded', others: Partial<Parameters<typeof aCommit>[2]> = {}): Promise<RunId[]> {
  const workerSession = await worker.claims.register(aWorker());
  const claimed = await worker.claims.claim(workerSession, 100);
  const commits = claimed.map((run) =>
    aCommit(run, start, { releases: true, ...others, run: { status: status as never, finishedAt: 2 } }),
  );
  const committed = await Promise.all(commits.map((commit) => worker.committer.commit(commit)));
  expect(committed.every(({ kind }) => kind === 'committed')).toBe(true);
  return claimed.map(({ runId }) => runId);
}

async function passOnGroups(): Promise<number | undefined> {
  return (await database.sql<{ passed: number }>(statement('pass-on-groups').text, [500]))[0]?.passed;
}

describe('runs of one concurrency group', () => {
  it('execute one at a time, in the order of their submission, and those who wait are nothing that a claim sees', async () => {
    const runs: RunId[] = [];
    for (let i = 0; i < 4; i++) runs.push(await submit(web.runStore, { concurrency: queue }));
    const separate = await submit(web.runStore, { concurrency: { ...queue, group: 'another' } });
    const foreign = await submit(web.runStore, { tenant: tenantB, concurrency: queue });
    const free = await submit(web.runStore);
    expect(await shown(runs[3] as RunId)).toMatchObject(waiting);
    expect((await drive()).sort()).toEqual([runs[0], separate, foreign, free].sort());
    expect(await shown(runs[1] as RunId)).toMatchObject({ status: 'queued', waits: [] });
    expect(await shown(runs[2] as RunId)).toMatchObject(waiting);
    expect(await drive()).toEqual([runs[1]]);
    expect(await drive()).toEqual([runs[2]]);
    expect(await drive()).toEqual([runs[3]]);
    expect(await database.sql('select from pack_runs.groups')).toEqual([]);
  });

  it('are claimed as such, so that their worker asks for the next one when they end', async () => {
    const workerSession = await worker.claims.register(aWorker());
    const inGroup = await submit(web.runStore, { concurrency: queue });
    const free = await submit(web.runStore);
    const claimed = await worker.claims.claim(workerSession, 5);
    expect(new Map(claimed.map(({ runId, isInGroup }) => [runId, isInGroup]))).toEqual(
      new Map([
        [inGroup, true],
        [free, false],
      ]),
    );
    const named = await submit(web.runStore, { concurrency: { ...queue, group: 'another' } });
    expect(await worker.claims.claimNamed(workerSession, { tenant: tenantA, runId: named })).toMatchObject({
      isInGroup: true,
    });
  });

  it.each([
    ['queue', { created: 50, refused: 0 }],
    ['refuse', { created: 1, refused: 49 }],
  ] as const)('%s: fifty that come at once through two webservices let one in', async (onConflict, expected) => {
    // Submissions are serialised. On a busy machine fifty take longer than the default timeout.
    const patient = { connectTimeoutMs: 60_000 };
    const stores: RunStore[] = [(await database.web(patient)).runStore, (await database.web(patient)).runStore];
    const ids = await Promise.all(Array.from({ length: 50 }, () => web.runStore.stamp()));
    const outcomes = await Promise.all(
      ids.map(({ runId, at }, index) =>
        (stores[index % 2] as RunStore).create(aNewRun(runId, at, { concurrency: { ...queue, onConflict } })),
      ),
    );
    const created = outcomes.filter(({ kind }) => kind === 'created');
    const due = await database.sql<{ run_id: string }>('select run_id from pack_runs.runs where due_at is not null');
    expect({ created: created.length, refused: outcomes.length - created.length }).toEqual(expected);
    expect(due).toHaveLength(1);
    expect(created.filter((one) => one.kind === 'created' && !one.inLine)).toHaveLength(1);
    const holder = ids.find(({ runId }) => runUuid(runId) === due[0]?.run_id)?.runId;
    for (const outcome of outcomes)
      if (outcome.kind === 'refused')
        expect(outcome).toEqual({ kind: 'refused', code: 'CONCURRENCY_GROUP_HELD', holder });
  });

  it('never lose one between the end of the holder and a submission', async () => {
    const runs = new Set<RunId>([await submit(web.runStore, { concurrency: queue })]);
    const driven: RunId[] = [];
    for (let round = 0; round < 20; round++) {
      const [run, ended, passed] = await Promise.all([
        submit(web.runStore, { concurrency: queue }),
        drive(),
        passOnGroups(),
      ]);
      runs.add(run);
      driven.push(...ended);
      expect(passed).toBe(0);
    }
    for (let more = await drive(); more.length > 0; more = await drive()) driven.push(...more);
    expect(new Set(driven)).toEqual(runs);
    expect(driven).toHaveLength(21);
  });

  it.each(['failed', 'cancelled'])('a %s run frees the group; one that waits for a person holds it', async (status) => {
    await submit(web.runStore, { concurrency: queue });
    const next = await submit(web.runStore, { concurrency: queue });
    const workerSession = await worker.claims.register(aWorker());
    const [holder] = await worker.claims.claim(workerSession, 5);
    if (!holder) throw new Error('not claimed');
    const parked = aCommit(holder, start, { releases: true, run: { status: 'waiting' } });
    expect(await worker.committer.commit(parked)).toMatchObject({ kind: 'committed' });
    expect(await worker.claims.claim(workerSession, 5)).toEqual([]);
    expect(await shown(next)).toMatchObject(waiting);
    await web.runStore.post(tenantA, holder.runId, cancelRequest, 'cancel');
    const [again] = await worker.claims.claim(workerSession, 5);
    if (!again) throw new Error('not claimed');
    const at = { prevSeq: 1, prev: parked.page.hash, seen: 1 };
    const ended = aCommit(again, at, { releases: true, run: { status: status as never, finishedAt: 3 } });
    expect(await worker.committer.commit(ended)).toMatchObject({ kind: 'committed' });
    expect((await worker.claims.claim(workerSession, 5)).map(({ runId }) => runId)).toEqual([next]);
  });

  it.each(['a run that does not exist', 'a run of no group', 'the run that waits'])(
    'wait no longer for %s, which somebody has written into the row of the group',
    async (which) => {
      const holder = await submit(web.runStore, { concurrency: queue });
      const next = await submit(web.runStore, { concurrency: queue });
      const written = {
        'a run that does not exist': randomUUID(),
        'a run of no group': runUuid(await submit(web.runStore)),
        'the run that waits': runUuid(next),
      }[which];
      expect(await passOnGroups()).toBe(0);
      await database.sql('update pack_runs.groups set holder = $1', [written]);
      await database.sql('update pack_runs.runs set due_at = null, status = $2 where run_id = $1', [
        ...[runUuid(holder), 'succeeded'],
      ]);
      expect(await shown(next)).toMatchObject(waiting);
      const lost: number[] = [];
      const watching = await database.worker({ claimsWatch: { onGroupsPassedOn: (groups) => lost.push(groups) } });
      const session = await watching.claims.register(aWorker());
      await database.sql(`update pack_runs.workers set steady_since = now() - interval '1 hour'`);
      await watching.claims.sweep(session);
      expect(lost).toEqual([1]);
      expect(await database.sql('select holder from pack_runs.groups')).toEqual([{ holder: runUuid(next) }]);
      expect(await drive()).toContain(next);
    },
  );

  it('keep their holder while it is active, whatever somebody writes into the row of the group', async () => {
    const holder = await submit(web.runStore, { concurrency: queue });
    const next = await submit(web.runStore, { concurrency: queue });
    const holders = () => database.sql('select holder from pack_runs.groups');
    await database.sql('update pack_runs.groups set holder = $1', [randomUUID()]);
    expect(await passOnGroups()).toBe(1);
    expect(await holders()).toEqual([{ holder: runUuid(holder) }]);
    await database.sql('delete from pack_runs.groups');
    expect(await passOnGroups()).toBe(1);
    expect(await holders()).toEqual([{ holder: runUuid(holder) }]);
    expect(await shown(next)).toMatchObject(waiting);
    expect(await drive()).toEqual([holder]);
    expect(await drive()).toEqual([next]);
  });

  it('wait for no run that nobody can claim, and no other group waits for one that no index can hold', async () => {
    const [lost, altered, next] = [
      await submit(web.runStore, { concurrency: queue }),
      await submit(web.runStore, { concurrency: queue }),
      await submit(web.runStore, { concurrency: queue }),
    ] as [RunId, RunId, RunId];
    await database.sql('update pack_runs.runs set fence = -1 where run_id = any ($1)', [[lost, altered].map(runUuid)]);
    const [first, second] = [
      await submit(web.runStore, { concurrency: { ...queue, group: 'a' } }),
      await submit(web.runStore, { concurrency: { ...queue, group: 'a' } }),
    ];
    // A tenant and labels that fit each, but not together.
    const long = (characters: number) =>
      `(select string_agg(md5(n::text), '') from generate_series(1, ${characters / 32}) n)`;
    await database.sql(
      `alter table pack_runs.runs disable trigger user;
       update pack_runs.runs set tenant_id = ${long(1_440)}, worker_labels = array[${long(1_920)}] where run_id = '${runUuid(second)}';
       alter table pack_runs.runs enable trigger user`,
    );
    await database.sql('update pack_runs.groups set holder = $1', [randomUUID()]);
    expect(await passOnGroups()).toBeGreaterThan(0);
    expect(
      await database.sql(`select name, holder from pack_runs.groups where tenant_id = 'acme' order by name`),
    ).toEqual([
      { name: 'a', holder: runUuid(first) },
      { name: 'deploy-prod', holder: runUuid(next) },
    ]);
  });

  it.each(['succeeded', 'halted'])(
    'a run that somebody has put in line, and that is %s, gets no group',
    async (status) => {
      const ended = await submit(web.runStore, { concurrency: { ...queue, group: 'another' } });
      await drive();
      await database.sql(
        `update pack_runs.runs set in_line = true, concurrency_group = 'deploy-prod', status = $2 where run_id = $1`,
        [runUuid(ended), status],
      );
      const runs = [
        await submit(web.runStore, { concurrency: queue }),
        await submit(web.runStore, { concurrency: queue }),
      ];
      expect(await drive()).toEqual([runs[0]]);
      expect(await drive()).toEqual([runs[1]]);
      expect(await database.sql('select from pack_runs.groups')).toEqual([]);
    },
  );

  it('a halted run frees the group: nothing of it can start again', async () => {
    await submit(web.runStore, { concurrency: queue });
    const next = await submit(web.runStore, { concurrency: queue });
    const workerSession = await worker.claims.register(aWorker());
    const [holder] = await worker.claims.claim(workerSession, 5);
    if (!holder) throw new Error('not claimed');
    await worker.claims.halt(holder, 'JOURNAL_TAMPERED', 'rows differ');
    expect((await worker.claims.claim(workerSession, 5)).map(({ runId }) => runId)).toEqual([next]);
  });

  it('one in line can be cancelled at once; it leaves the line and wakes nobody', async () => {
    const [first, second, third] = [
      await submit(web.runStore, { concurrency: queue }),
      await submit(web.runStore, { concurrency: queue, workerLabels: ['gpu'] }),
      await submit(web.runStore, { concurrency: queue }),
    ];
    const workerSession = await worker.claims.register(aWorker());
    expect(await worker.claims.claim(workerSession, 5)).toHaveLength(1);
    await web.runStore.post(tenantA, second, cancelRequest, 'cancel');
    expect(await drive('cancelled', { seen: 1 })).toEqual([second]);
    expect(await shown(third)).toMatchObject(waiting);
    expect(await database.sql('select holder from pack_runs.groups')).toEqual([{ holder: runUuid(first) }]);
    const line = await database.sql('select run_id from pack_runs.runs where in_line');
    expect(line).toEqual([{ run_id: runUuid(third) }]);
  });

  it('are submitted without a deadlock where the audit chain of their tenant begins beside them', async () => {
    const [first, second] = [await web.runStore.stamp(), await web.runStore.stamp()];
    const enter = ({ runId, at }: typeof first) => web.runStore.create(aNewRun(runId, at, { concurrency: queue }));
    const waits = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    const untilWaiting = async (count: number) => {
      for (const end = Date.now() + 30_000; (await database.sql(waits)).length < count;)
        if (Date.now() > end) throw new Error(`fewer than ${count} wait`);
    };
    const blocker = new Client({ connectionString: database.url('admin') });
    await blocker.connect();
    try {
      await blocker.query('begin');
      await blocker.query('insert into pack_runs.groups values ($1, $2, $3)', [tenantA, queue.group, randomUUID()]);
      const one = enter(first);
      await untilWaiting(1);
      // The counter now exists. The first submission did not find it, and the second one locks it.
      await submit(web.runStore);
      const other = enter(second);
      await untilWaiting(2);
      await blocker.query('rollback');
      expect(await Promise.all([one, other])).toEqual([
        { kind: 'created', inLine: false },
        { kind: 'created', inLine: true },
      ]);
    } finally {
      await blocker.end();
    }
    // A submission aborted by a deadlock is retried, so a deadlock shows only in this statistic.
    const deadlocks = 'select deadlocks::int from pg_stat_database where datname = current_database()';
    expect(await database.sql(deadlocks)).toEqual([{ deadlocks: 0 }]);
  });

  it('the first run to an idempotency key is answered, also where a second would be refused', async () => {
    const idempotency = {
      key: 'k',
      person: { iss: 'https://id.test', sub: 'ada' },
      route: 'POST /api/runs',
      bodyDigest: aNewRun('' as RunId, 0).planHash,
    };
    const first = await submit(web.runStore, { concurrency: refuse, idempotency });
    const { runId, at } = await web.runStore.stamp();
    const again = await web.runStore.create(aNewRun(runId, at, { concurrency: refuse, idempotency }));
    expect(again).toEqual({ kind: 'replayed', runId: first });
    const other = { ...idempotency, key: 'other' };
    const refused = await web.runStore.create(aNewRun(runId, at, { concurrency: refuse, idempotency: other }));
    expect(refused).toEqual({ kind: 'refused', code: 'CONCURRENCY_GROUP_HELD', holder: first });
    expect(await database.sql(`select from pack_runs.idempotency where key = 'other'`)).toEqual([]);
  });
});

describe('a submission', () => {
  it('waits for a connection as long as configured', async () => {
    const of = async (connectTimeoutMs: number) => (await database.web({ connections: 1, connectTimeoutMs })).runStore;
    const [hasty, patient] = [await of(2_000), await of(60_000)];
    const [held, waits, refused, other] = await Promise.all(Array.from({ length: 4 }, () => web.runStore.stamp()));
    if (!held || !waits || !refused || !other) throw new Error('no stamps');
    const create = (store: RunStore, { runId, at }: typeof held) =>
      store.create(aNewRun(runId, at, { concurrency: queue }));
    const blocker = new Client({ connectionString: database.url('admin') });
    await blocker.connect();
    try {
      await blocker.query('begin; lock table pack_runs.runs');
      const [first, second] = [create(hasty, held), create(patient, waits)];
      await expect(create(hasty, refused)).rejects.toThrow('timeout exceeded when trying to connect');
      const third = create(patient, other);
      await blocker.query('commit');
      for (const one of [first, second, third]) expect(await one).toMatchObject({ kind: 'created' });
    } finally {
      await blocker.end();
    }
  });
});
