import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, toRunId, type TenantId } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { TenantQueries } from '../connection/queries';
import type { Statement } from '../connection/statement';
import type { WebDatabase } from '../databases';
import { aNewRun, submit, tenantA, tenantB } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';
import { createStatement } from './create-statement';
import { PostgresRunStore } from './postgres-run-store';
import { StoredDocuments } from './stored-documents';

let database: TestDatabase;
let web: WebDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web } = opened));

const idempotency = {
  key: 'k',
  person: { iss: 'https://id.test', sub: 'ada' },
  route: 'POST /api/runs',
  bodyDigest: sha256('a'),
};
let ids = 0;
const aRun = (more: Partial<NewRun> = {}): NewRun =>
  aNewRun(toRunId(`018bcfe5-6800-7000-8000-${String(++ids).padStart(12, '0')}`), 1_700_000_000_000, {
    labels: {},
    sensitive: [],
    ...more,
  });

describe('the statement that stores runs', () => {
  const label = { labels: { ticket: 'SEC-42' } };
  it.each<[string, readonly Partial<NewRun>[], boolean]>([
    ['create-runs single', [{}], true],
    ['create-runs single documents', [{}], false],
    ['create-runs', [{}, {}], true],
    ['create-runs single details', [label], true],
    ['create-runs details', [{}, label], true],
    // A run of a batch that is not returned would have a key that is taken, or a plan that is gone.
    ['create-runs single keys documents', [{ idempotency }], true],
    ['create-runs keys details documents', [{}, { ...label, idempotency }], false],
  ])('%s', (name, runs, isStored) => {
    const made = createStatement(
      tenantA,
      runs.map((more) => aRun(more)),
      isStored,
    );
    expect(made.name).toBe(name);
    const numbers = new Set([...made.text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
    expect([...numbers].sort((a, b) => a - b)).toEqual(made.values.map((_, index) => index + 1));
  });
});

/** A database that answers as if it stored all runs but those that `refuses` names. */
function answering(refuses: (uuid: string) => boolean) {
  const sent: (string | undefined)[] = [];
  const together = async (_tenant: TenantId, steps: readonly (readonly [Statement, readonly unknown[]])[]) => {
    const [[statement], [, values]] = steps.slice(-2) as [(typeof steps)[number], (typeof steps)[number]];
    sent.push(statement.name);
    const stored = (values[1] as readonly string[]).filter((uuid) => !refuses(uuid));
    return [stored.map((run_id) => ({ run_id, in_line: false })), []];
  };
  return { sent, store: new PostgresRunStore({ together } as unknown as TenantQueries) };
}

describe('documents of runs', () => {
  it('are sent with the first run of each tenant only, and with each run that has an idempotency key', async () => {
    const { sent, store } = answering(() => false);
    for (const more of [{}, {}, { tenant: tenantB }, { planHash: sha256('other') }, {}, { idempotency }])
      await store.create(aRun(more));
    expect(sent).toEqual([
      'create-runs single documents',
      'create-runs single',
      'create-runs single documents',
      'create-runs single documents',
      'create-runs single',
      'create-runs single keys documents',
    ]);
  });

  it('are sent again if they are gone', async () => {
    let gone = '';
    const { sent, store } = answering((uuid) => uuid === gone && sent.at(-1) === 'create-runs single');
    await store.create(aRun());
    const run = aRun();
    gone = runUuid(run.runId);
    expect(await store.create(run)).toEqual({ kind: 'created', inLine: false });
    await store.create(aRun());
    expect(sent).toEqual([
      'create-runs single documents',
      'create-runs single',
      'create-runs single documents',
      'create-runs single documents',
    ]);
  });

  it('are remembered for a bounded number of plans', () => {
    const stored = new StoredDocuments();
    const runs = Array.from({ length: 4_097 }, (_, i) => ({ planHash: sha256(`${i}`), profileDigest: sha256('p') }));
    stored.add(tenantA, runs);
    expect([0, 1, 4_096].map((i) => stored.has(tenantA, runs.slice(i, i + 1)))).toEqual([false, true, true]);
    expect(stored.has(tenantB, runs.slice(1, 2))).toBe(false);
  });

  it.each([
    ['plans', 1],
    ['plans', 5],
    ['profiles', 1],
    ['profiles', 5],
  ] as const)('%s that somebody deletes are stored again with the next %s runs', async (table, count) => {
    const tenant = `${table}-${count}` as TenantId;
    for (let i = 0; i < 2; i++) await submit(web.runStore, { tenant });
    const rows = () =>
      database.sql(`select to_jsonb(t) - 'created_at' from pack_runs.${table} t where tenant_id = '${tenant}'`);
    const before = await rows();
    expect(before).toHaveLength(1);
    await database.sql(`delete from pack_runs.${table} where tenant_id = '${tenant}'`);
    const runs = await Promise.all(Array.from({ length: count }, () => submit(web.runStore, { tenant })));
    expect(await rows()).toEqual(before);
    for (const run of runs) expect(await web.runReader.documents(tenant, run)).not.toBeNull();
    const audited = await database.sql(`select * from pack_runs.audit where tenant_id = '${tenant}'`);
    expect(audited).toHaveLength(2 + count);
  });
});
