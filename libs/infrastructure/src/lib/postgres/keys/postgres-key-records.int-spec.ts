import { runUuid, type RunId } from '@taskrunner/core/foundation';
import type { HeldKeys, KeyUse } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { anEnvelope, aWorker, submit } from '../testing/builders';
import { anEndedRun } from '../testing/sealed-run';
import { withFreshDatabases } from '../testing/fresh-databases';
import { once, type TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

const held = (use: KeyUse, ...ids: readonly string[]): HeldKeys => ({ use, ids, files: [`/keys/${use}`] });
const webservice = (...keys: readonly HeldKeys[]) => web.keyRecords.ofWebservice(keys);
const aWorkerWith = (...keys: readonly HeldKeys[]) => worker.keyRecords.ofWorker(keys);
const recorded = () =>
  database.sql('select use, id from pack_runs.keys where recorded_ms is not null order by recorded_ms, id');
const noWorkerLives = () => database.sql('delete from pack_runs.workers');
/** Marks the run as sealed. */
const sealed = (run: RunId) =>
  database.sql(`update pack_runs.runs set evidence_status = 'sealed' where run_id = $1`, [runUuid(run)]);
const signedBy = (keyid: string) => ({ ...anEnvelope('record'), signatures: [{ keyid, sig: 'AAAA' }] });

describe('the key of the journal', () => {
  const [mine, other] = [held('journal-mac', 'HKDF:mine'), held('journal-mac', 'HKDF:other')];
  const differs = [{ use: 'journal-mac', needed: ['HKDF:mine'], held: other }];

  it('is recorded by the first worker, and is that of all others while one lives or a run of it is not sealed', async () => {
    expect(await aWorkerWith(mine)).toEqual([]);
    expect(await aWorkerWith(mine)).toEqual([]);
    const session = await worker.claims.register(aWorker());
    expect(await aWorkerWith(other)).toEqual(differs);
    await worker.claims.retire(session);
    const run = await anEndedRun({ database, web, worker, daysAgo: 0, sealed: false });
    await noWorkerLives();
    expect(await aWorkerWith(other)).toEqual(differs);
    expect(await recorded()).toEqual([{ use: 'journal-mac', id: 'HKDF:mine' }]);
    await sealed(run);
    expect(await aWorkerWith(other)).toEqual([]);
    expect(await recorded()).toEqual([{ use: 'journal-mac', id: 'HKDF:other' }]);
  });

  it('may be another one for a run that has not begun, and for one that was halted', async () => {
    await aWorkerWith(mine);
    await submit(web.runStore);
    const halted = await anEndedRun({ database, web, worker, daysAgo: 0, sealed: false });
    await noWorkerLives();
    await database.sql(`update pack_runs.runs set status = 'halted', evidence_status = 'refused' where run_id = $1`, [
      runUuid(halted),
    ]);
    expect(await aWorkerWith(other)).toEqual([]);
  });
});

describe('the keys of records', () => {
  it.each(['admission', 'ledger'] as const)('of %s stand side by side as long as rows need them', async (use) => {
    await webservice(held(use, 'SHA256:old'));
    expect(await aWorkerWith(held(use, 'SHA256:old'))).toEqual([]);
    const run = await submit(web.runStore, use === 'admission' ? { admission: signedBy('SHA256:old') } : {});
    if (use === 'ledger')
      await database.sql(
        `insert into pack_runs.decisions (tenant_id, run_id, decision_id, gate, decision, iss, sub, decided_ms, record_digest, envelope)
         select tenant_id, run_id, 'd', 'g', 'approved', 'i', 's', 1, 'd', $1::json from pack_runs.runs`,
        [JSON.stringify(signedBy('SHA256:old'))],
      );
    // Key rotation: workers get both keys first, then the webservice gets the new one.
    expect(await aWorkerWith(held(use, 'SHA256:old', 'SHA256:new'))).toEqual([]);
    await webservice(held(use, 'SHA256:new'));
    expect(await aWorkerWith(held(use, 'SHA256:old', 'SHA256:new'))).toEqual([]);
    const onlyNew = held(use, 'SHA256:new');
    expect(await aWorkerWith(onlyNew)).toEqual([{ use, needed: ['SHA256:old'], held: onlyNew }]);
    const onlyOld = held(use, 'SHA256:old');
    expect(await aWorkerWith(onlyOld)).toEqual([{ use, needed: ['SHA256:new'], held: onlyOld }]);
    const none = held(use);
    expect(await aWorkerWith(none)).toEqual([{ use, needed: ['SHA256:new', 'SHA256:old'], held: none }]);
    await sealed(run);
    expect(await aWorkerWith(onlyNew)).toEqual([]);
  });

  it('are known to workers before a webservice signs with them, if there are any', async () => {
    const [old, both, fresh] = [
      held('admission', 'SHA256:old'),
      held('admission', 'SHA256:old', 'SHA256:new'),
      held('admission', 'SHA256:new'),
    ];
    // The first key is accepted as it is, because workers of an earlier release do not report theirs.
    const session = await worker.claims.register(aWorker());
    expect(await webservice(old)).toEqual([]);
    expect(await aWorkerWith(old)).toEqual([]);
    expect(await webservice(fresh)).toEqual([{ use: 'admission', needed: [], held: fresh }]);
    expect(await recorded()).toEqual([{ use: 'admission', id: 'SHA256:old' }]);
    expect(await aWorkerWith(both)).toEqual([]);
    expect(await aWorkerWith(old)).toEqual([]);
    expect(await webservice(fresh)).toEqual([]);
    expect(await recorded()).toHaveLength(2);
    // Rotation back to the old key.
    expect(await webservice(old)).toEqual([]);
    await worker.claims.retire(session);
    expect(await webservice(held('admission', 'SHA256:other'))).toEqual([]);
  });

  it('that only a worker has named are needed by nobody', async () => {
    expect(await aWorkerWith(held('admission', 'SHA256:mine'))).toEqual([]);
    await submit(web.runStore, { admission: signedBy('SHA256:mine') });
    expect(await aWorkerWith(held('admission'))).toEqual([]);
  });

  it('of a run that is done again are needed until the other is sealed', async () => {
    await webservice(held('admission', 'SHA256:old'));
    const original = await submit(web.runStore, { admission: signedBy('SHA256:old') });
    await webservice(held('admission', 'SHA256:new'));
    const again = await submit(web.runStore, { admission: signedBy('SHA256:new'), rerunOf: original });
    await sealed(original);
    expect(await aWorkerWith(held('admission', 'SHA256:new'))).toMatchObject([{ needed: ['SHA256:old'] }]);
    await sealed(again);
    expect(await aWorkerWith(held('admission', 'SHA256:new'))).toEqual([]);
  });

  it('that nobody recorded are asked for by no row, whatever somebody writes into it', async () => {
    await webservice(held('admission', 'SHA256:mine'));
    await submit(web.runStore, { admission: signedBy('SHA256:forged') });
    const wrong = await submit(web.runStore);
    const unreadable = String.raw`{"signatures":[{"keyid":"\u0000"}]}`;
    for (const text of ['5', '{}', '{"signatures":5}', '{"signatures":[5]}', 'null', unreadable]) {
      await database.sql(`update pack_runs.submissions set admission = $1::json where run_id = $2`, [
        text,
        runUuid(wrong),
      ]);
      expect(await aWorkerWith(held('admission', 'SHA256:other'))).toMatchObject([{ needed: ['SHA256:mine'] }]);
      expect(await aWorkerWith(held('admission', 'SHA256:mine'))).toEqual([]);
    }
  });
});

describe('the key of sensitive inputs', () => {
  const [mine, other] = [held('sensitive-inputs', 'HKDF:mine'), held('sensitive-inputs', 'HKDF:other')];
  const none = held('sensitive-inputs');

  it('is that of the webservice, for every worker', async () => {
    expect(await aWorkerWith(none)).toEqual([]);
    expect(await webservice(mine)).toEqual([]);
    expect(await aWorkerWith(mine)).toEqual([]);
    for (const wrong of [other, none])
      expect(await aWorkerWith(wrong)).toEqual([{ use: 'sensitive-inputs', needed: ['HKDF:mine'], held: wrong }]);
    // A worker that does not report its key is not compared.
    expect(await aWorkerWith({ ...mine, ids: null })).toEqual([]);
  });

  it('is replaced when no run has such inputs, and no worker lives', async () => {
    await webservice(mine);
    const differs = [{ use: 'sensitive-inputs', needed: ['HKDF:mine'], held: other }];
    const session = await worker.claims.register(aWorker());
    expect(await webservice(other)).toEqual(differs);
    await worker.claims.retire(session);
    const run = await submit(web.runStore, {
      sensitive: [{ name: 'pin', sealed: new Uint8Array([1]) }],
    });
    expect(await webservice(other)).toEqual(differs);
    // Without a key a webservice rejects such packs. The recorded key is kept for the other services.
    expect(await webservice(none)).toEqual([]);
    expect(await recorded()).toEqual([{ use: 'sensitive-inputs', id: 'HKDF:mine' }]);
    await sealed(run);
    expect(await webservice(other)).toEqual([]);
    expect(await recorded()).toEqual([{ use: 'sensitive-inputs', id: 'HKDF:other' }]);
    expect(await webservice(none)).toEqual([]);
    expect(await recorded()).toEqual([]);
  });
});

it('is written by nobody but by its functions, each for the service that makes rows with the key', async () => {
  const denied = { code: '42501' };
  const as = (role: 'web' | 'worker', text: string) => once(database.url(role), text);
  for (const role of ['web', 'worker'] as const)
    for (const text of [
      `insert into pack_runs.keys values ('admission', 'x', 1)`,
      `update pack_runs.keys set id = 'x'`,
      'delete from pack_runs.keys',
      `select pack_runs.keep_only_key('journal-mac', 'x')`,
    ])
      await expect(as(role, text)).rejects.toMatchObject(denied);
  await expect(as('worker', `select pack_runs.keep_signing_key('admission', 'x')`)).rejects.toMatchObject(denied);
  await expect(as('worker', `select pack_runs.keep_sensitive_key('x')`)).rejects.toMatchObject(denied);
  await expect(as('web', `select pack_runs.keep_journal_key('x')`)).rejects.toMatchObject(denied);
  await expect(as('web', `select pack_runs.keep_signing_key('journal-mac', 'x')`)).rejects.toMatchObject({
    code: '22023',
  });
  await expect(as('web', `select pack_runs.keep_public_keys('admission', '{x}')`)).rejects.toMatchObject(denied);
  await as('worker', `select pack_runs.keep_public_keys('journal-mac', '{x}')`);
  expect(await recorded()).toEqual([]);
});
