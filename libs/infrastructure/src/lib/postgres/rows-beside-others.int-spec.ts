import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, scheduleUuid } from '@taskrunner/core/foundation';
import type { RunId, StepId } from '@taskrunner/core/foundation';
import type { ClaimedRun, WorkerSession } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { statement } from './connection/statement';
import type { WebDatabase, WorkerDatabase } from './databases';
import { aCommit, anEnvelope, aWorker, start, submit, tenantA, tenantB } from './testing/builders';
import { withFreshDatabases } from './testing/fresh-databases';
import { aSchedule } from './testing/schedules';
import type { TestDatabase } from './testing/test-database';
import { keysNeeded } from './backup/keys-needed';
import { ALL_REFERENCES } from './upkeep/object-reference';

// One row that somebody has altered makes no statement about the rows of other tenants fail.

/** A text of a document with these members, nested more deeply than the server parses. */
const DEEP = 30_000;
const deep = (members: string) => `{${members},"x":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`;
const COUNTS: readonly (readonly [string, string])[] = [
  ['a text', '{"needs_attention":"x"}'],
  ['a text that no operator reads', '{"needs_attention":"\\u0000"}'],
  ['no object', '7'],
  ['null', 'null'],
  ['nested too deeply', deep('"needs_attention":1')],
];

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

/** Alters rows as an administrator, who may store what no role of the product parses. */
async function alter(sql: string, values: readonly unknown[]): Promise<void> {
  const text = sql.replaceAll(/\$(\d+)/g, (_, n: string) => `'${String(values[Number(n) - 1]).replaceAll("'", "''")}'`);
  await database.sql(`set max_stack_depth = '7MB'; ${text}; reset max_stack_depth`);
}

async function dead(session: WorkerSession): Promise<void> {
  await database.sql(`update pack_runs.workers set state = 'dead' where worker_id = $1`, [session.id]);
}

async function claimed(...tenants: (typeof tenantA)[]): Promise<ClaimedRun[]> {
  for (const tenant of tenants) await submit(web.runStore, { tenant });
  const runs = await worker.claims.claim(me, tenants.length);
  expect(runs).toHaveLength(tenants.length);
  return [...runs];
}

const owners = (...runs: RunId[]) =>
  database.sql('select owner from pack_runs.runs where run_id = any ($1::uuid[])', [runs.map(runUuid)]);

describe('the numbers of steps of one run', () => {
  it.each(COUNTS)('keep no run with a dead worker: %s', async (_what, counts) => {
    const [altered, other] = (await claimed(tenantA, tenantB)) as [ClaimedRun, ClaimedRun];
    await alter('update pack_runs.runs set counts = $2 where run_id = $1', [runUuid(altered.runId), counts]);
    await dead(me);
    await database.sql(statement('free-runs').text, [2]);
    expect(await owners(altered.runId, other.runId)).toEqual([{ owner: null }, { owner: null }]);
  });

  it.each(COUNTS)('keep no worker from giving its runs back: %s', async (_what, counts) => {
    const [altered, other] = (await claimed(tenantA, tenantB)) as [ClaimedRun, ClaimedRun];
    await alter('update pack_runs.runs set counts = $2 where run_id = $1', [runUuid(altered.runId), counts]);
    await worker.claims.retire(me);
    expect(await owners(altered.runId, other.runId)).toEqual([{ owner: null }, { owner: null }]);
  });

  it('say as before whether a step needs attention', async () => {
    const text = `select pack_runs.stuck_of('running', 'none', c::json, null) as stuck from unnest($1::text[]) with ordinality c (c, n) order by n`;
    const counts = [
      '{}',
      '{"total":3,"needs_attention":0}',
      '{"needs_attention":1,"total":3}',
      '{"needs_attention": 12}',
    ];
    expect((await database.sql<{ stuck: string }>(text, [counts])).map(({ stuck }) => stuck)).toEqual([
      ...[null, null, 'attention', 'attention'],
    ]);
  });
});

it.each([0, -(2 ** 31), 2 ** 31 - 1])(
  'a lease of %d ms in the row of one worker keeps no run from it',
  async (leaseMs) => {
    await database.sql('update pack_runs.workers set lease_ms = $1, lease_until = now()', [leaseMs]);
    expect(await worker.claims.renew(me)).toMatchObject({ held: true });
    expect(await database.sql('select lease_ms from pack_runs.workers')).toEqual([{ lease_ms: me.leaseMs }]);
    await claimed(tenantA, tenantB);
  },
);

