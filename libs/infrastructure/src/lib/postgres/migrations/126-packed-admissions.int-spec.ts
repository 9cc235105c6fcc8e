import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { anAdmission } from '@taskrunner/core/testing';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { TEXTS } from '../encoding/packed-admission';
import { migrateDatabase } from '../schema/migrate';
import { submit, tenantA } from '../testing/builders';
import { startTestServer, type TestDatabase, type TestServer } from '../testing/test-database';
import { UNPACKED } from '../testing/unpacked';

let host: TestServer;
let database: TestDatabase;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
});
afterAll(() => host.stop());

const columns = `plan_hash, profile_digest, content_digest, source_digest, manifest, admission::text as admission, admission_digest`;
const read = async (run: RunId) =>
  (await database.sql(`select ${columns} from pack_runs.run_sources where run_id = $1`, [runUuid(run)]))[0];
const change = (run: RunId, set: string) =>
  database.sql(`update pack_runs.submissions set ${set} where run_id = $1`, [runUuid(run)]);

/** Two runs of one plan: the second has its manifest from the plan. */
async function two(): Promise<readonly [RunId, RunId]> {
  const { runStore } = await database.web();
  return [await submit(runStore), await submit(runStore)];
}

/** What the columns of a run of `submit` are to say. */
function said(runId: RunId) {
  const { admission, admissionDigest } = anAdmission({ ...ADMITTED, runId });
  return { ...SAID, admission: JSON.stringify(admission), admission_digest: admissionDigest };
}
let ADMITTED: Parameters<typeof anAdmission>[0];
let SAID: Record<string, string>;
beforeAll(async () => {
  const [run] = await two();
  const row = await read(run);
  const { payload } = JSON.parse(row?.['admission'] as string) as { payload: string };
  ADMITTED = JSON.parse(Buffer.from(payload, 'base64').toString()) as typeof ADMITTED;
  SAID = row as typeof SAID;
  expect(ADMITTED).toMatchObject({ runId: run, planHash: SAID['plan_hash'] });
});

it('has every column of before in the view, in a fraction of the bytes', async () => {
  const [first, second] = await two();
  for (const run of [first, second]) expect(await read(run)).toEqual(said(run));
  const stored = await database.sql(
    `select plan_hash, profile_digest, content_digest, source_digest, manifest, admission, admission_digest from pack_runs.submissions
     where run_id = $1`,
    [runUuid(second)],
  );
  expect(Object.values(stored[0] ?? {})).toEqual([null, null, null, null, null, null, null]);
});

it('has the list of texts that rows were written with', async () => {
  const [row] = await database.sql<{ text: string }>(
    'select pack_runs.admitted_payload($1, null, null, null, null, null, null) as text',
    [TEXTS.map(([character]) => character).join('|')],
  );
  // eslint-disable-next-line no-control-regex
  expect(row?.text).toBe(TEXTS.map(([, text]) => text.replaceAll(/[\u0001-\u0004]/g, '')).join('|'));
});

it('takes a row of a service of the release before, and keeps rows from before the migration', async () => {
  const [run, other] = await two();
  await database.sql(UNPACKED);
  const own = said(run);
  const values = [own, said(other)].map((row) =>
    ['plan_hash', 'profile_digest', 'content_digest', 'source_digest', 'manifest', 'admission', 'admission_digest'].map(
      (name) => row[name as keyof typeof row],
    ),
  );
  await database.sql(
    `update pack_runs.run_sources set plan_hash = $2, profile_digest = $3, content_digest = $4, source_digest = $5, manifest = $6,
       admission = $7, admission_digest = $8 where run_id = $1`,
    [runUuid(run), ...(values[0] ?? [])],
  );
  await database.sql('delete from pack_runs.run_sources where run_id <> $1', [runUuid(run)]);
  await database.sql(`delete from pack_runs.migrations where name like 'PackedAdmissions%'`);
  await migrateDatabase(database.url('owner'));
  expect(await read(run)).toEqual(own);
  await database.sql(
    `insert into pack_runs.run_sources (tenant_id, run_id, plan_hash, profile_digest, pack_name, pack_version, content_digest,
       source_digest, manifest, files, inputs, initiators, requester, labels, admission, admission_digest)
     select tenant_id, $2, $3, $4, pack_name, pack_version, $5, $6, $7, files, inputs, initiators, requester, labels, $8, $9
     from pack_runs.run_sources where run_id = $1`,
    [runUuid(run), runUuid(other), ...(values[1] ?? [])],
  );
  expect(await read(other)).toEqual(said(other));
  expect(
    await database.sql('select pack_signatures::text from pack_runs.submissions where pack_signatures is null'),
  ).toEqual([]);
  // Retention of the release before removes through the view.
  await database.sql('delete from pack_runs.run_sources where run_id = $1', [runUuid(other)]);
  expect(await database.sql('select from pack_runs.submissions where run_id = $1', [runUuid(other)])).toEqual([]);
});

it.each([
  `plan_bytes = sha256('other')`,
  `source_bytes = ''`,
  `profile_bytes = decode(repeat('00', 10000000), 'hex')`,
  `admitted = ''`,
  `admitted = replace(admitted, chr(5), chr(6))`,
  `admitted = repeat(chr(17), 8192)`,
  `admitted = repeat(chr(17), 10000000)`,
  `admission_bytes = sha256('other')`,
])('is found by its digest, also in lists, which verify no signature: %s', async (set) => {
  const [, run] = await two();
  await change(run, set);
  const row = await read(run);
  expect(row).not.toEqual(said(run));
  expect(String(row?.['admission']).length).toBeLessThan(16 * 1024 * 1024);
  const web = await database.web();
  const altered = { code: 'DOCUMENT_ALTERED', first: { runId: run, document: 'admission' } };
  await expect(web.runReader.summary(tenantA, run)).rejects.toMatchObject(altered);
  await expect(web.runReader.list(tenantA, {}, 1, null)).rejects.toMatchObject(altered);
});

it.each([`signed = ''`, `signed = decode(repeat('00', 10000000), 'hex')`])(
  'has another signature, which readers of one run verify: %s',
  async (set) => {
    const [, run] = await two();
    await change(run, set);
    expect(await read(run)).not.toEqual(said(run));
  },
);

it('shows no text of any length as the name of a requester', async () => {
  const [, run] = await two();
  await change(run, `requester_name = repeat('x', 70000)`);
  expect(
    await database.sql('select requester from pack_runs.run_sources where run_id = $1', [runUuid(run)]),
  ).toMatchObject([{ requester: { sub: 'ada', name: null } }]);
  await expect(change(run, `trace_bytes = '\\x00'`)).rejects.toMatchObject({ code: '23514' });
});

it('refuses a row that has neither form of a document', async () => {
  const [, run] = await two();
  for (const column of [
    'plan_bytes',
    'profile_bytes',
    'content_bytes',
    'source_bytes',
    'admission_bytes',
    'admitted',
    'signed',
  ])
    await expect(change(run, `${column} = null`)).rejects.toMatchObject({ code: '23514' });
});
