import { runUuid, type RunId } from '@taskrunner/core/foundation';
import type { Client } from 'pg';
import { isNight } from '../stack/at-night';
import { Caller, type DevStack, pause } from '../stack/stack';
import { Administrator, OWNERS, ROWS, separately, STEPS } from './administrator';

describe('a database administrator without keys', () => {
  let admin: Administrator;
  let ada: Caller;
  let grace: Caller;
  let sql: Client;
  let stack: DevStack;
  beforeAll(async () => {
    admin = await Administrator.shared();
    ({ ada, grace, sql, stack } = admin);
  }, 120_000);

  const SPEAKS = '- { id: a, run: { uses: "builtin:transform", with: { outputs: { said: "good" } } } }';
  const SPEAKS_IN_ROWS = `${SPEAKS}\n${ROWS}`;
  /** Rows that repeat the journal: which, where it is shown, and how it is altered. */
  const REPEATED: readonly (readonly [string, readonly string[], string])[] = [
    ['outputs of a step', ['/steps', '/steps/a', '/steps/a/outputs'], `steps set outputs = '{"said":"evil"}'`],
    [
      'outputs of a step that goes on',
      ['/steps', '/steps/a', '/steps/a/outputs'],
      `steps set status = 'running', outputs = '{"said":"evil"}'`,
    ],
    ['numbers of steps', [''], `runs set counts = '{"total":1,"failed":1}'`],
    [
      'status of a step',
      ['/steps', '/timings'],
      `steps set status = 'failed', reason = 'EVIL', error = '{"code":"EVIL"}'`,
    ],
    ['end of a step', ['/timings'], `steps set status = 'running'`],
    ['id of a step', ['/timings'], `steps set status = 'running', step = 'x'`],
    ['error of a step', ['/steps'], `steps set status = 'failed', error = '{"code":"EVIL"}'`],
    ['outputs of the run', [''], `runs set outputs = '{"said":"evil"}'`],
    ['error of the run', [''], `runs set error = '{"code":"EVIL"}'`],
    ['evidence of the run', [''], `runs set evidence_digest = null`],
    ['reason of the evidence', [''], `runs set evidence_reason = 'evil'`],
    ['waits of the run', [''], `runs set waits = '[{"kind":"gate","id":"evil","until":null}]'`],
    ['reference to outputs of a step', ['/steps/a'], `steps set outputs = null, outputs_ref = '7'`],
  ];

  it.each(isNight ? REPEATED : REPEATED.slice(0, 2))(
    'cannot have the %s altered after the seal',
    async (_what, routes, change) => {
      const { run, uuid } = await admin.sealedRun(SPEAKS_IN_ROWS);
      for (const route of routes) expect((await ada.ask('GET', `/api/runs/${run}${route}`)).status).toBe(200);
      await sql.query(`update pack_runs.${change} where run_id = $1`, [uuid]);
      for (const route of routes.slice(-1)) {
        const answer = await ada.ask('GET', `/api/runs/${run}${route}`);
        expect([route, answer.status, answer.body['code']]).toEqual([route, 409, 'DOCUMENT_ALTERED']);
      }
      expect(await ada.summary(run)).toMatchObject({ status: 'succeeded', error: { code: 'DOCUMENT_ALTERED' } });
    },
  );

  it.each([
    ["status = 'failed'", 'sealed'],
    ["status = 'running', finished_ms = null", 'sealed'],
    ["status = 'succeeded'", 'waiting'],
    [`message = '{"text": "evil"}'`, 'sealed'],
  ])('cannot have %s of a run that is %s shown', async (change, when) => {
    const { run, uuid } = when === 'sealed' ? await admin.sealedRun() : await admin.waiting(separately(STEPS, OWNERS));
    await sql.query(`update pack_runs.runs set ${change} where run_id = $1`, [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    expect(await ada.summary(run)).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
  });

  it('cannot have an altered run shown without its mark to readers who find it at once', async () => {
    // Some pairs of readers meet: without the second comparison, about a third of the runs were shown as read.
    for (let i = 0; i < 10; i++) {
      const { run, uuid } = await admin.sealedRun(SPEAKS);
      await sql.query(`update pack_runs.runs set outputs = '{"said":"evil"}' where run_id = $1`, [uuid]);
      const answers = await Promise.all(Array.from({ length: 8 }, () => ada.ask('GET', `/api/runs/${run}`)));
      for (const { status, body } of answers)
        expect([status, body['code'] ?? body['error']]).toEqual(
          status === 409 ? [409, 'DOCUMENT_ALTERED'] : [200, expect.objectContaining({ code: 'DOCUMENT_ALTERED' })],
        );
    }
  });

  it.each(isNight ? ['rejected', 'expired', 'open', 'closed'] : ['open'])(
    'cannot have an approved gate shown as %s',
    async (state) => {
      const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
      expect((await grace.approve(run, 'approve')).status).toBe(200);
      await ada.until(run, ['succeeded']);
      await ada.sealed(run);
      await sql.query('update pack_runs.gates set state = $2 where run_id = $1', [uuid, state]);
      const answer = await ada.ask('GET', `/api/runs/${run}/gates/approve`);
      expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
      // The run is marked, so the list of open gates goes on without it.
      expect((await grace.ask('GET', '/api/approvals')).status).toBe(200);
    },
  );

  it('cannot have a gate that somebody rejected shown as passed', async () => {
    const { run, uuid } = await admin.waiting(separately(`${ROWS}\n${STEPS}`, OWNERS));
    expect((await grace.approve(run, 'approve', { decision: 'rejected' })).status).toBe(200);
    await ada.until(run, ['failed']);
    await ada.sealed(run);
    await sql.query('delete from pack_runs.gates where run_id = $1', [uuid]);
    const change =
      "update pack_runs.steps set status = 'succeeded', reason = null, error = null where run_id = $1 and step = 'approve'";
    await sql.query(change, [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}/gates`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
  });

  it('cannot have steps shown that the journal of a small run does not have', async () => {
    const { run, uuid } = await admin.sealedRun(SPEAKS);
    const before = await ada.ask('GET', `/api/runs/${run}/steps`);
    expect(before).toMatchObject({ status: 200, body: { items: [{ id: 'a', status: 'succeeded' }] } });
    await sql.query(
      `insert into pack_runs.steps (tenant_id, run_id, parent, place, step, attempts, kind, status)
       values ('acme', $1, '', 0, 'a', 1, 'run', 'failed'), ('acme', $1, '', 1, 'evil', 1, 'run', 'succeeded')`,
      [uuid],
    );
    const { status, body } = await ada.ask('GET', `/api/runs/${run}/steps`);
    // Not the headers, which say the time of the answer.
    expect({ status, body }).toEqual({ status: before.status, body: before.body });
    // Of another run, because what the webservice has compared with the signed statement is not read again.
    const other = await admin.sealedRun(SPEAKS);
    const [page] = await admin.pagesOf(other.uuid);
    await admin.writePage(other.uuid, page?.first_seq ?? '', Buffer.from('no page'));
    const refused = await ada.ask('GET', `/api/runs/${other.run}/steps`);
    expect([refused.status, refused.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    // The run is marked now, and shown as far as its journal holds.
    expect(await ada.ask('GET', `/api/runs/${other.run}/steps`)).toMatchObject({ status: 200, body: { items: [] } });
  });

  it.each(['steps', 'steps/approve', 'step-counts', 'timings'])(
    'cannot have the end of a small run taken away from %s after the seal',
    async (route) => {
      const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
      expect((await grace.approve(run, 'approve')).status).toBe(200);
      await ada.until(run, ['succeeded']);
      await ada.sealed(run);
      const last = 'select max(first_seq) from pack_run_logs.journal where run_id = $1';
      await sql.query(`delete from pack_run_logs.journal where run_id = $1 and first_seq = (${last})`, [uuid]);
      await sql.query(`update pack_runs.runs set last_seq = (${last}) where run_id = $1`, [uuid]);
      const answer = await ada.ask('GET', `/api/runs/${run}/${route}`);
      expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    },
  );

  it('cannot have the bundle of another run given as the evidence of a run', async () => {
    const { run, uuid } = await admin.sealedRun();
    const other = await admin.sealedRun();
    await sql.query(
      'update pack_artifacts.attestations t set bundle = o.bundle, bundle_size = o.bundle_size, statements = o.statements from pack_artifacts.attestations o where t.run_id = $1 and o.run_id = $2',
      [uuid, other.uuid],
    );
    await sql.query(
      'update pack_runs.runs r set evidence_digest = o.evidence_digest from pack_runs.runs o where r.run_id = $1 and o.run_id = $2',
      [uuid, other.uuid],
    );
    for (const route of ['evidence', 'attestations']) {
      const answer = await ada.ask('GET', `/api/runs/${run}/${route}`);
      expect([route, answer.status, answer.body['code']]).toEqual([route, 409, 'DOCUMENT_ALTERED']);
    }
  });

  it('cannot have a gate that was closed shown as expired', async () => {
    const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
    await ada.ask('POST', `/api/runs/${run}/cancel`, {});
    await ada.until(run, ['cancelled']);
    expect(await ada.ask('GET', `/api/runs/${run}/gates/approve`)).toMatchObject({ body: { status: 'closed' } });
    await sql.query("update pack_runs.gates set state = 'expired' where run_id = $1", [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}/gates/approve`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
  });

  it('cannot have another run passed off as the run of a repeated request', async () => {
    const body = { manifest: separately('- { id: a, run: { uses: "builtin:noop" } }'), inputs: {} };
    const key = { 'idempotency-key': 'tamper-1' };
    const first = await ada.ask('POST', '/api/runs', body, key);
    expect(first.status).toBe(201);
    const again = () => ada.ask('POST', '/api/runs', body, key);
    const point = async (run: unknown) => {
      const values = ['tamper-1', runUuid(run as RunId)];
      const { rowCount } = await sql.query('update pack_runs.idempotency set run_id = $2 where key = $1', values);
      expect(rowCount).toBe(1);
    };
    const linus = new Caller(stack.server, await stack.tokenFor('linus'));
    const others = [await linus.submit(body.manifest), await ada.submit(body.manifest)];
    const keyed = await ada.ask('POST', '/api/runs', body, { 'idempotency-key': 'tamper-2' });
    for (const other of [...others, keyed.body['runId']]) {
      await point(other);
      const { status, body: problem } = await again();
      expect([status, problem['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
      // The run itself is as it was.
      expect((await ada.summary(other as string))['error']).toBe(null);
    }
    // A run that was removed is not there; the answer is no fault of the service.
    await point('run_00000000000000000000000000');
    expect(await again()).toMatchObject({ status: 410, body: { code: 'IDEMPOTENCY_RUN_GONE' } });
    await point(first.body['runId']);
    expect(await again()).toMatchObject({ status: 200, body: { runId: first.body['runId'] } });
  });

  it('cannot have runs accepted or cancelled without an entry in the audit chain', async () => {
    const mallory = new Caller(stack.server, await stack.tokenFor('mallory'));
    const body = { manifest: separately('- { id: a, run: { uses: "builtin:noop" } }'), inputs: {} };
    const first = await mallory.submit(separately(STEPS, OWNERS));
    await mallory.until(first, ['waiting']);
    const { rows } = await sql.query<{ tenant_id: string }>('select tenant_id from pack_runs.runs where run_id = $1', [
      runUuid(first as RunId),
    ]);
    const counter = (seq: string) =>
      sql.query(`update pack_runs.audit_heads set seq = ${seq} where tenant_id = $1`, [rows[0]?.tenant_id]);
    const refused = { status: 503, body: { code: 'AUDIT_CHAIN_ALTERED', retryable: false } };
    await counter('seq - 1');
    expect(await mallory.ask('POST', '/api/runs', body)).toMatchObject(refused);
    expect(await mallory.ask('POST', `/api/runs/${first}/cancel`, {})).toMatchObject(refused);
    await counter('seq + 1');
    expect((await mallory.ask('POST', '/api/runs', body)).status).toBe(201);
    expect((await mallory.summary(first)).status).toBe('waiting');
    expect((await mallory.ask('POST', `/api/runs/${first}/cancel`, {})).status).toBe(202);
    await mallory.until(first, ['cancelled']);
    const entries = await sql.query(
      `select event ->> 'outcome' as outcome from pack_runs.audit where event ->> 'type' = 'run.cancel' and event ->> 'runId' = $1`,
      [first],
    );
    expect(entries.rows).toEqual([{ outcome: 'posted' }]);
  });

  it('cannot have a run say for ever that it is being cancelled', async () => {
    for (const route of ['GET', 'POST']) {
      const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
      const { body } = await grace.ask('GET', `/api/runs/${run}/gates/approve`);
      const { gateDigest, planHash } = body as { gateDigest: string; planHash: string };
      await sql.query('update pack_runs.runs set cancel_position = 7 where run_id = $1', [uuid]);
      const decision = { gateId: 'approve', decision: 'approved', planHash, gateDigest, reason: 'reviewed' };
      const answer =
        route === 'GET'
          ? await ada.ask('GET', `/api/runs/${run}`)
          : await grace.ask('POST', `/api/runs/${run}/approve`, decision);
      await admin.found(run, answer);
    }
  });

  it.each(isNight ? ['false', '0', '{"code":"DOCUMENT_ALTERED"}'] : ['false'])(
    'cannot switch the halt of a run off with a mark that nobody writes: %s',
    async (mark) => {
      const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
      await sql.query('update pack_runs.runs set altered = $2 where run_id = $1', [uuid, mark]);
      const { body } = await grace.ask('GET', '/api/approvals?limit=200');
      expect((body['items'] as { runId: string }[]).map(({ runId }) => runId)).toContain(run);
      await admin.altered(run, 'admission');
      await admin.found(run, await ada.ask('GET', `/api/runs/${run}`));
    },
  );

  it('cannot have another pack and other people shown under a mark, which does not spare the run either', async () => {
    const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
    const shown = async () => {
      const {
        pack: { name, version } = {},
        planHash,
        initiators,
      } = (await ada.summary(run)) as unknown as Record<string, { name?: string; version?: string }>;
      return { name, version, planHash, initiators };
    };
    const before = await shown();
    await sql.query(
      `update pack_runs.runs set altered = '{"code":"DOCUMENT_ALTERED","message":"nothing of note"}' where run_id = $1`,
      [uuid],
    );
    await sql.query(
      `update pack_runs.submissions set pack_name = 'evil', pack_version = '6.6.6', initiators = '[]',
       requester = '{"iss":"https://id.test","sub":"mallory","name":"Mallory"}', plan_hash = $2 where run_id = $1`,
      [uuid, `sha256:${'0'.repeat(64)}`],
    );
    expect(await shown()).toEqual(before);
    expect(JSON.stringify(await ada.summary(run))).not.toContain('mallory');
    await admin.found(run, await ada.ask('GET', `/api/runs/${run}/gates/approve`));
  });

  const UNREADABLE: readonly (readonly [string, string])[] = [
    ['creation time', 'update pack_runs.runs set created_ms = 9000000000000000 where run_id = $1'],
    ['time of its end', 'update pack_runs.runs set finished_ms = -900000000000000000 where run_id = $1'],
    ['requester', `update pack_runs.submissions set requester = 'null' where run_id = $1`],
    ['labels', `update pack_runs.submissions set labels = '[{}]' where run_id = $1`],
    ['counts', `update pack_runs.runs set counts = '7' where run_id = $1`],
    ['waits', `update pack_runs.runs set waits = '7' where run_id = $1`],
  ];

  it.each(isNight ? UNREADABLE : UNREADABLE.slice(1, 3))(
    'cannot take the list of runs away with a %s that cannot be shown',
    async (_what, statement) => {
      const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
      expect((await sql.query(statement, [uuid])).rowCount).toBe(1);
      expect(await ada.ask('GET', '/api/runs?limit=200')).toMatchObject({
        status: 409,
        body: { code: 'DOCUMENT_ALTERED' },
      });
      const { status, body } = await ada.ask('GET', '/api/runs?limit=200');
      expect(status).toBe(200);
      expect((body['items'] as { runId: string }[]).find(({ runId }) => runId === run)).toMatchObject({
        status: 'halted',
        error: { code: 'DOCUMENT_ALTERED' },
      });
      expect(await ada.summary(run)).toMatchObject({ status: 'halted', error: { code: 'DOCUMENT_ALTERED' } });
    },
  );

  it('cannot take the list of open gates away with a request that is none, under its own digest', async () => {
    const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
    await sql.query(
      `update pack_runs.gates set request = 'null', show = 'null', gate_digest = 'sha256:' || encode(sha256('null'), 'hex') where run_id = $1`,
      [uuid],
    );
    await admin.found(run, await grace.ask('GET', '/api/approvals'));
    expect((await grace.ask('GET', '/api/approvals')).status).toBe(200);
  });

  it('cannot have a cancellation swallowed by a message that nobody reads', async () => {
    const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
    await sql.query(
      `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
       select tenant_id, run_id, -1, 'cancel', '{"type":"run.cancel-requested"}', 0 from pack_runs.runs where run_id = $1`,
      [uuid],
    );
    await admin.found(run, await ada.ask('POST', `/api/runs/${run}/cancel`, {}));
  });

  it('cannot take the list of open gates away with a time that has no end', async () => {
    const { run, uuid } = await admin.waiting(separately(STEPS, OWNERS));
    await sql.query("update pack_runs.gates set expires_at = 'infinity' where run_id = $1", [uuid]);
    await admin.found(run, await grace.ask('GET', '/api/approvals'));
    expect((await grace.ask('GET', '/api/approvals')).status).toBe(200);
    expect((await ada.ask('GET', `/api/runs/${run}/gates`)).body['code']).toBe('DOCUMENT_ALTERED');
  });

  it.each([
    ['lease that has no end', { lease_until: 'infinity' }],
    ['renewal in another age', { renewed_at: '294276-01-01' }],
    ['environment that is none', { environments: [null] }],
    ['label that is none', { labels: [null] }],
  ])('cannot take the list of workers away with a %s', async (_what, columns) => {
    await sql.query(
      `insert into pack_runs.workers select (jsonb_populate_record(w, $1::jsonb || '{"worker_id":"10000000-0000-4000-8000-000000000000","name":"forged"}')).*
       from pack_runs.workers w where state = 'live' limit 1`,
      [JSON.stringify(columns)],
    );
    const ops = new Caller(stack.server, await stack.tokenFor('ops'));
    const { status, body } = await ops.ask('GET', '/api/workers');
    await sql.query("delete from pack_runs.workers where name = 'forged'");
    expect([status, (body['items'] as unknown[]).length]).toEqual([200, 1]);
  });

  it.each(
    [
      ["status = 'running', finished_ms = null, evidence_status = 'none'"],
      ["status = 'halted', evidence_status = 'refused'"],
      ["evidence_status = 'pending'"],
      ['last_line = 0'],
    ].slice(isNight ? 0 : 3),
  )('cannot have a sealed run or its log shown with %s', async (change) => {
    const { run, uuid } = await admin.sealedRun();
    await sql.query(`update pack_runs.runs set ${change} where run_id = $1`, [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}/logs`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    expect(await ada.summary(run)).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
  });

  it('cannot have a run called sealed whose attestation is gone', async () => {
    const { run, uuid } = await admin.sealedRun();
    await sql.query('delete from pack_artifacts.attestations where run_id = $1', [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
  });

  it('cannot have a worker drive a run that has ended', async () => {
    const { run, uuid } = await admin.sealedRun();
    await sql.query(
      "update pack_runs.runs set status = 'running', evidence_status = 'none', finished_ms = null, due_at = now() where run_id = $1",
      [uuid],
    );
    const statusOf = async () =>
      (
        await sql.query<{ status: string; due_at: Date | null }>(
          'select status, due_at from pack_runs.runs where run_id = $1',
          [uuid],
        )
      ).rows[0];
    for (let tries = 0; (await statusOf())?.status !== 'halted' && tries < 150; tries++) await pause(200);
    expect(await statusOf()).toEqual({ status: 'halted', due_at: null });
    expect(await ada.summary(run)).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
  }, 60_000);
});