describe('times of one row that no clock shows', () => {
  it.each(['infinity', '-infinity', '294276-01-01'])('keep no sweep from its end: due at %s', async (dueAt) => {
    const dying = await worker.claims.register(aWorker());
    const other = await submit(web.runStore, { tenant: tenantB });
    expect(await worker.claims.claim(dying, 1)).toHaveLength(1);
    const altered = await submit(web.runStore);
    const values = [runUuid(altered), dueAt];
    await database.sql('alter table pack_runs.outbox disable trigger mark');
    await alter(`update pack_runs.runs set due_at = $2, due_set_at = 'infinity' where run_id = $1`, values);
    await alter(
      `insert into pack_runs.outbox (tenant_id, run_id, kind, body, due_at, due_set_at)
       values ('acme', $1, 'attest', '{}', case when $2 = 'infinity' then '9999-01-01' else $2::timestamptz end, 'infinity')`,
      values,
    );
    await alter(
      `insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, requested_ms, due_at, due_set_at)
       values ('acme', $1, 'd', false, 0, $2, 'infinity')`,
      values,
    );
    await database.sql('alter table pack_runs.outbox enable trigger mark');
    await database.sql(
      `update pack_runs.workers set lease_until = case when worker_id = $1 then now() - interval '1 minute' else lease_until end,
         steady_since = now() - interval '1 hour'`,
      [dying.id],
    );
    expect(await worker.claims.sweep(me)).toBe(1);
    expect(await owners(other)).toEqual([{ owner: null }]);
    // The run of the altered row is due now, unless its time has passed.
    expect(await worker.claims.claim(me, 9)).toHaveLength(2);
  });
});

it('a fence of one assignment that nothing can follow keeps no other assignment', async () => {
  const [altered, other] = (await claimed(tenantA, tenantB)) as [ClaimedRun, ClaimedRun];
  for (const run of [altered, other]) {
    const dispatched = [
      { name: 'fan[0]::act#1', step: 'fan' as StepId, first: 0, last: 0, items: 1, body: '[]', mac: 'cd'.repeat(32) },
    ];
    const assignments = { dispatched, revoked: [], settled: [] };
    expect(await worker.committer.commit(aCommit(run, start, { assignments }))).toEqual({ kind: 'committed' });
  }
  for (const fence of ['9223372036854775807', '-1', '9007199254740991']) {
    await database.sql('update pack_runs.assignments set owner = null, fence = 0');
    await database.sql('update pack_runs.assignments set fence = $2 where run_id = $1', [
      runUuid(altered.runId),
      fence,
    ]);
    expect((await worker.assignments.claim(me))?.runId).toBe(other.runId);
    expect(await worker.assignments.claim(me)).toBeNull();
  }
});

it('the time of one delivery keeps no other delivery', async () => {
  const [altered, other] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
  for (const [tenant, run, at, due] of [
    [tenantA, altered, '-9223372036854775808', '1 hour'],
    [tenantB, other, '0', '1 minute'],
  ] as const)
    await database.sql(
      `insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, requested_ms, due_at)
       values ($1, $2, 'd', false, $3, now() - $4::interval)`,
      [tenant, runUuid(run), at, due],
    );
  expect(await worker.exports.take('d', 60_000)).toMatchObject({ runId: altered, ageMs: 0 });
  expect(await worker.exports.take('d', 60_000)).toMatchObject({ runId: other, ageMs: expect.any(Number) });
});

it('one announcement that is nested too deeply keeps no other announcement', async () => {
  const run = await submit(web.runStore);
  const insert = `insert into pack_runs.outbox (tenant_id, run_id, kind, body, stream, place, since)
    values ('acme', $1, 'announce', $2, nullif($3, ''), case when $3 <> '' then 1 end, now())`;
  const bodies = [deep('"type":"a"'), '{"type":"schedule.stopped"}'];
  for (const [index, body] of bodies.entries())
    for (const stream of [`hook${index}`, '']) await alter(insert, [runUuid(run), body, stream]);
  const types = ['schedule.stopped'] as const;
  await worker.announcements.addressToEndpoints([{ tenant: 'acme', stream: 'a', types }]);
  const taken = await worker.announcements.take({ limit: 9, perStream: 9, busy: [], leaseMs: 60_000 });
  expect(taken.map(({ stream }) => stream).sort()).toEqual(['a', 'hook0', 'hook1']);
});

