import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { packedPage } from '@taskrunner/infrastructure/postgres';
import type { Client } from 'pg';
import { atNight } from '../stack/at-night';
import { type Caller, type DevStack, pack, pause } from '../stack/stack';
import { Administrator, OWNERS, ROWS, separately, STEPS, type Stored } from './administrator';

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

  it('opens nothing with a decision that nobody signed', async () => {
    const { run, uuid } = await admin.waiting();
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
      (await admin.pagesOf(uuid)).some(({ texts }) => texts.entries.includes('DECISION_UNSIGNED'));
    for (let tries = 0; !(await isRefused()) && tries < 150; tries++) await pause(200);
    expect(await isRefused()).toBe(true);
    await ada.until(run, ['waiting'], 30);
    await pause(1_000);
    await admin.nothingApplied(run);
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
      `update pack_runs.submissions r set plan_hash = o.plan_hash, inputs = o.inputs, manifest = o.manifest, content_digest = o.content_digest
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
    const { run, uuid } = await admin.waiting();
    const found = (await admin.pagesOf(uuid)).find(({ texts }) => texts.held?.includes('CVE-2026-1'));
    const { first_seq: page, texts } = found as Stored;
    const edited = { ...texts, held: String(texts.held).replaceAll('CVE-2026-1', 'CVE-0000-0') };
    await admin.writePage(uuid, page, packedPage(edited));
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    const summary = await ada.until(run, ['halted']);
    expect(JSON.stringify(summary)).toContain('JOURNAL_TAMPERED');
    await admin.nothingApplied(run);
  }, 60_000);

  atNight('is found when a journal page was overwritten with what is none', async () => {
    const { run, uuid } = await admin.waiting();
    await admin.writePage(uuid, '1', Buffer.from('no page'));
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    const summary = await ada.until(run, ['halted']);
    expect(JSON.stringify(summary)).toContain('JOURNAL_TAMPERED');
    await admin.nothingApplied(run);
  });

  it("is found when a gate's step row was set to succeeded", async () => {
    const { run, uuid } = await admin.waiting(separately(`${ROWS}\n${STEPS}`, OWNERS));
    await sql.query("update pack_runs.steps set status = 'succeeded' where run_id = $1 and step = 'approve'", [uuid]);
    expect((await grace.approve(run, 'approve')).status).toBe(200);
    await ada.until(run, ['halted']);
    await admin.nothingApplied(run);
    // A command line that waits for the run's end gets a result too.
    const env = { ...process.env, TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: await stack.tokenFor('ada') };
    expect(await stack.taskrunner(['wait', run], env)).toMatchObject({ status: 1, stdout: `run ${run} halted\n` });
    expect(await stack.taskrunner(['logs', run], env)).toMatchObject({ status: 1 });
  }, 60_000);
});
