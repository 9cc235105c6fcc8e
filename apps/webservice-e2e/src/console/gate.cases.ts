import { pack, pause } from '../stack/stack';
import type { TestBed } from './test-bed';

const FORM = pack(
  `- id: accept
  gate:
    approval: owners
    message: "When may it happen?"
    form: { type: object, required: [window], additionalProperties: false, properties: { window: { type: string, enum: [night, day], title: Window }, seats: { type: integer, maximum: 3 }, crew: { type: string } } }
- { id: act, needs: [accept], run: { uses: "builtin:transform", with: { outputs: { said: "{{ steps.accept.outputs.response.window }}" } } } }`,
  '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 2 } ]\n  outputs: [ { name: said, type: string, value: "{{ steps.act.outputs.said }}" } ]\n',
  // Of packs with other names nothing was approved before, so the request is short and its end is seen at once.
  'console-form',
);
const OVERRIDE = pack(
  `- { id: check, gate: { policy: p, overrideApproval: owners } }
- { id: agree, needs: [check], gate: { approval: owners, message: "Deploy now?" } }
- { id: act, needs: [agree], run: { uses: "builtin:noop" } }`,
  `  approvals: [ { id: owners, grants: [packs.approve] } ]
  policies: [ { id: p, engine: cel, level: soft-mandatory, source: '{"allow": false, "reasons": ["no deployments on Fridays"]}' } ]
`,
  'console-override',
);

const ITEMS = 60;
const MANY = pack(
  `- id: regions
  map: { items: [${Array.from({ length: ITEMS }, (_, at) => at).join(', ')}], steps: [ { id: accept, gate: { approval: owners, message: "Go?" } } ] }`,
  '  approvals: [ { id: owners, grants: [packs.approve] } ]\n',
  'console-many-gates',
);