it.each(['9223372036854775807', '-9223372036854775808', '9007199254740993'])(
  'the time %s of one checkpoint keeps no tenant without another',
  async (at) => {
    for (const tenant of [tenantA, tenantB]) {
      await web.gateStore.audit(tenant, { type: 'test' });
      const status = await web.auditChain.status(tenant, 9);
      if (status.kind !== 'grown') throw new TypeError(status.kind);
      await web.auditChain.keep(tenant, { ...status, envelope: anEnvelope('checkpoint') });
      await web.gateStore.audit(tenant, { type: 'test' });
    }
    await database.sql('update pack_runs.audit_checkpoints set at_ms = $2 where tenant_id = $1', [tenantA, at]);
    expect(await web.auditChain.due(60_000, 9)).toEqual([tenantA]);
    expect([...(await web.auditChain.due(0, 9))].sort()).toEqual([tenantA, tenantB].sort());
  },
);

describe('a pack of one schedule that no operator reads', () => {
  it.each([
    ['with a text', `"manifest":"\\u0000"`],
    ['nested too deeply', deep('"manifest":"m"').slice(1, -1)],
  ])('keeps no backup and no sweep away: %s', async (_what, part) => {
    const digests = ['of a file', 'of an input', 'of another'].map(sha256);
    for (const tenant of [tenantA, tenantB]) {
      const { at, scheduleId } = await web.scheduleStore.stamp();
      const inputs = { report: { digest: digests[tenant === tenantA ? 1 : 2], size: 1 } };
      await web.scheduleStore.create(aSchedule(scheduleId, at, { tenant, inputs: inputs as never }), 9, { type: 'x' });
    }
    const source = `{${part},"files":[{"digest":"${digests[0]}"}]}`;
    await alter('update pack_runs.schedules set source = $2 where tenant_id = $1', [tenantA, source]);
    const found = await database.sql<{ digest: string }>(ALL_REFERENCES);
    expect(found.map(({ digest }) => digest)).toEqual(expect.arrayContaining(digests));
    for (let pass = 0; pass < 2; pass++)
      expect(await worker.objectReferences.unneeded(tenantA, digests as never, 0)).toEqual(
        pass === 0 ? [] : digests.slice(2),
      );
  });
});

it.each(['-9223372036854775808', '-9007199254740993', '-1'])(
  'a schedule whose next tick is %s can be stopped by whoever takes it, and is due no more',
  async (next) => {
    const { at, scheduleId } = await web.scheduleStore.stamp();
    const schedule = aSchedule(scheduleId, at, { tenant: tenantA });
    await web.scheduleStore.create(schedule, 9, { type: 'schedule.created' });
    await database.sql('update pack_runs.schedules set next_ms = $1', [next]);
    expect(await web.scheduleStore.takeDue(9, 60_000)).toEqual([{ tenant: tenantA, scheduleId }]);
    const tick = (await web.scheduleStore.due(tenantA, scheduleId))?.schedule.next ?? 0;
    expect(tick).toBe(-1);
    const place = { tenant: tenantA, scheduleId, revision: schedule.revision, tick };
    const notice = { code: 'SCHEDULE_ALTERED', message: 'm', tick: at, found: null, at } as const;
    expect(await web.scheduleStore.stop(place, notice, { type: 'schedule.stopped' })).toBe('done');
    expect(await web.scheduleStore.find(tenantA, scheduleId)).toMatchObject({ stopped: notice, next: null });
    const [line] = await web.scheduleStore.ticks(tenantA, scheduleId, 9, null);
    expect(line?.first).toBeGreaterThanOrEqual(at);
    expect(await database.sql('select run_id from pack_runs.outbox')).toEqual([{ run_id: scheduleUuid(scheduleId) }]);
  },
);

