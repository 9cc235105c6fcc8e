import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { TenantId } from '@taskrunner/core/foundation';
import type { ClaimedRun, Commit, LogChunk } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { openPool } from '../connection/connection';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { PostgresCommitter } from './postgres-committer';
import { aCommit, anAnnouncement, aStep, aWorker, after, start, submit, tenantA } from '../testing/builders';
import { anArchive } from '../testing/sealed-run';
import { withFreshDatabases } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

async function claim(count: number): Promise<ClaimedRun[]> {
  for (let i = 0; i < count; i++) await submit(web.runStore);
  const workerSession = await worker.claims.register(aWorker());
  const claimed = await worker.claims.claim(workerSession, count);
  expect(claimed).toHaveLength(count);
  return [...claimed];
}

async function claimOne(): Promise<ClaimedRun> {
  const [claimed] = await claim(1);
  if (!claimed) throw new Error('not claimed');
  return claimed;
}

/** A commit that touches every table. */
function full(claimed: ClaimedRun, overrides: Partial<Commit> = {}): Commit {
  return aCommit(claimed, start, {
    entries: 3,
    steps: [aStep('scan'), aStep('approve', { status: 'waiting', outputs: null, place: 1 })],
    gates: [
      {
        kind: 'opened',
        gate: 'approve',
        approval: 'security',
        gateDigest: sha256('gate'),
        request: { schema: 'taskrunner.gate-request.v1' },
        show: { findings: 3 },
        required: 2,
        expiresAt: 4_000_000_000_000,
      },
    ],
    artifacts: [
      {
        step: 'scan',
        execution: 1,
        name: 'report',
        path: 'out/r.json',
        digest: sha256('r'),
        size: 1,
        mediaType: 'text/plain',
      },
    ],
    chunks: [{ step: 'scan', execution: 1, chunk: 0, firstLine: 1 }],
    outbox: [anAnnouncement(1)],
    run: { status: 'waiting', lastLine: 2 },
    ...overrides,
  });
}

const TABLES = [
  'pack_run_logs.journal',
  'pack_run_logs.places',
  'pack_runs.steps',
  'pack_runs.gates',
  'pack_runs.outbox',
  'pack_artifacts.artifacts',
];

async function rowsOf(run: ClaimedRun): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of TABLES) {
    const [row] = await database.sql<{ n: number }>(`select count(*)::int as n from ${table} where run_id = $1`, [
      runUuid(run.runId),
    ]);
    counts[table] = row?.n ?? -1;
  }
  return counts;
}

const NONE = Object.fromEntries(TABLES.map((table) => [table, 0]));
const ALL = { ...Object.fromEntries(TABLES.map((table) => [table, 1])), 'pack_runs.steps': 2 };

/** Commits concurrently. The first flushes are active while the other commits arrive, so that those share one. */
async function together(commits: readonly Commit[]) {
  const pool = openPool(database.url('worker'), { max: 1 });
  const committer = new PostgresCommitter(pool, { flushes: 1 });
  const flushes: number[] = [];
  const query = pool.query.bind(pool) as (config: { name: string; values: string[] }) => Promise<unknown>;
  pool.query = ((config: { name: string; values: string[] }) => {
    if (config.name.startsWith('flush')) flushes.push(config.values[0]?.split(',').length ?? 0);
    return query(config);
  }) as never;
  const blocker = committer.commit(aCommit(await claimOne(), start));
  const outcomes = await Promise.all(commits.map((commit) => committer.commit(commit)));
  expect(await blocker).toEqual({ kind: 'committed' });
  await pool.end();
  return { outcomes, flushes };
}

