import type { Client } from 'pg';
import { isNight } from '../stack/at-night';
import type { Caller } from '../stack/stack';
import { Administrator, OWNERS, separately, STEPS } from './administrator';

describe('a database administrator without keys', () => {
  let admin: Administrator;
  let ada: Caller;
  let grace: Caller;
  let sql: Client;
  beforeAll(async () => {
    admin = await Administrator.shared();
    ({ ada, grace, sql } = admin);
  }, 120_000);

  const SERVED: readonly (readonly [document: string, route: string])[] = [
    ['plan', 'plan'],
    ['request', 'gates/approve'],
    ['quorum', 'gates/approve'],
    ['plan', 'graph'],
    ['show', 'gates/approve'],
    ['admission', 'gates/approve'],
    ['request', 'gates'],
  ];
  it.each(isNight ? SERVED : SERVED.slice(0, 3))('cannot have an altered %s served by %s', async (document, route) => {
    const { run } = await admin.waiting(separately(STEPS, OWNERS));
    await admin.altered(run, document);
    await admin.found(run, await ada.ask('GET', `/api/runs/${run}/${route}`));
  });

  it.each(isNight ? ['request', 'show', 'admission', 'plan'] : ['show', 'admission'])(
    'cannot have an altered %s approved',
    async (document) => {
      const { run } = await admin.waiting(separately(STEPS, OWNERS));
      const { body } = await grace.ask('GET', `/api/runs/${run}/gates/approve`);
      expect(body).toMatchObject({ gateDigest: expect.any(String) as unknown });
      const { gateDigest, planHash } = body as { gateDigest: string; planHash: string };
      await admin.altered(run, document);
      const decision = { gateId: 'approve', decision: 'approved', planHash, gateDigest, reason: 'reviewed' };
      await admin.found(run, await grace.ask('POST', `/api/runs/${run}/approve`, decision));
    },
  );

  it('cannot have an altered gate shown in the list of approvals, which goes on without its run', async () => {
    const { run } = await admin.waiting(separately(STEPS, OWNERS));
    await admin.altered(run, 'show');
    await admin.found(run, await grace.ask('GET', '/api/approvals'));
    const { status, body } = await grace.ask('GET', '/api/approvals?limit=200');
    expect([status, (body['items'] as { runId: string }[]).filter(({ runId }) => runId === run)]).toEqual([200, []]);
  });

  it.each(isNight ? ['inputs', 'manifest', 'manifest of the plan'] : ['manifest', 'manifest of the plan'])(
    'cannot have an altered %s driven on',
    async (document) => {
      const manifest = separately(STEPS, OWNERS);
      // The row of the first run of a plan has the manifest. Those of the others refer to the plan.
      await admin.waiting(manifest);
      const { run, uuid } = await admin.waiting(manifest);
      await admin.altered(run, document);
      expect((await grace.approve(run, 'approve')).status).toBe(200);
      expect(await ada.until(run, ['halted'])).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
      await admin.nothingApplied(run);
      const { rows } = await sql.query<{ due_at: Date | null }>('select due_at from pack_runs.runs where run_id = $1', [
        uuid,
      ]);
      expect(rows).toEqual([{ due_at: null }]);
    },
    60_000,
  );

  it('cannot have an altered document of an ended run served, run again or listed unmarked', async () => {
    const runs = new Map<string, string>();
    for (const document of ['plan', 'inputs', 'manifest', 'admission']) {
      const run = await ada.submit(
        separately('- { id: a, run: { uses: "builtin:transform", with: { outputs: { said: "echo applied" } } } }'),
        {},
        { labels: { tamper: document } },
      );
      await ada.until(run, ['succeeded']);
      await ada.sealed(run);
      runs.set(document, run);
    }
    for (const [document, run] of runs) {
      await admin.altered(run, document);
      const again = await ada.ask('POST', `/api/runs/${run}/rerun`, { from: 'start' });
      expect([document, again.status, again.body['code']]).toEqual([document, 409, 'DOCUMENT_ALTERED']);
      // A run that is ended and sealed keeps its status. The alteration is shown wherever the run is shown.
      expect(await ada.summary(run)).toMatchObject({ status: 'succeeded', error: { code: 'DOCUMENT_ALTERED' } });
    }
    const { status, body } = await ada.ask('GET', '/api/runs?limit=200');
    expect(status).toBe(200);
    const marked = (body['items'] as { runId: string; error: { code: string } | null }[]).filter(
      ({ runId, error }) => [...runs.values()].includes(runId) && error?.code === 'DOCUMENT_ALTERED',
    );
    expect(marked).toHaveLength(4);
  }, 90_000);
});
