import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { statement } from '../connection/statement';
import type { WebDatabase } from '../databases';
import { PLAN, submit, tenantA, tenantB } from '../testing/builders';
import { withFreshDatabases } from '../testing/fresh-databases';
import { copyRows } from '../testing/full-database';
import { rowsRead } from '../testing/rows-read';
import { DAY_MS } from '../testing/sealed-run';
import type { TestDatabase } from '../testing/test-database';
import { maintainDatabase } from './maintain';
import { removePlans } from './plan-retention';

let database: TestDatabase;
let web: WebDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web } = fresh));

const maintain = () =>
  maintainDatabase(database.url('maintain'), {
    ...{ journal: 14 * DAY_MS, runs: 30 * DAY_MS, evidence: 100 * DAY_MS, events: 7 * DAY_MS },
    tenants: [],
  });

describe('a plan', () => {
  const planOf = (name: string) => {
    const plan = PLAN.replace('{', `{"a":"${name}",`);
    return { plan, planHash: sha256(plan), manifest: `{"name":"${name}"}` };
  };
  const plansOf = async (tenant = tenantA): Promise<readonly string[]> =>
    (
      await database.sql<{ name: string }>(
        `select plan::json ->> 'a' as name from pack_runs.plans where tenant_id = $1 and plan::json ->> 'a' is not null order by 1`,
        [tenant],
      )
    ).map(({ name }) => name);
  const forget = (run: RunId) =>
    database
      .sql('delete from pack_runs.submissions where run_id = $1', [runUuid(run)])
      .then(() => database.sql('delete from pack_runs.runs where run_id = $1', [runUuid(run)]));

  /** `before`: called before each statement of the removal. */
  const removing = async (before?: (text: string, values?: unknown[]) => Promise<void>) => {
    const client = new Client({ connectionString: database.url('maintain') });
    client.on('error', () => undefined);
    await client.connect();
    const query = client.query.bind(client) as (text: string, values?: unknown[]) => Promise<unknown>;
    Object.assign(client, {
      query: async (text: string, values?: unknown[]) => {
        await before?.(text, values);
        return query(text, values);
      },
    });
    try {
      return await removePlans(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  it('goes when no run uses it any more, and is stored again with the next run of it', async () => {
    const [once, twice] = [planOf('once'), planOf('twice')];
    const [single, first] = [await submit(web.runStore, once), await submit(web.runStore, twice)];
    await submit(web.runStore, twice);
    const foreign = await submit(web.runStore, { ...once, tenant: tenantB });
    // A run that a release before migration 126 stored.
    await submit(web.runStore, planOf('before'));
    await database.sql(
      `update pack_runs.submissions set plan_hash = pack_runs.digest_text(plan_bytes), plan_bytes = null, manifest = '{}' where plan_bytes = $1`,
      [Buffer.from(planOf('before').planHash.slice(7), 'hex')],
    );
    await maintain();
    expect(await plansOf()).toEqual(['before', 'once', 'twice']);
    await Promise.all([single, first].map(forget));
    expect(await maintain()).toMatchObject({ plans: 1, plansLeft: 0 });
    expect(await plansOf()).toEqual(['before', 'twice']);
    expect(await plansOf(tenantB)).toEqual(['once']);
    expect(await web.runReader.original(tenantB, foreign)).toMatchObject({ manifest: once.manifest });
    const again = await submit(web.runStore, { ...once, manifest: '{"name":"again"}' });
    expect(await web.runReader.original(tenantA, again)).toMatchObject({ manifest: '{"name":"again"}' });
    expect(await maintain()).toMatchObject({ plans: 0, plansLeft: 0 });
  });

  it('goes in parts, however many there are', async () => {
    await database.sql(
      `insert into pack_runs.plans (tenant_id, plan_hash, plan)
       select 't' || n % 3, 'sha256:' || n, '{}' from generate_series(1, 20500) n`,
    );
    expect(await maintain()).toMatchObject({ plans: 20_500, plansLeft: 0 });
  });

  it('stays if a run of it is stored after it was found', async () => {
    const run = await submit(web.runStore, planOf('found'));
    const unused = planOf('unused');
    await forget(await submit(web.runStore, unused));
    await forget(run);
    let stored: RunId | undefined;
    // Between the lookup and the lock.
    const done = await removing(async (text) => {
      if (text === 'begin') stored ??= await submit(web.runStore, planOf('found'));
    });
    expect(done).toEqual({ plans: 1, plansLeft: 0 });
    expect(await plansOf()).toContain('found');
    expect(await plansOf()).not.toContain('unused');
    expect(await web.runReader.original(tenantA, stored as RunId)).toMatchObject({
      manifest: planOf('found').manifest,
    });
  });

  it('is never missing from a run, while others of it are stored and removed', async () => {
    const client = new Client({ connectionString: database.url('maintain') });
    await client.connect();
    let [left, removed] = [4, 0];
    const submits = async (): Promise<void> => {
      // On a busy machine the removal has few turns, so it goes on until there were some.
      for (let i = 0; i < 60 || (removed <= 5 && i < 2_000); i++) {
        const { plan, planHash, manifest } = planOf(`busy ${i % 2}`);
        const run = await submit(web.runStore, { plan, planHash, manifest });
        const stored = await database.sql<{ plan: string; manifest: string }>(
          `select p.plan, s.manifest from pack_runs.run_sources s left join pack_runs.plans p using (tenant_id, plan_hash) where run_id = $1`,
          [runUuid(run)],
        );
        expect(stored).toEqual([{ plan, manifest }]);
        await forget(run);
      }
    };
    try {
      const submitting = Promise.all(Array.from({ length: 4 }, () => submits().finally(() => left--)));
      while (left > 0) removed += (await removePlans(client)).plans;
      await submitting;
    } finally {
      await client.end();
    }
    expect(removed).toBeGreaterThan(5);
  }, 60_000);

  it('stays until the next time if a submission does not end, which it says', async () => {
    await database.sql(
      `insert into pack_runs.plans (tenant_id, plan_hash, plan) select $1, 'sha256:' || n, '{}' from generate_series(1, 20500) n`,
      [tenantA],
    );
    const slow = new Client({ connectionString: database.url('admin') });
    await slow.connect();
    try {
      await slow.query('begin; lock table pack_runs.submissions in row exclusive mode');
      expect(await maintain()).toMatchObject({ plans: 0, plansLeft: 20_500 });
    } finally {
      await slow.end();
    }
    expect(await maintain()).toMatchObject({ plans: 20_500, plansLeft: 0 });
  }, 60_000);

  it('is removed with few others if it is large, so that submissions do not wait for long', async () => {
    // Random text, which is not compressed: 12 plans of 2 MiB.
    await database.sql(
      `insert into pack_runs.plans (tenant_id, plan_hash, plan)
       select $1, 'sha256:' || n, (select string_agg(md5(random()::text || n || i), '') from generate_series(1, 65536) i)
       from generate_series(1, 12) n`,
      [tenantA],
    );
    const batches: number[] = [];
    const done = await removing(async (text, values) => {
      if (text === statement('remove-plans').text) batches.push((values?.[1] as string[]).length);
    });
    expect(done).toEqual({ plans: 12, plansLeft: 0 });
    expect(batches.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...batches)).toBeLessThanOrEqual(8);
  });

  it('is kept by the server if the process that removes it is stopped, and submissions go on', async () => {
    await forget(await submit(web.runStore, planOf('stopped')));
    let stop: (() => void) | undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const failed = expect(
      removing(async (text) => {
        if (text !== 'commit') return;
        stop?.();
        await new Promise((resolve) => setTimeout(resolve, 4_000));
      }),
    ).rejects.toThrow();
    await stopped;
    await submit(web.runStore, planOf('meanwhile'));
    await failed;
    expect(await plansOf()).toEqual(['meanwhile', 'stopped']);
  }, 30_000);

  it('costs one look at each submission, whatever the statistics say', async () => {
    const run = await submit(web.runStore, planOf('many'));
    const more = await database.sql<{ id: string }>(
      'select pack_runs.uuidv7(1700000000000 + n)::text as id from generate_series(1, 3000) n',
    );
    await copyRows(
      database,
      'pack_runs.submissions',
      runUuid(run),
      more.map(({ id }) => id),
    );
    await database.sql(
      `insert into pack_runs.plans (tenant_id, plan_hash, plan) select $1, 'sha256:' || n, '{}' from generate_series(1, 3000) n`,
      [tenantA],
    );
    const client = new Client({ connectionString: database.url('maintain') });
    await client.connect();
    try {
      expect(await rowsRead(client, statement('unused-plans').text, [20_000, 0])).toBeLessThan(6 * 6_100);
    } finally {
      await client.end();
    }
  });
});
