import { scheduleUuid, type ScheduleId } from '@taskrunner/core/foundation';
import { Client } from 'pg';
import { adminUrlOf } from '../stack/replicas';
import { pack, pause } from '../stack/stack';
import type { TestBed } from './test-bed';

const NAMED = pack('- { id: noop, run: { uses: "builtin:noop" } }').replace('name: e2e', 'name: console-nightly');

const GATED = pack(
  '- { id: approve, gate: { approval: owners, message: "go?" } }',
  '  approvals: [ { id: owners, grants: [packs.approve] } ]\n',
);
const MINUTE_MS = 60_000;

/** Schedules, workers and the audit chain. */
export function operationCases(testBed: () => TestBed): void {
  it('pauses a schedule, resumes it, and runs it now', async () => {
    const [ada, wendy] = await Promise.all([testBed().caller('ada'), testBed().caller('wendy')]);
    expect((await wendy.ask('POST', '/api/packs', { manifest: NAMED })).status).toBe(201);
    const wanted = { name: 'console nightly', cron: '30 2 * * MON-FRI', timeZone: 'Europe/Berlin', manifest: NAMED };
    const made = await ada.ask('POST', '/api/schedules', wanted);
    expect([made.status, made.body]).toEqual([201, expect.anything()]);
    const id = made.body['scheduleId'] as string;
    const visitor = await testBed().visit('/schedules?status=active', 'ada');
    await visitor.page.getByRole('link', { name: 'console nightly' }).click();
    await visitor.sees('heading', /^console nightly$/);
    await visitor.page
      .getByText(/02:30 GMT/)
      .first()
      .waitFor();
    await visitor.reads('No time of this schedule has come yet');
    await visitor.press('Pause …');
    await visitor.press('Pause it');
    await visitor.reads('None while it is paused.');
    expect((await ada.ask('GET', `/api/schedules/${id}`)).body['status']).toBe('paused');
    await visitor.press('Resume …');
    await visitor.press('Resume it');
    await visitor.page.getByRole('button', { name: 'Pause …' }).waitFor();
    await visitor.press('Run now …');
    await visitor.press('Start the run');
    await visitor.reads('The run is succeeded');
    expect((await ada.ask('DELETE', `/api/schedules/${id}`)).status).toBe(200);

    const grace = await testBed().visit('/schedules', 'grace');
    await grace.reads(/packs\.run/);
  }, 180_000);

  it('shows what became of the times of a schedule, and why one was skipped', async () => {
    const ada = await testBed().caller('ada');
    const wanted = { name: 'console history', cron: '0 0 1 1 *', manifest: GATED };
    const id = (await ada.ask('POST', '/api/schedules', wanted)).body['scheduleId'] as ScheduleId;
    const ticks = async () =>
      (await ada.ask('GET', `/api/schedules/${id}/ticks`)).body['items'] as unknown as { readonly runId: string }[];
    // Its next time is set to a minute that has come, instead of waiting for one.
    const sql = new Client({ connectionString: adminUrlOf(testBed().stack) });
    await sql.connect();
    try {
      for (const count of [1, 2]) {
        const due = (Math.floor(Date.now() / MINUTE_MS) - 3 + count) * MINUTE_MS;
        await sql.query('update pack_runs.schedules set next_ms = $1 where schedule_id = $2', [due, scheduleUuid(id)]);
        for (const end = Date.now() + MINUTE_MS; (await ticks()).length < count;) {
          if (Date.now() > end) throw new Error('no time came');
          await pause(50);
        }
      }
    } finally {
      await sql.end();
    }
    const visitor = await testBed().visit(`/schedules/${id}`, 'ada');
    await visitor.sees('row', /Skipped.*An earlier run of the schedule had not ended\. OVERLAP/);
    await visitor.page.getByRole('row', { name: /Ran/ }).getByRole('link').click();
    await visitor.reads('The run is waiting');
    const run = (await ticks()).at(-1)?.runId ?? '';
    expect((await ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'seen' })).status).toBe(202);
    expect((await ada.ask('DELETE', `/api/schedules/${id}`)).status).toBe(200);
  }, 180_000);

  it('shows administrators who lives and what happened, and others what is missing', async () => {
    const [caller, api, approver] = await Promise.all(['ops', 'ada', 'grace'].map((login) => testBed().caller(login)));
    if (caller === undefined || api === undefined || approver === undefined) throw new TypeError('nobody is here');
    const run = await api.submit(GATED);
    await api.until(run, ['waiting']);
    expect((await api.approve(run, 'approve')).body['code']).toBe('SCOPE_MISSING');
    expect((await approver.approve(run, 'approve', { gateDigest: `sha256:${'0'.repeat(64)}` })).status).toBe(409);
    expect((await approver.approve(run, 'approve', { decision: 'rejected' })).status).toBe(200);
    const { body } = await caller.ask('GET', '/api/workers');
    const [worker] = body['items'] as { readonly name: string }[];
    const ops = await testBed().visit('/workers', 'ops');
    await ops.sees('heading', new RegExp(`^${worker?.name ?? ''}$`));
    await ops.press('Executors');
    await ops.page.getByLabel('Search').fill('builtin:wait');
    await ops.page.keyboard.press('Enter');
    await ops.sees('heading', /^builtin:wait$/);
    await ops.page.getByRole('link', { name: 'Audit' }).click();
    await ops.reads(/each follows the one before it/);
    const about = (outcome: RegExp) => ops.page.getByRole('row', { name: outcome }).filter({ hasText: run.slice(-8) });
    await about(/gate\.decision.*grace.*approved: refused GATE_STALE/).waitFor();
    await about(/gate\.decision.*grace.*rejected/).waitFor();
    await ops.open('/audit?after=0');
    await ops.page.getByRole('row').filter({ hasText: /^1 / }).or(ops.page.getByText('entries 1 to')).first().waitFor();

    const ada = await testBed().visit('/audit', 'ada');
    await ada.reads(/packs\.admin/);
    expect(await ada.page.getByRole('link', { name: 'Workers' }).count()).toBe(0);
  }, 180_000);
}
