import { createClient } from '@taskrunner/client';
import { runUuid, type Json, type RunId } from '@taskrunner/core/foundation';
import { decideGates } from '../../../../examples/client/decide';
import { isNight } from '../stack/at-night';
import { Caller } from '../stack/stack';
import { Administrator, OWNERS, separately, STEPS } from './administrator';
import { Forger } from './forger';

// Documents that were altered together with their digests: only their signatures are not as they should be.
describe('a database administrator without keys', () => {
  let admin: Administrator;
  let ada: Caller;
  let grace: Caller;
  let linus: Caller;
  let forger: Forger;
  beforeAll(async () => {
    admin = await Administrator.shared();
    ({ ada, grace } = admin);
    linus = new Caller(admin.stack.server, await admin.stack.tokenFor('linus'));
    forger = new Forger(admin.sql);
  }, 120_000);

  const refused = (answer: { status: number; body: Record<string, unknown> }) =>
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
  const says = (text: string) =>
    separately(`- { id: a, run: { uses: "builtin:transform", with: { outputs: { said: "${text}" } } } }`);

  const ended = async (caller: Caller, manifest: string): Promise<string> => {
    const run = await caller.submit(manifest);
    await caller.until(run, ['succeeded']);
    await caller.sealed(run);
    return run;
  };

  it('cannot have another pack run by whoever runs a run again', async () => {
    const run = await ended(ada, says('good'));
    await forger.admission(run, await ended(linus, says('evil')));
    for (const from of ['start', 'failed', 'a']) refused(await ada.ask('POST', `/api/runs/${run}/rerun`, { from }));
  }, 60_000);

  it('cannot have another pack, plan or initiators of a run shown', async () => {
    const run = await ended(ada, says('good'));
    await forger.admission(run, await ended(linus, says('evil')));
    for (const route of ['', '/plan', '/graph']) refused(await ada.ask('GET', `/api/runs/${run}${route}`));
  }, 60_000);

  it('cannot have a mark show an admission that nobody signed', async () => {
    const run = await ended(ada, says('good'));
    await forger.admission(run, await ended(linus, says('evil')));
    await admin.sql.query(
      `update pack_runs.runs set altered = '{"code":"DOCUMENT_ALTERED","message":"nothing of note"}' where run_id = $1`,
      [runUuid(run as RunId)],
    );
    expect(await ada.summary(run)).toMatchObject({
      pack: { name: '' },
      initiators: [],
      error: { code: 'DOCUMENT_ALTERED' },
    });
  }, 60_000);

  it('cannot have an initiator decide by naming others', async () => {
    const run = await linus.submit(separately(STEPS, OWNERS));
    await linus.until(run, ['waiting']);
    const { run: genuine } = await admin.waiting(separately(STEPS, OWNERS));
    await forger.initiators(run, [{ iss: admin.stack.issuer, sub: 'mallory', kind: 'person' }]);
    const { rows } = await admin.sql.query<{ gate_digest: string; plan_hash: string }>(
      'select g.gate_digest, s.plan_hash from pack_runs.gates g join pack_runs.run_sources s on s.run_id = g.run_id where g.run_id = $1',
      [runUuid(run as RunId)],
    );
    const [{ gate_digest: gateDigest, plan_hash: planHash }] = rows as [(typeof rows)[number]];
    const decision = { gateId: 'approve', decision: 'approved', planHash, gateDigest, reason: 'reviewed' };
    refused(await linus.ask('POST', `/api/runs/${run}/approve`, decision));
    refused(await grace.ask('GET', `/api/runs/${run}/gates/approve`));
    refused(await grace.ask('GET', `/api/runs/${run}/gates`));
    // One run does not take the list away.
    expect((await grace.ask('GET', '/api/approvals')).status).toBe(200);
    const client = createClient({ server: admin.stack.server, token: () => admin.stack.tokenFor('grace') });
    const asked: string[] = [];
    const decided = await decideGates(client, async (gate) => {
      asked.push(gate.runId);
      return 'later';
    });
    expect(asked).toContain(genuine);
    expect(decided.get(`${run} approve`)).toBe('DOCUMENT_ALTERED');
  }, 60_000);

  it('cannot have a decision of somebody else shown', async () => {
    const { run } = await admin.waiting(separately(STEPS, OWNERS));
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    await ada.until(run, ['succeeded']);
    await ada.sealed(run);
    await forger.decider(run, 'linus');
    refused(await ada.ask('GET', `/api/runs/${run}/gates/approve`));
    refused(await ada.ask('GET', `/api/runs/${run}/gates`));
  }, 60_000);

  it('cannot have an approval that nobody gave shown, or compared with', async () => {
    const manifest = separately(STEPS, OWNERS);
    const { run: approved } = await admin.waiting(manifest);
    expect((await grace.approve(approved, 'approve')).status).toBe(200);
    const { run } = await admin.waiting(manifest);
    await forger.approval(run, approved);
    refused(await ada.ask('GET', `/api/runs/${run}/gates/approve`));
    await admin.sql.query("update pack_runs.gates set state = 'closed' where run_id = $1", [
      runUuid(approved as RunId),
    ]);
    const { run: later } = await admin.waiting(manifest);
    expect((await grace.ask('GET', `/api/runs/${later}/gates/approve`)).body['planDiff']).toMatchObject({
      ...{ against: run, approvedBy: [], diff: null, why: 'DOCUMENT_ALTERED' },
    });
  }, 60_000);

  const REQUESTS: readonly (readonly [string, Parameters<Forger['request']>[1], Json | undefined])[] = [
    ['message', () => ({ message: 'stay?' }), undefined],
    [
      'approval by fewer people',
      ({ requirement }) => ({ requirement: { ...(requirement as object), minApprovals: 1 } }),
      undefined,
    ],
    [
      'time to decide',
      () => ({ expiresAt: '2099-01-01T00:00:00.000Z', executeBy: '2099-01-02T00:00:00.000Z' }),
      undefined,
    ],
    ['value', () => ({}), { hits: ['CVE-2026-1'], region: 'us' }],
  ];
  const TWO = '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 2 } ]\n';
  const SHOWN = STEPS.replace('show: {', 'show: { region: eu,');

  it.each(isNight ? REQUESTS : REQUESTS.slice(1, 2))(
    'cannot have people decide about another %s than the plan asks for',
    async (_what, change, show) => {
      for (const route of ['GET', 'POST']) {
        const { run } = await admin.waiting(separately(SHOWN, TWO));
        const { body } = await grace.ask('GET', `/api/runs/${run}/gates/approve`);
        await forger.request(run, change, show);
        const { planHash } = body as { planHash: string };
        const { rows } = await admin.sql.query<{ gate_digest: string }>(
          'select gate_digest from pack_runs.gates where run_id = $1',
          [runUuid(run as RunId)],
        );
        const decision = {
          ...{ gateId: 'approve', decision: 'approved', planHash, reason: 'reviewed' },
          gateDigest: rows[0]?.gate_digest,
        };
        const answer =
          route === 'GET'
            ? await grace.ask('GET', `/api/runs/${run}/gates/approve`)
            : await grace.ask('POST', `/api/runs/${run}/approve`, decision);
        await admin.found(run, answer);
      }
    },
    60_000,
  );

  it('cannot have another request of a gate shown after the run has ended', async () => {
    const { run } = await admin.waiting(separately(STEPS, OWNERS));
    await ada.ask('POST', `/api/runs/${run}/cancel`, {});
    await ada.until(run, ['cancelled']);
    await forger.request(run, () => ({}), { hits: [] });
    refused(await ada.ask('GET', `/api/runs/${run}/gates/approve`));
  }, 60_000);
});