describe('a value that no index can hold', () => {
  const MUCH = `(select array_agg(md5(n::text) || md5((-n)::text)) from generate_series(1, 400) n)`;

  const hex = (characters: number) =>
    `(select string_agg(md5(n::text), '') from generate_series(1, ${characters / 32}) n)`;

  it.each([
    `worker_labels = ${MUCH}`,
    // Each of them fits alone.
    `worker_labels = array[${hex(1_920)}], tenant_id = ${hex(1_440)}`,
  ])('keeps no other run with a dead worker, or with one that stops: %s', async (set) => {
    const [altered, other] = (await claimed(tenantA, tenantB)) as [ClaimedRun, ClaimedRun];
    await database.sql(`update pack_runs.runs set ${set} where run_id = $1`, [runUuid(altered.runId)]);
    await dead(me);
    await database.sql(statement('free-runs').text, [2]);
    expect((await owners(altered.runId, other.runId)).filter(({ owner }) => owner === null)).toHaveLength(1);
    const stopping = await worker.claims.register(aWorker());
    expect((await worker.claims.claim(stopping, 9)).map(({ runId }) => runId)).toEqual([other.runId]);
    await database.sql(`update pack_runs.runs set owner = $1 where run_id = $2`, [stopping.id, runUuid(altered.runId)]);
    await worker.claims.retire(stopping);
    expect((await owners(other.runId))[0]).toEqual({ owner: null });
  });

  it('keeps no run from going on when its labels are there again', async () => {
    const [altered, other] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
    await database.sql('update pack_runs.runs set unplaced = true');
    const digest = `(select decode(string_agg(md5(n::text), ''), 'hex') from generate_series(1, 600) n)`;
    await database.sql(`update pack_runs.runs set environment_digest = ${digest} where run_id = $1`, [
      runUuid(altered),
    ]);
    await database.sql(statement('mark-unplaced').text);
    expect(await database.sql('select run_id::text as run from pack_runs.runs where not unplaced')).toEqual([
      { run: runUuid(other) },
    ]);
  });

  it('in the stops of one assignment keeps no other from its worker', async () => {
    const [run] = (await claimed(tenantA)) as [ClaimedRun];
    const much = `(select array_agg(md5(n::text)) from generate_series(1, 4000) n)`;
    await database.sql(
      `insert into pack_runs.assignments (tenant_id, run_id, name, owner, fence, left_over, offered_at, step, first_index, last_index, stops, mac, body)
       select tenant_id, run_id, u.name, owner, 1, 1, now(), 's', 0, 0, u.stops, 'x', '[]'
       from pack_runs.runs, (values ('a', ${much}), ('b', '{s}')) u (name, stops) where run_id = $1`,
      [runUuid(run.runId)],
    );
    const rows = await database.sql<{ name: string }>(statement('assignment-statuses').text, [me.id]);
    expect(rows.sort((one, two) => (one.name < two.name ? -1 : 1))).toMatchObject([{ stops: [] }, { stops: ['s'] }]);
  });

  it('keeps no run from its end whose group it waits for', async () => {
    const group = { group: 'g', onConflict: 'queue' } as const;
    const [holder, altered, next] = [
      ...[await submit(web.runStore, { concurrency: group }), await submit(web.runStore, { concurrency: group })],
      await submit(web.runStore, { concurrency: group }),
    ] as [RunId, RunId, RunId];
    await database.sql(`update pack_runs.runs set worker_labels = ${MUCH} where run_id = $1`, [runUuid(altered)]);
    await database.sql(`update pack_runs.runs set status = 'succeeded' where run_id = $1`, [runUuid(holder)]);
    expect(await database.sql('select holder from pack_runs.groups')).toEqual([{ holder: runUuid(next) }]);
  });
});

it('events with one id each get a position, and keep no other event from the feed', async () => {
  const run = await submit(web.runStore);
  await database.sql(`insert into pack_runs.events (tenant_id, event_id, type, run, status) overriding system value
    select e.tenant_id, e.event_id, 'run.changed', e.run, 'queued' from pack_runs.events e, generate_series(1, 3)`);
  expect(await web.eventFeed.after(tenantA, 0, 99)).toMatchObject({ events: [1, 2, 3, 4].map(() => ({ runId: run })) });
});

