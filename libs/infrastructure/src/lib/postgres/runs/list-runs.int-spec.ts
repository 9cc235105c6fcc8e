import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, type RunId, type RunStatus } from '@taskrunner/core/foundation';
import type { NewRun, RunFilter } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase } from '../databases';
import { aNewRun, cancelRequest, submit, tenantA, tenantB } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web } = opened));

const ISS = 'https://id.test';
const ada = { iss: ISS, sub: 'ada', name: 'Ada Lovelace' };
const grace = { iss: ISS, sub: 'grace', name: 'Grace Hopper' };
const otherAda = { iss: 'https://other.test', sub: 'ada', name: 'Ada' };
const pack = (name: string, version = '1.0.0') => ({ ...aNewRun('' as RunId, 0).pack, name, version });
const BULK = 2_500;

const made = new Map<string, RunId>();
const names = new Map<RunId, string>();

async function make(name: string, overrides: Partial<NewRun>, status?: RunStatus): Promise<void> {
  const runId = await submit(web.runStore, overrides);
  if (status !== undefined)
    await database.sql('update pack_runs.runs set status = $2 where run_id = $1', [runUuid(runId), status]);
  names.set(runId, name);
  made.set(name, runId);
}

const idOf = (name: string): RunId => made.get(name) as RunId;

/** Names of the runs of the first page, newest first. */
async function found(filter: RunFilter, limit = 50): Promise<readonly (string | undefined)[]> {
  const { runs, next } = await web.runReader.list(tenantA, filter, limit, null);
  expect(next).toBeNull();
  return runs.map(({ runId }) => names.get(runId));
}

beforeAll(async () => {
  await make('first', { pack: pack('scan'), requester: ada, labels: { env: 'prod', ticket: 'SEC-42' } }, 'failed');
  await make('second', { pack: pack('scan', '2.0.0'), requester: grace, labels: { env: 'prod' } }, 'succeeded');
  await make('third', { pack: pack('deploy'), requester: otherAda, labels: { env: 'test', ticket: 'SEC-7' } });
  await make('fourth', { pack: pack('deploy'), requester: ada, labels: {} }, 'running');
  await submit(web.runStore, { tenant: tenantB, pack: pack('scan'), requester: ada, labels: { env: 'prod' } });
});