describe('a flush', () => {
  it('commits everything of a run, and readers see it', async () => {
    const claimed = await claimOne();
    expect(await worker.committer.commit(full(claimed))).toEqual({ kind: 'committed' });
    expect(await rowsOf(claimed)).toEqual(ALL);
    const { runId } = claimed;
    const [page] = await worker.claims.pages(tenantA, runId, 0);
    expect(page).toMatchObject({ first: 1, mac: 'ab'.repeat(32), prev: claimed.admissionDigest });
    expect(page?.entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect((await web.runReader.stepRows(tenantA, runId, { parent: '' }, 9, null)).map(({ step }) => step)).toEqual([
      'scan',
      'approve',
    ]);
    expect(await web.runReader.stepRows(tenantA, runId, { parent: '' }, 9, 'scan')).toEqual([
      aStep('approve', { status: 'waiting', outputs: null, place: 1 }),
    ]);
    expect(await web.runReader.stepRows(tenantA, runId, { status: 'waiting' }, 9, null)).toHaveLength(1);
    expect(await web.runReader.stepRow(tenantA, runId, 'scan')).toEqual(aStep('scan'));
    expect(await web.runReader.stepRow(tenantA, runId, 'none')).toBeNull();
    expect(await web.runReader.artifacts(tenantA, runId)).toEqual([
      expect.objectContaining({ name: 'report', size: 1 }),
    ]);
    expect(await worker.claims.rows(tenantA, runId)).toEqual({
      areStepsJournaled: false,
      steps: [
        { step: 'approve', status: 'waiting' },
        { step: 'scan', status: 'succeeded' },
      ],
      gates: [{ gate: 'approve', state: 'open', gateDigest: sha256('gate') }],
    });
    const records = await worker.runReader.records(tenantA, runId);
    expect(records).toMatchObject({
      gates: [{ gate: 'approve', show: { findings: 3 }, state: 'open' }],
      artifacts: [{ name: 'report', mediaType: 'text/plain', createdAt: expect.any(Number) }],
    });
    const [stored] = await database.sql<{ bytes: number }>(
      'select sum(octet_length(content))::float8 as bytes from pack_run_logs.journal where run_id = $1',
      [runUuid(runId)],
    );
    expect(records?.journalBytes).toBe(stored?.bytes);
    expect(records?.journalBytes).toBeGreaterThan(0);
  });

  it('updates steps and ends gates in place, also one that opens and ends at once', async () => {
    const claimed = await claimOne();
    const first = full(claimed);
    await worker.committer.commit(first);
    const opened = first.gates[0];
    if (opened?.kind !== 'opened') throw new Error('no gate');
    const second = aCommit(claimed, after(first), {
      steps: [aStep('approve', { status: 'cancelled', place: 1 })],
      gates: [
        { kind: 'ended', gate: 'approve', outcome: 'closed' },
        { ...opened, gate: 'brief' },
        { kind: 'ended', gate: 'brief', outcome: 'expired' },
      ],
      closes: true,
    });
    expect(await worker.committer.commit(second)).toEqual({ kind: 'committed' });
    const { gates, steps } = await worker.claims.rows(tenantA, claimed.runId);
    expect(gates.map(({ state }) => state)).toEqual(['closed', 'expired']);
    expect(steps).toContainEqual({ step: 'approve', status: 'cancelled' });
  });

  it('isolates runs: beside good ones, a stale fence and a stale position write nothing in any table', async () => {
    const [good, staleFence, stalePosition, alsoGood] = (await claim(4)) as [
      ClaimedRun,
      ClaimedRun,
      ClaimedRun,
      ClaimedRun,
    ];
    const moved = aCommit(stalePosition, start);
    await worker.committer.commit(moved);
    const before = await rowsOf(stalePosition);
    const { outcomes, flushes } = await together([
      full(good),
      full({ ...staleFence, fence: staleFence.fence - 1 }),
      full(stalePosition),
      full(alsoGood),
    ]);
    expect(flushes).toEqual([1, 4]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'claim-lost', 'claim-lost', 'committed']);
    expect(await rowsOf(good)).toEqual(ALL);
    expect(await rowsOf(alsoGood)).toEqual(ALL);
    expect(await rowsOf(staleFence)).toEqual(NONE);
    expect(await rowsOf(stalePosition)).toEqual(before);
    expect((await worker.claims.journalPosition(tenantA, stalePosition.runId))?.head).toBe(moved.page.hash);
  });

  it('does not park a run that has letters', async () => {
    const claimed = await claimOne();
    await web.runStore.post(tenantA, claimed.runId, { type: 'time.reached' }, 'a');
    const parks = { closes: true, releases: true, run: { status: 'waiting' } } as const;
    expect(await worker.committer.commit(aCommit(claimed, start, parks))).toEqual({ kind: 'letters' });
    expect(await rowsOf(claimed)).toEqual(NONE);
    // A message that does not block commits is taken with one.
    const open = aCommit(claimed, start, { seen: 1 });
    expect(await worker.committer.commit(open)).toEqual({ kind: 'committed' });
    expect(await worker.committer.commit(aCommit(claimed, after(open), parks))).toEqual({ kind: 'committed' });
    expect(await worker.committer.commit(aCommit(claimed, after(open), parks))).toEqual({ kind: 'claim-lost' });
  });

  it('halves until a bad row stands alone', async () => {
    const runs = await claim(7);
    const commits = runs.map((claimed, index) => full(claimed, index === 4 ? { steps: [aStep('bad\u0000name')] } : {}));
    const { outcomes } = await together(commits);
    expect(outcomes.map(({ kind }) => kind)).toEqual(runs.map((_, index) => (index === 4 ? 'refused' : 'committed')));
    for (const [index, run] of runs.entries()) expect(await rowsOf(run)).toEqual(index === 4 ? NONE : ALL);
  });

  it('refuses what is not JSON without troubling the database', async () => {
    const claimed = await claimOne();
    const outcome = await worker.committer.commit(full(claimed, { steps: [aStep('x', { outputs: 1n as never })] }));
    expect(outcome.kind).toBe('refused');
  });

  it('keeps the order of one run: its commits never share a flush', async () => {
    const claimed = await claimOne();
    const first = aCommit(claimed, start);
    const second = aCommit(claimed, after(first));
    const third = aCommit(claimed, after(second));
    const { outcomes, flushes } = await together([first, second, third]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'committed', 'committed']);
    expect(flushes).toEqual([1, 1, 1, 1]);
  });

  it('does not repeat the reference of a value that stands in its row; readers are told it', async () => {
    const claimed = await claimOne();
    const large = { kind: 'value', digest: sha256('large'), size: 70_000 };
    const steps = [
      aStep('small'),
      aStep('large', { place: 1, outputs: null, outputsRef: large }),
      aStep('none', { place: 2, outputs: null }),
    ];
    await worker.committer.commit(aCommit(claimed, start, { steps }));
    const stored = await database.sql(
      'select step, outputs_ref from pack_runs.steps where run_id = $1 order by place',
      [runUuid(claimed.runId)],
    );
    expect(stored).toEqual([
      { step: 'small', outputs_ref: null },
      { step: 'large', outputs_ref: large },
      { step: 'none', outputs_ref: null },
    ]);
    const refs = await Promise.all(steps.map(({ step }) => web.runReader.stepRow(tenantA, claimed.runId, step)));
    expect(refs.map((row) => row?.outputsRef)).toEqual([
      { kind: 'value', digest: sha256('{"ok":true}'), size: 11 },
      large,
      null,
    ]);
  });

  it('ends a run: no owner, evidence pending, attestation in the outbox, sealed once', async () => {
    const claimed = await claimOne();
    const end = aCommit(claimed, start, {
      closes: true,
      releases: true,
      outbox: [{ kind: 'attest' }],
      run: { status: 'succeeded', finishedAt: 5, outputs: { url: 'x' }, message: { text: 'done' } },
    });
    expect(await worker.committer.commit(end)).toEqual({ kind: 'committed' });
    const { runId } = claimed;
    expect(await web.runReader.summary(tenantA, runId)).toMatchObject({
      status: 'succeeded',
      outputs: { url: 'x' },
      message: { text: 'done' },
      evidence: { status: 'pending' },
    });
    const [item] = await worker.outbox.take('attest', 10, 60_000);
    if (!item) throw new Error('no item');
    expect(item).toMatchObject({ tenant: tenantA, runId, tries: 1 });
    expect(await worker.outbox.take('attest', 10, 60_000)).toEqual([]);
    await worker.outbox.postpone(item, 60_000, 'pending', 'signer is down');
    expect((await web.runReader.summary(tenantA, runId))?.evidence).toMatchObject({ status: 'pending', reason: null });
    const releaseNow = (decidedAt: number, tenant = tenantA) => {
      const envelope = { payloadType: 'x', payload: `${decidedAt}`, signatures: [] };
      const audit = { type: 'evidence.release' };
      return web.evidenceReleases.release({ tenant, runId, decidedAt, envelope, audit });
    };
    expect(await releaseNow(1)).toBe(false);
    // A blocked seal is not retried automatically, even if another worker still holds it.
    await worker.outbox.postpone(item, 0, 'blocked', 'SECRET_IN_EVIDENCE: plan.json');
    const blocked = { status: 'blocked', reason: 'SECRET_IN_EVIDENCE: plan.json' };
    expect((await web.runReader.summary(tenantA, runId))?.evidence).toMatchObject(blocked);
    await worker.outbox.hold(item, 0);
    expect(await worker.outbox.take('attest', 10, 60_000)).toEqual([]);
    expect(await releaseNow(2, 'globex' as TenantId)).toBe(false);
    expect(await releaseNow(2)).toBe(true);
    expect(await releaseNow(3)).toBe(false);
    expect((await worker.runReader.records(tenantA, runId))?.releases).toMatchObject([{ payload: '2' }]);
    await worker.outbox.hold(item, 60_000);
    expect(await worker.outbox.take('attest', 10, 60_000)).toEqual([]);
    await worker.outbox.hold(item, 0);
    const [again] = await worker.outbox.take('attest', 10, 60_000);
    expect(again).toMatchObject({ id: item.id, tries: 2 });
    const evidence = {
      tenant: tenantA,
      runId,
      bundle: sha256('bundle'),
      bundleSize: 9,
      statement: sha256('s'),
      statements: { 'pack-run': anArchive.journal, slsa: null },
      exports: [{ destination: 'audit', artifacts: true }],
      archive: anArchive,
    };
    const anyTime = expect.any(Number) as number;
    const delivery = { destination: 'audit', artifacts: true, requestedAt: anyTime };
    expect(await worker.outbox.seal(item, evidence)).toBe(true);
    expect(await worker.outbox.seal(item, { ...evidence, bundle: sha256('other') })).toBe(false);
    expect(await web.runReader.evidence(tenantA, runId)).toEqual({
      bundle: sha256('bundle'),
      size: 9,
      statements: { 'pack-run': anArchive.journal, slsa: null },
    });
    expect((await web.runReader.summary(tenantA, runId))?.evidence).toEqual({
      status: 'sealed',
      digest: sha256('bundle'),
      reason: null,
      exports: [{ ...delivery, status: 'pending', tries: 0, reason: null, nextAttemptAt: anyTime, endedAt: null }],
    });
    expect(await database.sql('select from pack_runs.outbox')).toEqual([]);

    expect(await worker.exports.take('other', 60_000)).toBeNull();
    expect(await worker.exports.takeOther(['audit'], 60_000)).toBeNull();
    const due = await worker.exports.take('audit', 60_000);
    if (!due) throw new Error('nothing is due');
    expect(due).toMatchObject({ tenant: tenantA, runId, destination: 'audit', artifacts: true, tries: 1 });
    expect(await worker.exports.take('audit', 60_000)).toBeNull();
    const version = (await web.runReader.summary(tenantA, runId))?.version ?? 0;
    await worker.exports.settle(due, { status: 'pending', reason: 'away', afterMs: 0 });
    expect(await worker.exports.takeOther(['other'], 60_000)).toMatchObject({ runId, tries: 2 });
    await worker.exports.settle(due, { status: 'delivered' });
    await worker.exports.settle(due, { status: 'failed', reason: 'late' });
    const shown = await web.runReader.summary(tenantA, runId);
    expect(shown?.evidence.exports).toEqual([
      { ...delivery, status: 'delivered', tries: 2, reason: null, nextAttemptAt: null, endedAt: anyTime },
    ]);
    expect(shown?.version).toBe(version + 2);
    expect((await web.runReader.list(tenantA, {}, 1, null)).runs[0]?.evidence).toEqual(shown?.evidence);
    expect(await worker.exports.takeOther([], 60_000)).toBeNull();
  });
});

