import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { packedPage, unpackedPage, type PageTexts } from '@taskrunner/infrastructure/postgres';
import { Client } from 'pg';
import { atNight, isNight } from './stack/at-night';
import { Caller, pack, pause, DevStack } from './stack/stack';

const STEPS = `- { id: find, run: { uses: "builtin:transform", with: { outputs: { hits: ["CVE-2026-1"] } } } }
- { id: approve, gate: { approval: owners, message: "go?", show: { hits: "{{ steps.find.outputs.hits }}" } } }
- { id: apply, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo applied" } } }`;
const OWNERS = '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n';
const GATED = pack(STEPS, OWNERS);

let packs = 0;

/** A pack with a unique plan, because runs of the same plan share the rows of the plan. */
function separately(steps: string, more = ''): string {
  return pack(steps, more).replace('name: e2e', `name: tamper-${++packs}`);
}

interface Stored {
  readonly first_seq: string;
  readonly texts: PageTexts;
}

describe('a database administrator without keys', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;
  let sql: Client;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-tamper-'));
    stack = await DevStack.shared('plain');
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));
    sql = new Client({
      connectionString: Object.assign(new URL(stack.database.adminUrl), {
        pathname: new URL(stack.database.ownerUrl).pathname,
      }).href,
    });
    await sql.connect();
    await sql.query("set session_replication_role = 'replica'");
  }, 120_000);

  afterAll(async () => {
    await sql?.end();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function waiting(manifest = GATED): Promise<{ run: string; uuid: string }> {
    const run = await ada.submit(manifest);
    await ada.until(run, ['waiting']);
    return { run, uuid: runUuid(run as RunId) };
  }

  async function pagesOf(uuid: string): Promise<readonly Stored[]> {
    const { rows } = await sql.query<{ first_seq: string; content: Buffer }>(
      'select first_seq, content from pack_run_logs.journal where run_id = $1 order by first_seq',
      [uuid],
    );
    return rows.map(({ first_seq, content }) => ({ first_seq, texts: unpackedPage(content) as PageTexts }));
  }

  async function writePage(uuid: string, first: string, content: Buffer): Promise<void> {
    const { rowCount } = await sql.query(
      'update pack_run_logs.journal set content = $3 where run_id = $1 and first_seq = $2',
      [uuid, first, content],
    );
    expect(rowCount).toBe(1);
  }

  async function nothingApplied(run: string): Promise<void> {
    const { body } = await ada.ask('GET', `/api/runs/${run}/steps`);
    expect(
      (body['items'] as { id: string; status: string }[]).filter(
        ({ id, status }) => id === 'apply' && status !== 'pending',
      ),
    ).toEqual([]);
    expect((await ada.summary(run))['lastLine']).toBe(0);
  }

  it('opens nothing with a decision that nobody signed', async () => {
    const { run, uuid } = await waiting();
    const { rows } = await sql.query<{ tenant_id: string }>('select tenant_id from pack_runs.runs where run_id = $1', [
      uuid,
    ]);
    const tenant = rows[0]?.tenant_id;
    await sql.query(
      `with counted as (update pack_runs.runs set inbox_seq = inbox_seq + 1, due_at = clock_timestamp() where tenant_id = $1 and run_id = $2 returning inbox_seq)
       insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
       select $1, $2, inbox_seq, 'forged', $3, 1764000000000 from counted`,
      [tenant, uuid, JSON.stringify({ type: 'gate.decided', step: 'approve' })],
    );
    await sql.query(
      `insert into pack_runs.decisions (tenant_id, run_id, decision_id, gate, decision, iss, sub, decided_ms, record_digest, envelope)
       values ($1, $2, 'forged', 'approve', 'approved', 'https://id.test', 'nobody', 1764000000000, $3, '{}')`,
      [tenant, uuid, `sha256:${'0'.repeat(64)}`],
    );
    await sql.query(
      "update pack_runs.gates set state = 'approved', approvals = 1 where tenant_id = $1 and run_id = $2",
      [tenant, uuid],
    );
    const isRefused = async (): Promise<boolean> =>
      (await pagesOf(uuid)).some(({ texts }) => texts.entries.includes('DECISION_UNSIGNED'));
    for (let tries = 0; !(await isRefused()) && tries < 150; tries++) await pause(200);
    expect(await isRefused()).toBe(true);
    await ada.until(run, ['waiting'], 30);
    await pause(1_000);
    await nothingApplied(run);
    expect((await ada.summary(run))['status']).toBe('waiting');
  }, 60_000);

  it('cannot swap pack, inputs and hash of a queued run', async () => {
    await stack.killWorker('SIGTERM');
    const run = await ada.submit(
      pack('- { id: a, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo good" } } }'),
    );
    const other = await ada.submit(
      pack('- { id: a, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo evil" } } }'),
    );
    await sql.query(
      `update pack_runs.run_sources r set plan_hash = o.plan_hash, inputs = o.inputs, manifest = o.manifest, content_digest = o.content_digest
       from pack_runs.run_sources o where r.run_id = $1 and o.run_id = $2`,
      [runUuid(run as RunId), runUuid(other as RunId)],
    );
    await stack.startWorker();
    // Detected by the first reader: the worker that claims the run, or the webservice that serves it and refuses until then.
    let summary = await ada.summary(run);
    for (let tries = 0; summary['status'] !== 'halted' && tries < 300; tries++) {
      await pause(200);
      summary = await ada.summary(run);
    }
    expect(summary['status']).toBe('halted');
    expect(JSON.stringify(summary)).toMatch(/ADMISSION_INVALID|DOCUMENT_ALTERED/);
    expect(summary['lastLine']).toBe(0);
    await ada.until(other, ['succeeded']);
  }, 90_000);

  it('is found when a journal page was edited while the run waited', async () => {
    const { run, uuid } = await waiting();
    const found = (await pagesOf(uuid)).find(({ texts }) => texts.held?.includes('CVE-2026-1'));
    const { first_seq: page, texts } = found as Stored;
    const edited = { ...texts, held: String(texts.held).replaceAll('CVE-2026-1', 'CVE-0000-0') };
    await writePage(uuid, page, packedPage(edited));
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    const summary = await ada.until(run, ['halted']);
    expect(JSON.stringify(summary)).toContain('JOURNAL_TAMPERED');
    await nothingApplied(run);
  }, 60_000);

  atNight('is found when a journal page was overwritten with what is none', async () => {
    const { run, uuid } = await waiting();
    await writePage(uuid, '1', Buffer.from('no page'));
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    const summary = await ada.until(run, ['halted']);
    expect(JSON.stringify(summary)).toContain('JOURNAL_TAMPERED');
    await nothingApplied(run);
  });

  it("is found when a gate's step row was set to succeeded", async () => {
    const { run, uuid } = await waiting();
    await sql.query("update pack_runs.steps set status = 'succeeded' where run_id = $1 and step = 'approve'", [uuid]);
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    await ada.until(run, ['halted']);
    await nothingApplied(run);
    // A command line that waits for the run's end gets a result too.
    const env = { ...process.env, TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: await stack.tokenFor('ada') };
    expect(await stack.taskrunner(['wait', run], env)).toMatchObject({ status: 1, stdout: `run ${run} halted\n` });
    expect(await stack.taskrunner(['logs', run], env)).toMatchObject({ status: 1 });
  }, 60_000);

  /** Rows of one run's documents, each altered in one place. `row`: the table, and the rewritten column. */
  const DOCUMENTS: Readonly<Record<string, string>> = {
    plan: `update pack_runs.plans set plan = replace(plan, 'echo applied', 'echo evil') where plan_hash =
      (select plan_hash from pack_runs.run_sources where run_id = $1)`,
    request: `update pack_runs.gates set request = replace(request::text, 'go?', 'stay?')::json where run_id = $1`,
    show: `update pack_runs.gates set show = replace(show::text, 'CVE-2026-1', 'nothing')::json where run_id = $1`,
    quorum: 'update pack_runs.gates set required = 7 where run_id = $1',
    admission: `update pack_runs.run_sources set initiators = '[]' where run_id = $1`,
    inputs: `update pack_runs.run_sources set inputs = '{"region":"evil"}' where run_id = $1`,
    manifest: `update pack_runs.run_sources set manifest = replace(manifest, 'echo applied', 'echo evil') where run_id = $1`,
  };

  async function altered(run: string, document: string): Promise<void> {
    const { rowCount } = await sql.query(DOCUMENTS[document] as string, [runUuid(run as RunId)]);
    expect(rowCount).toBe(1);
  }

  /** Refused with the code, halted, and audited once. */
  async function found(run: string, answer: { status: number; body: Record<string, unknown> }): Promise<void> {
    expect(answer).toMatchObject({ status: 409, body: { code: 'DOCUMENT_ALTERED' } });
    expect(await ada.summary(run)).toMatchObject({ status: 'halted', error: { code: 'DOCUMENT_ALTERED' } });
    const { rows } = await sql.query<{ event: Record<string, unknown> }>(
      "select event from pack_runs.audit where event->>'type' = 'document.altered' and event->>'runId' = $1",
      [run],
    );
    expect(rows).toEqual([{ event: expect.objectContaining({ code: 'DOCUMENT_ALTERED' }) }]);
    await nothingApplied(run);
  }

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
    const { run } = await waiting(separately(STEPS, OWNERS));
    await altered(run, document);
    await found(run, await ada.ask('GET', `/api/runs/${run}/${route}`));
  });

  it.each(isNight ? ['request', 'show', 'admission', 'plan'] : ['show', 'admission'])(
    'cannot have an altered %s approved',
    async (document) => {
      const { run } = await waiting(separately(STEPS, OWNERS));
      const { body } = await grace.ask('GET', `/api/runs/${run}/gates/approve`);
      expect(body).toMatchObject({ gateDigest: expect.any(String) });
      const { gateDigest, planHash } = body as { gateDigest: string; planHash: string };
      await altered(run, document);
      const decision = { gateId: 'approve', decision: 'approved', planHash, gateDigest, reason: 'reviewed' };
      await found(run, await grace.ask('POST', `/api/runs/${run}/approve`, decision));
    },
  );

  it('cannot have an altered gate shown in the list of approvals, which goes on without its run', async () => {
    const { run } = await waiting(separately(STEPS, OWNERS));
    await altered(run, 'show');
    await found(run, await grace.ask('GET', '/api/approvals'));
    const { status, body } = await grace.ask('GET', '/api/approvals?limit=200');
    expect([status, (body['items'] as { runId: string }[]).filter(({ runId }) => runId === run)]).toEqual([200, []]);
  });

  it.each(isNight ? ['inputs', 'manifest'] : ['manifest'])(
    'cannot have an altered %s driven on',
    async (document) => {
      const { run, uuid } = await waiting(separately(STEPS, OWNERS));
      await altered(run, document);
      expect((await grace.approve(run, 'approve')).status).toBe(200);
      expect(await ada.until(run, ['halted'])).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
      await nothingApplied(run);
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
      await altered(run, document);
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

  const NOISY = `- id: a
  run:
    uses: "builtin:script"
    with: { interpreter: [sh], source: "echo said && printf good > out.txt" }
    artifacts: [ { name: out, path: out.txt } ]
`;

  /** A run that ended and was sealed, with a log line and an artifact. */
  async function sealedRun(steps = NOISY): Promise<{ run: string; uuid: string }> {
    const run = await ada.submit(separately(steps));
    await ada.until(run, ['succeeded']);
    await ada.sealed(run);
    return { run, uuid: runUuid(run as RunId) };
  }

  const ARTIFACTS: readonly (readonly [string, string])[] = [
    ['name', "update pack_artifacts.artifacts set name = 'evil' where run_id = $1"],
    ['digest', `update pack_artifacts.artifacts set digest = 'sha256:${'0'.repeat(64)}' where run_id = $1`],
    ['size', 'update pack_artifacts.artifacts set size = 7 where run_id = $1'],
    ['media type', "update pack_artifacts.artifacts set media_type = 'text/html' where run_id = $1"],
    ['existence', 'delete from pack_artifacts.artifacts where run_id = $1'],
  ];

  it.each(isNight ? ARTIFACTS : ARTIFACTS.slice(3))(
    'cannot have the %s of an artifact altered after the seal',
    async (_what, statement) => {
      const { run, uuid } = await sealedRun();
      const { body } = await ada.ask('GET', `/api/runs/${run}/artifacts`);
      const [{ artifactId }] = body['items'] as [{ artifactId: string }];
      expect((await sql.query(statement, [uuid])).rowCount).toBe(1);
      for (const route of ['steps/a', 'artifacts', `artifacts/${artifactId}`]) {
        const answer = await ada.ask('GET', `/api/runs/${run}/${route}`);
        expect([route, answer.status, answer.body['code']]).toEqual([route, 409, 'DOCUMENT_ALTERED']);
      }
      const shown = await ada.ask('GET', `/api/runs/${run}/steps`);
      expect(shown).toMatchObject({ status: 200, body: { items: [{ id: 'a', artifacts: [] }] } });
      expect(await ada.summary(run)).toMatchObject({ status: 'succeeded', error: { code: 'DOCUMENT_ALTERED' } });
    },
  );

  const LINE = `update pack_run_logs.chunks c set data = decode(replace(encode(c.data, 'hex'), encode('said', 'hex'), encode('evil', 'hex')), 'hex')
    from pack_run_logs.chunks o where c.run_id = $1 and o.run_id = c.run_id and o.step = c.step and o.chunk = c.chunk
    returning encode(sha256(o.data), 'hex') as good, encode(sha256(c.data), 'hex') as evil`;

  it('cannot have a log line altered after the seal', async () => {
    const { run, uuid } = await sealedRun();
    expect((await sql.query(LINE, [uuid])).rowCount).toBe(1);
    for (const query of ['', '?follow=false', '?limit=10', '?tail=1', '?q=evil']) {
      const answer = await ada.ask('GET', `/api/runs/${run}/logs${query}`);
      expect([query, answer.status, answer.body['code']]).toEqual([query, 409, 'DOCUMENT_ALTERED']);
    }
  });

  it('cannot have a log line altered while the run waits', async () => {
    const { run, uuid } = await waiting(separately(`${NOISY}${STEPS}`, OWNERS));
    expect((await sql.query(LINE, [uuid])).rowCount).toBe(1);
    const answer = await ada.ask('GET', `/api/runs/${run}/logs`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    expect(await ada.summary(run)).toMatchObject({ status: 'halted', error: { code: 'DOCUMENT_ALTERED' } });
  });

  it('cannot have a log line altered with the journal after the seal', async () => {
    const { run, uuid } = await sealedRun();
    const { rows } = await sql.query<{ good: string; evil: string }>(LINE, [uuid]);
    const [{ good, evil }] = rows as [{ good: string; evil: string }];
    const stored = await pagesOf(uuid);
    const page = stored.find(({ texts }) => texts.entries.includes(good)) as Stored;
    const entries = page.texts.entries.replace(good, evil);
    await writePage(uuid, page.first_seq, packedPage({ ...page.texts, entries }));
    expect((await ada.ask('GET', `/api/runs/${run}/logs`)).body['code']).toBe('DOCUMENT_ALTERED');
  });

  it.each([
    ["status = 'failed'", 'sealed'],
    ["status = 'running', finished_ms = null", 'sealed'],
    ["status = 'succeeded'", 'waiting'],
    [`message = '{"text": "evil"}'`, 'sealed'],
  ])('cannot have %s of a run that is %s shown', async (change, when) => {
    const { run, uuid } = when === 'sealed' ? await sealedRun() : await waiting(separately(STEPS, OWNERS));
    await sql.query(`update pack_runs.runs set ${change} where run_id = $1`, [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    expect(await ada.summary(run)).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
  });

  it.each(isNight ? ['rejected', 'expired', 'open', 'closed'] : ['open'])(
    'cannot have an approved gate shown as %s',
    async (state) => {
      const { run, uuid } = await waiting(separately(STEPS, OWNERS));
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

  it('cannot have a gate that was closed shown as expired', async () => {
    const { run, uuid } = await waiting(separately(STEPS, OWNERS));
    await ada.ask('POST', `/api/runs/${run}/cancel`, {});
    await ada.until(run, ['cancelled']);
    expect(await ada.ask('GET', `/api/runs/${run}/gates/approve`)).toMatchObject({ body: { status: 'closed' } });
    await sql.query("update pack_runs.gates set state = 'expired' where run_id = $1", [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}/gates/approve`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
  });

  it("cannot have somebody else's run passed off as the run of a repeated request", async () => {
    const body = { manifest: separately('- { id: a, run: { uses: "builtin:noop" } }'), inputs: {} };
    const key = { 'idempotency-key': 'tamper-1' };
    const first = await ada.ask('POST', '/api/runs', body, key);
    const linus = new Caller(stack.server, await stack.tokenFor('linus'));
    const other = await linus.submit(body.manifest);
    const values = [first.body['runId'], other].map((run) => runUuid(run as RunId));
    const altered = await sql.query('update pack_runs.idempotency set run_id = $2 where run_id = $1', values);
    expect([first.status, altered.rowCount]).toEqual([201, 1]);
    const again = await ada.ask('POST', '/api/runs', body, key);
    expect([again.status, again.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    // The run itself is as it was.
    expect((await linus.summary(other))['error']).toBe(null);
    // A run that was removed is not there; the answer is no fault of the service.
    await sql.query('update pack_runs.idempotency set run_id = $2 where run_id = $1', [
      values[1],
      '00000000-0000-0000-0000-000000000000',
    ]);
    expect(await ada.ask('POST', '/api/runs', body, key)).toMatchObject({
      status: 404,
      body: { code: 'RUN_NOT_FOUND' },
    });
  });

  it('cannot have a run say for ever that it is being cancelled', async () => {
    for (const route of ['GET', 'POST']) {
      const { run, uuid } = await waiting(separately(STEPS, OWNERS));
      const { body } = await grace.ask('GET', `/api/runs/${run}/gates/approve`);
      const { gateDigest, planHash } = body as { gateDigest: string; planHash: string };
      await sql.query('update pack_runs.runs set cancel_position = 7 where run_id = $1', [uuid]);
      const decision = { gateId: 'approve', decision: 'approved', planHash, gateDigest, reason: 'reviewed' };
      const answer =
        route === 'GET'
          ? await ada.ask('GET', `/api/runs/${run}`)
          : await grace.ask('POST', `/api/runs/${run}/approve`, decision);
      await found(run, answer);
    }
  });

  it.each(isNight ? ['false', '0', '{"code":"DOCUMENT_ALTERED"}'] : ['false'])(
    'cannot switch the halt of a run off with a mark that nobody writes: %s',
    async (mark) => {
      const { run, uuid } = await waiting(separately(STEPS, OWNERS));
      await sql.query('update pack_runs.runs set altered = $2 where run_id = $1', [uuid, mark]);
      const { body } = await grace.ask('GET', '/api/approvals?limit=200');
      expect((body['items'] as { runId: string }[]).map(({ runId }) => runId)).toContain(run);
      await altered(run, 'admission');
      await found(run, await ada.ask('GET', `/api/runs/${run}`));
    },
  );

  it('cannot have another pack and other people shown under a mark, which does not spare the run either', async () => {
    const { run, uuid } = await waiting(separately(STEPS, OWNERS));
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
      `update pack_runs.run_sources set pack_name = 'evil', pack_version = '6.6.6', initiators = '[]',
       requester = '{"iss":"https://id.test","sub":"mallory","name":"Mallory"}', plan_hash = $2 where run_id = $1`,
      [uuid, `sha256:${'0'.repeat(64)}`],
    );
    expect(await shown()).toEqual(before);
    expect(JSON.stringify(await ada.summary(run))).not.toContain('mallory');
    await found(run, await ada.ask('GET', `/api/runs/${run}/gates/approve`));
  });

  const UNREADABLE: readonly (readonly [string, string])[] = [
    ['creation time', 'update pack_runs.runs set created_ms = 9000000000000000 where run_id = $1'],
    ['time of its end', 'update pack_runs.runs set finished_ms = -900000000000000000 where run_id = $1'],
    ['requester', `update pack_runs.run_sources set requester = 'null' where run_id = $1`],
    ['labels', `update pack_runs.run_sources set labels = '[{}]' where run_id = $1`],
    ['counts', `update pack_runs.runs set counts = '7' where run_id = $1`],
    ['waits', `update pack_runs.runs set waits = '7' where run_id = $1`],
  ];

  it.each(isNight ? UNREADABLE : UNREADABLE.slice(1, 3))(
    'cannot take the list of runs away with a %s that cannot be shown',
    async (_what, statement) => {
      const { run, uuid } = await waiting(separately(STEPS, OWNERS));
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

  it('cannot take the list of open gates away with a time that has no end', async () => {
    const { run, uuid } = await waiting(separately(STEPS, OWNERS));
    await sql.query("update pack_runs.gates set expires_at = 'infinity' where run_id = $1", [uuid]);
    await found(run, await grace.ask('GET', '/api/approvals'));
    expect((await grace.ask('GET', '/api/approvals')).status).toBe(200);
    expect((await ada.ask('GET', `/api/runs/${run}/gates`)).body['code']).toBe('DOCUMENT_ALTERED');
  });

  it('cannot take the list of workers away with a lease that has no end', async () => {
    await sql.query(
      `insert into pack_runs.workers select (jsonb_populate_record(w, jsonb_build_object('worker_id', gen_random_uuid(), 'lease_until', 'infinity'))).*
       from pack_runs.workers w where state = 'live' limit 1`,
    );
    const ops = new Caller(stack.server, await stack.tokenFor('ops'));
    const { status, body } = await ops.ask('GET', '/api/workers');
    await sql.query("delete from pack_runs.workers where lease_until = 'infinity'");
    expect([status, (body['items'] as unknown[]).length]).toEqual([200, 1]);
  });

  it.each([
    ["status = 'running', finished_ms = null, evidence_status = 'none'"],
    ["status = 'halted', evidence_status = 'refused'"],
    ["evidence_status = 'pending'"],
    ['last_line = 0'],
  ])('cannot have a sealed run or its log shown with %s', async (change) => {
    const { run, uuid } = await sealedRun();
    await sql.query(`update pack_runs.runs set ${change} where run_id = $1`, [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}/logs`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
    expect(await ada.summary(run)).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
  });

  it('cannot have a run called sealed whose attestation is gone', async () => {
    const { run, uuid } = await sealedRun();
    await sql.query('delete from pack_artifacts.attestations where run_id = $1', [uuid]);
    const answer = await ada.ask('GET', `/api/runs/${run}`);
    expect([answer.status, answer.body['code']]).toEqual([409, 'DOCUMENT_ALTERED']);
  });

  it('cannot have a worker drive a run that has ended', async () => {
    const { run, uuid } = await sealedRun();
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