/** Requests for approvals beyond a button. */
export function gateCases(testBed: () => TestBed): void {
  it('fills in the form of a gate; the second approver confirms it, and who has approved may withdraw', async () => {
    const api = await testBed().caller('ada');
    const run = await api.submit(FORM);
    await api.until(run, ['waiting']);
    const grace = await testBed().visit(`/runs/${run}/gates/accept`, 'grace');
    await grace.reads('2 more people must approve. One rejection ends the run.');
    await grace.page.getByRole('region', { name: 'Steps behind this gate' }).waitFor();
    await grace.page.getByRole('heading', { name: '0 of 2 approvals' }).scrollIntoViewIfNeeded();
    await grace.page.getByText('Complete the form first: Window.').waitFor();
    // In the order of the pack, which is not that of the alphabet.
    const entries = await grace.page.locator('.decide .fields .entry-name').allInnerTexts();
    expect(entries.map((name) => name.split(/\W/)[0])).toEqual(['Window', 'seats', 'crew']);
    await grace.page.getByLabel('Window').selectOption('night');
    await grace.page.getByLabel('seats').fill('4');
    await grace.page.getByLabel('Reason').focus();
    await grace.reads(/seats/);
    await grace.page.getByLabel('seats').fill('2');
    await grace.press('Approve');
    await grace.sees('heading', /^1 of 2 approvals$/);
    await grace.sees('heading', /^Your approval counts$/);
    await grace.press('Withdraw my approval');
    await grace.reads('(withdrawn later)');
    await grace.page.getByLabel('Window').selectOption('day');
    await grace.press('Approve');
    await grace.sees('heading', /^Your approval counts$/);

    // For the careful: the digest is typed. On a telephone.
    const linus = await testBed().visit(`/runs/${run}/gates/accept`, 'linus');
    await linus.page.setViewportSize({ width: 390, height: 844 });
    await linus.reads('The response that you confirm');
    await linus.page.getByRole('region', { name: 'Steps behind this gate' }).waitFor();
    await linus.page.getByRole('heading', { name: '1 of 2 approvals' }).scrollIntoViewIfNeeded();
    await linus.page.getByLabel('Ask me for the digest before I decide').check();
    const approve = linus.page.getByRole('button', { name: 'Approve', exact: true });
    await linus.reads(/Type the first 8 characters/);
    expect(await approve.isDisabled()).toBe(true);
    const digest = (await linus.page.locator('p.digest').first().innerText()).replace('sha256:', '');
    await linus.page.getByLabel(/^The first 8 characters/).fill(digest.slice(0, 8));
    expect(await linus.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await approve.click();
    await linus.sees('heading', /^The gate is approved$/);
    await linus.reads(/Answer: \{"window":"day"/);
    const { outputs } = await api.until(run, ['succeeded']);
    expect(outputs).toEqual({ said: 'day' });
  }, 180_000);

  it('shows which policy an approval overrides, and why it denied', async () => {
    const api = await testBed().caller('ada');
    const run = await api.submit(OVERRIDE);
    await api.until(run, ['waiting']);
    const grace = await testBed().visit('/runs', 'grace');
    // So low that the end of the request is not visible at first.
    await grace.page.setViewportSize({ width: 1_440, height: 400 });
    await grace.page
      .getByRole('row')
      .filter({ hasText: run.slice(-8) })
      .getByRole('link', { name: 'policy check' })
      .click();
    await grace.sees('heading', /^Override policy p for console-override 1\.0\.0 at check\?$/);
    await grace.sees('heading', /^Policy p denies this$/);
    await grace.reads('no deployments on Fridays');
    await grace.reads(/overrides the denial of policy p/);
    await grace.reads('Read the request to its end first.');
    // A jump to the end: what was not on the screen is named, and leads there.
    await grace.page.locator('#content').evaluate((content) => content.scrollTo(0, content.scrollHeight));
    const unshown = grace.page.getByText(/^\d of \d sections were not shown to the end: /);
    await unshown.getByRole('button', { name: 'What the steps behind this gate will do' }).click();
    await unshown
      .getByRole('button', { name: 'What the steps behind this gate will do' })
      .waitFor({ state: 'detached' });
    expect(await grace.page.evaluate('document.activeElement.textContent')).toBe(
      'What the steps behind this gate will do',
    );
    await grace.page.getByRole('heading', { name: 'Your decision' }).scrollIntoViewIfNeeded();
    await grace.press('Override the denial');
    await grace.sees('heading', /^The denial is overridden$/);
    await grace.reads('✓ Your override counts.');
    await grace.reads(/overrode the denial/);

    // Who decides about the change itself sees that it was denied, and the page of the run says who overrode that.
    const linus = await testBed().visit(`/runs/${run}`, 'linus');
    await linus.reads(/^Gate check, where policy p denied: overridden by Grace/);
    // If they cannot be read, the page does not look as if there were none.
    const ofRun = new RegExp(`/api/runs/${run}/gates\\?`);
    await linus.page.route(ofRun, (route) => route.fulfill({ status: 500, body: '' }));
    await linus.open(`/runs/${run}/gates/agree`);
    await linus.sees('heading', /^Denials that were overridden in this run$/);
    expect(await linus.page.getByText('policy p denied').count()).toBe(0);
    linus.complaints.splice(0);
    await linus.page.unroute(ofRun);
    await linus.press('Try again');
    await linus.reads(/policy p denied: no deployments on Fridays/);
    await linus.reads(/Grace .*overrode the denial/);
  }, 180_000);

  it('shows the gates of a run that are over in pages, all of which can be reached', async () => {
    const api = await testBed().caller('ada');
    const run = await api.submit(MANY);
    const open = async (): Promise<number> => {
      const { body } = await api.ask('GET', `/api/runs/${run}/gates?limit=${ITEMS + 1}`);
      return (body['items'] as readonly { readonly status: string }[]).filter(({ status }) => status === 'open').length;
    };
    for (const end = Date.now() + 60_000; (await open()) < ITEMS;) {
      if (Date.now() > end) throw new Error('not every gate opened');
      await pause(100);
    }
    const ada = await testBed().visit(`/runs/${run}`, 'ada');
    const over = ada.page.getByRole('region', { name: 'Gates that are over' });
    await over.getByText('None of the gates 1 to 50 are over').waitFor();
    expect((await api.ask('POST', `/api/runs/${run}/cancel`, { reason: 'seen' })).status).toBe(202);
    await over.getByText('50 of the gates 1 to 50 are over').waitFor();
    expect(await over.getByRole('listitem').count()).toBe(50);
    await ada.press('Next gates');
    await over.getByText(`10 of the gates 51 to ${ITEMS} are over`).waitFor();
    expect(await ada.page.getByRole('button', { name: 'Next gates' }).isDisabled()).toBe(true);
    await over.getByRole('link').last().click();
    await ada.sees('heading', /^The gate is closed without a decision$/);
    await ada.reads('The run ended before enough people had decided.');
    await ada.page.goBack();
    await over.getByText('50 of the gates 1 to 50 are over').waitFor();
    await ada.press('Next gates');
    await ada.press('Previous gates');
    await over.getByText('50 of the gates 1 to 50 are over').waitFor();
    expect(await ada.barriers()).toEqual([]);
  }, 180_000);
}