it.each(['plan_hash', 'profile_digest'])(
  'a long %s of one run keeps no other run from a worker, and is an altered one in a list',
  async (column) => {
    const [altered, other] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
    await database.sql(`update pack_runs.submissions set ${column} = repeat('a', 70000) where run_id = $1`, [
      runUuid(altered),
    ]);
    const runs = await worker.claims.claim(me, 9);
    expect(runs.map(({ runId }) => runId).sort()).toEqual([altered, other].sort());
    const { planHash, profileDigest } = runs.find(({ runId }) => runId === altered) as ClaimedRun;
    expect([planHash, profileDigest]).toContain('');
    // Who lists them marks the run, and lists them again.
    await expect(web.runReader.list(tenantA, {}, 9, null)).rejects.toThrow(/ has been altered: /);
  },
);

describe('a value of more than 128 MiB', () => {
  /** They are read one run or one tenant at a time, or through pack_runs.bounded. */
  const OF_EVERY_RUN = [
    ...['idempotency', 'submissions', 'run_labels', 'sensitive_inputs', 'plans', 'profiles', 'runs', 'steps', 'inbox'],
    ...['executions', 'outbox', 'assignments', 'events', 'gates', 'decisions', 'audit', 'audit_heads'],
    ...['artifacts', 'attestations'],
  ];

  it('is written by no service into a table that is read for several runs together', async () => {
    const without = await database.sql(
      // A migration that adds a table or a column calls pack_runs.bound_values.
      `select c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
       where n.nspname in ('pack_runs', 'pack_artifacts') and c.relkind = 'r' and not c.relispartition and c.relname not in ('migrations', ${OF_EVERY_RUN.map((name) => `'${name}'`).join()})
         and a.attlen = -1 and a.attnum > 0 and not a.attisdropped and not exists (
           select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'bound'
             and strpos(pg_get_functiondef(t.tgfoid), format('(new.%I)', a.attname)) > 0)`,
    );
    expect(without).toEqual([]);
    await expect(database.sql(`update pack_runs.workers set name = repeat('x', 134217729)`)).rejects.toMatchObject({
      code: '54000',
      message: 'a value has more than 128 MiB',
    });
  });
});

it.each(['{NULL}', '{{00000000-0000-0000-0000-000000000000},{00000000-0000-0000-0000-000000000001}}'])(
  'a run is claimed although the list of workers that passed it on is %s',
  async (passed) => {
    const run = await submit(web.runStore);
    await database.sql('update pack_runs.runs set passed_by = $1', [passed]);
    expect((await worker.claims.claim(me, 9)).map(({ runId }) => runId)).toEqual([run]);
  },
);

describe('a document that is nested too deeply', () => {
  const mark = deep('"code":"DOCUMENT_ALTERED","message":"x"');

  it('is no mark of a run, and takes no list away', async () => {
    const [altered, other] = [await submit(web.runStore), await submit(web.runStore)];
    await alter('update pack_runs.runs set altered = $2 where run_id = $1', [runUuid(altered), mark]);
    const { runs } = await web.runReader.list(tenantA, {}, 9, null);
    expect(runs.map(({ runId }) => runId).sort()).toEqual([altered, other].sort());
    const text = 'select pack_runs.mark_in(altered) as mark from pack_runs.runs where run_id = $1';
    expect(await database.sql(text, [runUuid(altered)])).toEqual([{ mark: null }]);
  });

  it.each(['altered', 'counts', 'waits', 'error', 'outputs'])(
    'is no fault of a program in %s of a run',
    async (column) => {
      const altered = await submit(web.runStore);
      await alter(`update pack_runs.runs set ${column} = $2 where run_id = $1`, [runUuid(altered), mark]);
      const said = await web.runReader.list(tenantA, {}, 9, null).then(
        ({ runs }) => runs.length,
        (error: Error) => error.name,
      );
      expect([1, 'DocumentAltered']).toContain(said);
    },
  );

  it('as an admission keeps no keys from being listed', async () => {
    const altered = await submit(web.runStore);
    await alter('update pack_runs.submissions set admission = $2 where run_id = $1', [runUuid(altered), mark]);
    expect(await database.sql(statement('keys-in-use').text, [null])).toEqual(expect.any(Array));
    const client = { query: async (text: string, values?: unknown[]) => ({ rows: await database.sql(text, values) }) };
    expect(await keysNeeded(client as never)).toEqual(expect.any(Array));
  });
});