describe('an answer that is lost', () => {
  /** A pool that executes the first flush or not, and loses its response. */
  const losing = (executed: boolean) => {
    const pool = openPool(database.url('worker'), { max: 2 });
    const query = pool.query.bind(pool) as (config: { name: string }) => Promise<unknown>;
    let lost = false;
    pool.query = (async (config: { name: string }) => {
      if (!config.name.startsWith('flush') || lost) return query(config);
      lost = true;
      if (executed) await query(config);
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    }) as never;
    return { pool, committer: new PostgresCommitter(pool) };
  };

  it.each([true, false])('ends in one head (executed: %s)', async (executed) => {
    const claimed = await claimOne();
    const { pool, committer } = losing(executed);
    const commit = full(claimed, { closes: true, releases: true });
    expect(await committer.commit(commit)).toEqual({ kind: 'committed' });
    expect(await rowsOf(claimed)).toEqual(ALL);
    expect((await worker.claims.journalPosition(tenantA, claimed.runId))?.head).toBe(commit.page.hash);
    await pool.end();
  });

  it('survives the end of all its connections under load', async () => {
    const runs = await claim(20);
    let commits = 0;
    const drive = async (claimed: ClaimedRun) => {
      let position = start;
      for (let i = 0; i < 25; i++) {
        const commit = aCommit(claimed, position, { steps: [aStep(`s${i}`)] });
        expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
        commits++;
        position = after(commit);
      }
    };
    const driving = Promise.all(runs.map(drive));
    for (let i = 0; i < 10; i++) {
      await database.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'taskrunner_worker' and datname = current_database()`,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await driving;
    expect(commits).toBe(500);
    const [row] = await database.sql<{ pages: number; runs: number }>(
      `select count(*)::int as pages, count(distinct run_id)::int as runs from pack_run_logs.journal`,
    );
    expect(row).toEqual({ pages: 500, runs: 20 });
  });
});

it('finds and lists steps wherever their names say they are, or do not', async () => {
  const claimed = await claimOne();
  const steps = [
    aStep('', { parent: null, kind: 'group' }),
    aStep('m', { kind: 'map', children: 12 }),
    ...Array.from({ length: 12 }, (_, i) => aStep(`m[${i}]`, { parent: 'm', place: i })),
    aStep('m[3]::scan', { parent: 'm[3]' }),
    aStep('odd', { parent: 'm[3]', place: 7 }),
  ];
  expect(await worker.committer.commit(aCommit(claimed, start, { steps }))).toEqual({ kind: 'committed' });
  for (const step of steps) expect(await web.runReader.stepRow(tenantA, claimed.runId, step.step)).toEqual(step);
  const below = async (parent: string, after: string | null, limit: number) =>
    (await web.runReader.stepRows(tenantA, claimed.runId, { parent }, limit, after)).map(({ step }) => step);
  expect(await below('m', null, 3)).toEqual(['m[0]', 'm[1]', 'm[2]']);
  expect(await below('m', 'm[8]', 9)).toEqual(['m[9]', 'm[10]', 'm[11]']);
  expect(await below('m[3]', 'm[3]::scan', 9)).toEqual(['odd']);
  expect(await below('m[3]', 'odd', 9)).toEqual([]);
  const all: string[] = [];
  for (let after: string | null = null; ; after = all.at(-1) ?? null) {
    const page = await web.runReader.stepRows(tenantA, claimed.runId, {}, 5, after);
    all.push(...page.map(({ step }) => step));
    if (page.length < 5) break;
  }
  expect([...all].sort()).toEqual(steps.map(({ step }) => step).sort());
});

describe('log chunks', () => {
  const chunkOf = (claimed: ClaimedRun, chunk: number, text: string): LogChunk => ({
    tenant: claimed.tenant,
    runId: claimed.runId,
    fence: claimed.fence,
    step: 'scan',
    attempt: 2,
    execution: 1,
    chunk,
    at: 7,
    data: new TextEncoder().encode(text),
    lines: text.split('\n').length - 1,
    sha256: sha256(text),
  });

  it('are read once numbered, without gaps, from any line', async () => {
    const claimed = await claimOne();
    const texts = ['ia\nib\nic\n', 'id\n', 'ie\nif\n', 'ig\nih\n'];
    const chunks = texts.map((text, index) => chunkOf(claimed, index, text));
    expect(await worker.logStore.append(chunks)).toEqual([true, true, true, true]);
    // As a worker of an earlier release wrote it, and as a gate has it.
    await database.sql('update pack_run_logs.chunks set attempt = null where chunk = 3');
    expect(await web.logStore.read(tenantA, claimed.runId, 0, 10)).toEqual([]);
    const first = aCommit(claimed, start, {
      chunks: [
        { step: 'scan', execution: 1, chunk: 1, firstLine: 4 },
        { step: 'scan', execution: 1, chunk: 0, firstLine: 1 },
      ],
      run: { lastLine: 4 },
    });
    await worker.committer.commit(first);
    await worker.committer.commit(
      aCommit(claimed, after(first), {
        chunks: [
          { step: 'scan', execution: 1, chunk: 2, firstLine: 5 },
          { step: 'scan', execution: 1, chunk: 3, firstLine: 7 },
        ],
        run: { lastLine: 8 },
      }),
    );
    const all = await web.logStore.read(tenantA, claimed.runId, 0, 10);
    expect(all.map(({ firstLine, lines, attempt }) => [firstLine, lines, attempt])).toEqual([
      [1, 3, 2],
      [4, 1, 2],
      [5, 2, 2],
      [7, 2, null],
    ]);
    expect(all.map(({ data }) => Buffer.from(data).toString())).toEqual(texts);
    expect((await web.logStore.read(tenantA, claimed.runId, 2, 2)).map(({ firstLine }) => firstLine)).toEqual([1, 4]);
    expect((await web.logStore.read(tenantA, claimed.runId, 5, 9)).map(({ firstLine }) => firstLine)).toEqual([5, 7]);
    expect(await web.logStore.read(tenantA, claimed.runId, 8, 9)).toEqual([]);
  });

  it('are read by execution as bytes, in their order', async () => {
    const claimed = await claimOne();
    const texts = ['ia\n', 'ib\n', 'ic\n', 'id\n'];
    const chunks = texts.map((text, index) => chunkOf(claimed, index, text));
    const others = [{ step: 'lint' }, { execution: 2 }].map((of) => ({ ...chunkOf(claimed, 1, 'ix\n'), ...of }));
    await worker.logStore.append([...chunks.reverse(), ...others]);
    const read = async (first: number, last: number) =>
      (await worker.logStore.bytes(tenantA, claimed.runId, { step: 'scan', execution: 1 }, first, last)).map((data) =>
        Buffer.from(data).toString(),
      );
    expect(await read(1, 2)).toEqual(['ib\n', 'ic\n']);
    expect(await read(0, 9)).toEqual(texts);
    expect(await read(4, 9)).toEqual([]);
  });

  it('are refused without the fence, and may be sent twice', async () => {
    const [mine, lost] = (await claim(2)) as [ClaimedRun, ClaimedRun];
    const chunks = [chunkOf(mine, 0, 'ia\n'), chunkOf({ ...lost, fence: 0 }, 0, 'ia\n')];
    expect(await worker.logStore.append(chunks)).toEqual([true, false]);
    expect(await worker.logStore.append(chunks)).toEqual([true, false]);
    expect(await database.sql('select from pack_run_logs.chunks')).toHaveLength(1);
  });
});