describe('a list of runs', () => {
  it.each<[RunFilter, string[]]>([
    [{}, ['fourth', 'third', 'second', 'first']],
    [{ statuses: ['failed'] }, ['first']],
    [{ statuses: ['failed', 'running', 'halted'] }, ['fourth', 'first']],
    [{ pack: 'scan' }, ['second', 'first']],
    [{ pack: 'scan', version: '1.0.0' }, ['first']],
    [{ version: '2.0.0' }, ['second']],
    [{ labels: [{ key: 'env', value: 'prod' }] }, ['second', 'first']],
    [
      {
        labels: [
          { key: 'env', value: 'prod' },
          { key: 'ticket', value: 'SEC-42' },
        ],
      },
      ['first'],
    ],
    [
      {
        labels: [
          { key: 'env', value: 'prod' },
          { key: 'env', value: 'test' },
        ],
      },
      [],
    ],
    [{ labels: [{ key: 'env', value: 'pro' }] }, []],
    [{ requester: { iss: null, sub: 'ada' } }, ['fourth', 'third', 'first']],
    [{ requester: { iss: ISS, sub: 'ada' } }, ['fourth', 'first']],
    [{ requester: { iss: ISS, sub: 'nobody' } }, []],
    [{ text: 'sec-' }, ['third', 'first']],
    [{ text: 'LOVE' }, ['fourth', 'first']],
    [{ text: 'can' }, ['second', 'first']],
    [{ text: '%' }, []],
    [{ text: 'run_' }, []],
    [
      {
        statuses: ['failed', 'succeeded'],
        pack: 'scan',
        labels: [{ key: 'env', value: 'prod' }],
        requester: grace,
        text: 'hop',
      },
      ['second'],
    ],
    [{ statuses: ['failed'], stuck: 'any' }, []],
  ])('has what matches all of %j', async (filter, expected) => {
    expect(await found(filter)).toEqual(expected);
  });

  it('has the runs whose ids begin with a text, and no others', async () => {
    for (const [name, runId] of made)
      for (const text of [runId, runId.toUpperCase()]) expect(await found({ text })).toEqual([name]);
    expect(await found({ text: idOf('first').slice(0, 7) })).toHaveLength(4);
    for (const [name, runId] of made)
      for (const length of [8, 11]) expect(await found({ text: runId.slice(-length) })).toEqual([name]);
    expect(await found({ text: idOf('first'), pack: 'deploy' })).toEqual([]);
    expect(await found({ text: 'run_7zzzzzzzzzzzzzzzzzzzzzzzzz' })).toEqual([]);
  });

  it('has the runs of a time: its first millisecond, and not the one after its last', async () => {
    const all = (await web.runReader.list(tenantA, {}, 9, null)).runs;
    const at = all.find(({ runId }) => runId === idOf('second'))?.createdAt ?? 0;
    const createdIn = (createdAfter: number, createdBefore: number) => ({ createdAfter, createdBefore });
    expect(await found(createdIn(at, at + 1))).toContain('second');
    expect(await found(createdIn(at + 1, at + 1_000_000))).not.toContain('second');
    expect(await found(createdIn(0, at))).not.toContain('second');
    expect(await found(createdIn(-1, 253_402_300_799_999))).toHaveLength(4);
    expect(await found({ ...createdIn(at, at + 1), statuses: ['failed'] })).not.toContain('second');
  });

  it('goes on after each page where it ended, with a filter or without', async () => {
    for (const filter of [
      {},
      { pack: 'scan' },
      { statuses: ['failed', 'succeeded', 'queued', 'running'] as const },
      { text: 'a' },
    ]) {
      const whole = (await web.runReader.list(tenantA, filter, 50, null)).runs.map(({ runId }) => runId);
      const paged: RunId[] = [];
      for (let next: RunId | null = null, first = true; first || next !== null; first = false) {
        const page = await web.runReader.list(tenantA, filter, 1, next);
        paged.push(...page.runs.map(({ runId }) => runId));
        ({ next } = page);
      }
      expect(paged).toEqual(whole);
    }
  });

  it('shows a run of a cancelled one as cancelling, and not as what it was', async () => {
    await web.runStore.post(tenantA, idOf('third'), cancelRequest, 'cancel');
    expect(await found({ statuses: ['cancelling'] })).toEqual(['third']);
    expect(await found({ statuses: ['queued'] })).toEqual([]);
    expect(await web.runReader.countByStatus(tenantA, {})).toEqual(
      Object.entries({
        queued: 0,
        running: 1,
        waiting: 0,
        cancelling: 1,
        halted: 0,
        succeeded: 1,
        failed: 1,
        cancelled: 0,
      }).map(([status, count]) => ({ status, count, atLeast: false })),
    );
  });

  it.each([
    ['none', null, false],
    ['small ones', { v: 'x' }, false],
    ['large ones', { v: Array.from({ length: 20_000 }, (_, i) => sha256(`${i}`)) }, true],
    ['large ones that are stored in few bytes', { v: 'x'.repeat(100_000) }, true],
  ])('leaves out outputs that are too large for a list: %s', async (_, outputs, isOmitted) => {
    const text = outputs && JSON.stringify(outputs);
    await database.sql('update pack_runs.runs set outputs = $2 where run_id = $1', [runUuid(idOf('second')), text]);
    const { runs } = await web.runReader.list(tenantA, { statuses: ['succeeded'] }, 5, null);
    expect(runs).toMatchObject([{ outputs: isOmitted ? null : outputs, outputsOmitted: isOmitted }]);
    expect(await web.runReader.summary(tenantA, idOf('second'))).toMatchObject({ outputs, outputsOmitted: false });
  });

  it('is of one tenant', async () => {
    const { runs } = await web.runReader.list(
      tenantB,
      { requester: ada, labels: [{ key: 'env', value: 'prod' }] },
      9,
      null,
    );
    expect(runs).toHaveLength(1);
    expect(runs.map(({ runId }) => names.get(runId))).toEqual([undefined]);
  });

  it('finds runs of a webservice that does not know the column of requesters', async () => {
    const [row] = await database.sql<{ requester_sub: string }>(
      `insert into pack_runs.submissions
       select (jsonb_populate_record(s, jsonb_build_object('tenant_id', 'older', 'requester_sub', null))).*
       from pack_runs.submissions s where s.run_id = $1 returning requester_sub`,
      [runUuid(idOf('second'))],
    );
    expect(row).toEqual({ requester_sub: 'grace' });
  });
});

