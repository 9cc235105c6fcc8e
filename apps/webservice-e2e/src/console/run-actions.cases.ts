import { pack, pause } from '../stack/stack';
import type { TestBed } from './test-bed';

const PAY = pack(`- id: pay
  effects: once
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo paying; sleep 60" }, outputs: { receipt: { type: string } } }
`);

/** What people do with a run. */
export function runActionCases(testBed: () => TestBed): void {
  it('cancels a run with a reason, and reruns it; who may not is told why', async () => {
    const [api, ada] = await Promise.all([testBed().caller('ada'), testBed().visit('/runs', 'ada')]);
    const slow = '- { id: wait, run: { uses: "builtin:script", with: { interpreter: [sh], source: "sleep 60" } } }';
    const run = await api.submit(pack(slow));
    await ada.open(`/runs/${run}`);
    await ada.press('Cancel the run …');
    await ada.sees('heading', /^Cancel this run\?$/);
    await ada.page.getByLabel('Reason').fill('the wrong target');
    const [sent] = await Promise.all([ada.page.waitForRequest(/\/cancel$/), ada.press('Cancel the run')]);
    expect(sent.postDataJSON()).toEqual({ reason: 'the wrong target', force: false });
    await ada.reads('The run is cancelled');
    await ada.reads(/Cancelled by Ada .*: the wrong target/);

    await ada.press('Rerun …');
    await ada.page.getByLabel(/^From a step/).check();
    await ada.page.getByLabel('Step of the plan').fill('wiat');
    await ada.press('Start the rerun');
    await ada.reads('RERUN_STEP_UNKNOWN');
    ada.wasRefused(422);
    await ada.page.getByLabel('Step of the plan').fill('wait');
    await ada.press('Start the rerun');
    await ada.page.getByText('Rerun of').waitFor();
    const again = new URL(ada.page.url()).pathname.split('/').at(-1) ?? '';
    expect((await api.summary(again))['rerunOf']).toBe(run);
    expect((await api.ask('POST', `/api/runs/${again}/cancel`, { reason: 'seen' })).status).toBe(202);

    // Linus may run packs, and did not start this one.
    const theirs = await api.submit(pack(slow));
    const linus = await testBed().visit(`/runs/${theirs}`, 'linus');
    await linus.reads(/Ada started this run/);
    expect(await linus.page.getByRole('button', { name: 'Cancel the run …' }).getAttribute('aria-disabled')).toBe(
      'true',
    );
    expect((await api.ask('POST', `/api/runs/${theirs}/cancel`, { reason: 'seen' })).status).toBe(202);

    const grace = await testBed().visit(`/runs/${run}`, 'grace');
    const rerun = grace.page.getByRole('button', { name: 'Rerun …' });
    await grace.reads(/needs the scope packs\.run/);
    expect(await rerun.getAttribute('aria-disabled')).toBe('true');
    await rerun.click({ force: true });
    expect(await grace.page.getByRole('dialog').count()).toBe(0);
  }, 180_000);

  it('records what a lost step did', async () => {
    const { stack } = testBed();
    const [api, grace] = await Promise.all([testBed().caller('ada'), testBed().visit('/runs', 'grace')]);
    const run = await api.submit(PAY);
    const status = async () => (await api.ask('GET', `/api/runs/${run}/steps/pay`)).body['status'];
    while ((await status()) !== 'running') await pause(50);
    await pause(500);
    await stack.killWorker('SIGKILL');
    await stack.startWorker();
    await api.until(run, ['waiting']);

    await grace.open(`/runs/${run}`);
    await grace.page.getByRole('link', { name: 'A step needs attention' }).click();
    await grace.page.getByRole('row', { name: /pay/ }).click();
    await grace.press('Record what it did …');
    await grace.page.getByLabel('Outputs, as JSON').fill('{"receipt": 7}');
    await grace.page.getByLabel('How you found out').fill('the bank confirms PAY-7');
    await grace.press('Record it');
    await grace.reads('ATTENTION_OUTPUTS_INVALID');
    grace.wasRefused(422);
    await grace.page.getByLabel('Outputs, as JSON').fill('{"receipt": "PAY-7"}');
    await grace.press('Record it');
    await grace.reads('The run is succeeded');
  }, 180_000);
}
