import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runUuid, type RunId } from '@taskrunner/core';
import { packedPage, unpackedPage, type PageTexts } from '@taskrunner/infrastructure';
import { Client } from 'pg';
import { Caller, pack, pause, DevStack } from './stack';

const GATED = pack(
  `- { id: find, run: { uses: "builtin:transform", with: { outputs: { hits: ["CVE-2026-1"] } } } }
- { id: approve, gate: { approval: owners, message: "go?", show: { hits: "{{ steps.find.outputs.hits }}" } } }
- { id: apply, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo applied" } } }`,
  '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n',
);

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

  async function waiting(): Promise<{ run: string; uuid: string }> {
    const run = await ada.submit(GATED);
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
    for (let i = 0; i < 40 && (await ada.summary(run))['status'] === 'queued'; i++) await pause(100);
    await pause(2_500);
    await nothingApplied(run);
    expect((await ada.summary(run))['status']).toBe('waiting');
    const pages = await pagesOf(uuid);
    expect(pages.some(({ texts }) => texts.entries.includes('DECISION_UNSIGNED'))).toBe(true);
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
    const summary = await ada.until(run, ['halted']);
    expect(JSON.stringify(summary)).toContain('ADMISSION_INVALID');
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

  it('is found when a journal page was overwritten with what is none', async () => {
    const { run, uuid } = await waiting();
    await writePage(uuid, '1', Buffer.from('no page'));
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    const summary = await ada.until(run, ['halted']);
    expect(JSON.stringify(summary)).toContain('JOURNAL_TAMPERED');
    await nothingApplied(run);
  }, 60_000);

  it("is found when a gate's step row was set to succeeded", async () => {
    const { run, uuid } = await waiting();
    await sql.query("update pack_runs.steps set status = 'succeeded' where run_id = $1 and step = 'approve'", [uuid]);
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    await ada.until(run, ['halted']);
    await nothingApplied(run);
  }, 60_000);
});