describe(`among ${BULK} newer runs`, () => {
  /** Every second one is of Bob, the others have a label; none of them matches both. */
  beforeAll(async () => {
    await database.sql(
      `insert into pack_runs.submissions
       select (jsonb_populate_record(s, jsonb_build_object('run_id', pack_runs.uuidv7(pack_runs.now_ms() + 3600000 + n),
         'requester_sub', case when n % 2 = 0 then 'bob' else 'eve' end, 'requester', jsonb_build_object('iss', 'i', 'sub', '-', 'name', '-'),
         'labels', case when n % 2 = 0 then '{}'::jsonb else '{"team": "red"}' end))).*
       from pack_runs.submissions s, generate_series(1, ${BULK * 2}) n where s.run_id = $1 and s.tenant_id = $2`,
      [runUuid(idOf('third')), tenantA],
    );
    await database.sql(
      `insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, status)
       select s.tenant_id, s.run_id, r.environment_digest, r.isolation, 0, 'succeeded'
       from pack_runs.run_sources s, pack_runs.runs r where r.run_id = $1 and s.requester_sub in ('bob', 'eve')`,
      [runUuid(idOf('third'))],
    );
    await database.sql(
      `insert into pack_runs.run_labels select s.tenant_id, s.run_id, 'team', 'red' from pack_runs.run_sources s where s.requester_sub = 'eve'`,
    );
    await database.sql('analyze pack_runs.runs, pack_runs.submissions, pack_runs.run_labels');
  });

  const walk = async (filter: RunFilter): Promise<{ pages: number; names: (string | undefined)[] }> => {
    const all: (string | undefined)[] = [];
    let pages = 0;
    for (let next: RunId | null = null; pages === 0 || next !== null; pages++) {
      const page = await web.runReader.list(tenantA, filter, 2, next);
      all.push(...page.runs.map(({ runId }) => names.get(runId)));
      ({ next } = page);
    }
    return { pages, names: all };
  };

  it.each<[string, RunFilter, number, string[]]>([
    [
      'the filter with few runs leads',
      { statuses: ['succeeded'], requester: { iss: null, sub: 'grace' } },
      1,
      ['second'],
    ],
    ['so does a time', { text: 'hopper', createdBefore: Date.now() + 1_800_000 }, 1, ['second']],
    [
      'filters with many runs are searched in pages',
      { labels: [{ key: 'team', value: 'red' }], requester: { iss: null, sub: 'bob' } },
      3,
      [],
    ],
    ['so is a text', { text: 'hopper' }, 6, ['second']],
    ['and a status that few of many have', { statuses: ['succeeded'], text: 'hopper' }, 6, ['second']],
  ])('%s', async (_, filter, pages, expected) => {
    expect(await walk(filter)).toEqual({ pages, names: expected });
  });

  it('counts of a status have a bound, and say so', async () => {
    const counts = new Map((await web.runReader.countByStatus(tenantA, {})).map((one) => [one.status, one]));
    expect(counts.get('succeeded')).toEqual({ status: 'succeeded', count: 1_000, atLeast: true });
    expect(counts.get('failed')).toEqual({ status: 'failed', count: 1, atLeast: false });
    const earlier = await web.runReader.countByStatus(tenantA, { createdBefore: Date.now() + 1_800_000 });
    expect(earlier.find(({ status }) => status === 'succeeded')).toEqual({
      status: 'succeeded',
      count: 1,
      atLeast: false,
    });
  });
});
