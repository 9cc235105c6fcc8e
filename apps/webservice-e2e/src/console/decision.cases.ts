import { pack } from '../stack/stack';
import type { Visitor } from './browser';
import type { TestBed } from './test-bed';

const APPROVALS = '  approvals: [ { id: owners, grants: [packs.approve] } ]\n';
const ASK = pack('- { id: accept, gate: { approval: owners, message: "Go on?" } }\n', APPROVALS, 'console-decision');
const FORM = pack(
  `- id: accept
  gate:
    approval: owners
    message: "When may it happen?"
    form: { type: object, required: [window], properties: { window: { type: string, enum: [night, day], title: Window } } }
- { id: act, needs: [accept], run: { uses: "builtin:transform", with: { outputs: { said: "{{ steps.accept.outputs.response.window }}" } } } }`,
  '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 2 } ]\n  outputs: [ { name: said, type: string, value: "{{ steps.act.outputs.said }}" } ]\n',
  'console-binding',
);
const ROWS = Array.from({ length: 203 }, (_, at) => `"host-${at}"`).join(', ');
const LONG = pack(
  `- { id: accept, gate: { approval: owners, message: "All of these?", show: { hosts: [${ROWS}] } } }\n`,
  APPROVALS,
  'console-long-request',
);
const HIDDEN = pack(
  String.raw`- { id: accept, name: "Pay \u202e001", gate: { approval: owners, message: "Pay \u202e001\u202c to \u200bshop?", show: { "to\u202e": "pohs\u2066" } } }
`,
  APPROVALS,
  'console-hidden',
);

async function atGate(testBed: TestBed, manifest: string, login = 'grace'): Promise<{ run: string; visitor: Visitor }> {
  const api = await testBed.caller('ada');
  const run = await api.submit(manifest);
  await api.until(run, ['waiting']);
  const visitor = await testBed.visit(`/runs/${run}/gates/accept`, login);
  await visitor.reads(/This browser computed the same digest/);
  return { run, visitor };
}

/** What a decision is bound to, and that it is sent once. */
export function decisionCases(testBed: () => TestBed): void {
  it('sends a decision once: not later without the person, and not from another page', async () => {
    const { run, visitor: grace } = await atGate(testBed(), ASK);
    const { page } = grace;
    const api = await testBed().caller('ada');
    const decisions = async () => (await api.ask('GET', `/api/runs/${run}/gates/accept`)).body['decisions'];
    let sent = 0;
    page.on('request', (request) => (sent += Number(request.url().endsWith('/approve'))));
    await page.getByLabel('Reason').fill('read it');
    await page.context().setOffline(true);
    await grace.reads(/^The connection is lost/);
    await grace.press('Approve');
    await grace.reads('The decision was not sent. This browser has no connection.');
    // A page that has not been loaded does not lose the console.
    await grace.open('/schedules');
    await grace.reads('This part of the console cannot be loaded');
    await page.context().setOffline(false);
    await grace.press('Try again');
    await grace.sees('heading', /^Schedules$/);
    await grace.reads(/^The connection is back/);
    expect([sent, await decisions()]).toEqual([0, []]);
    grace.wasOffline();

    // Who leaves ends the request, and is told that it may have arrived.
    await grace.open(`/runs/${run}/gates/accept`);
    await grace.reads(/This browser computed the same digest/);
    expect(await page.getByLabel('Reason').inputValue()).toBe('read it');
    await page.route('**/approve', () => undefined);
    const [ended] = await Promise.all([
      page.waitForEvent('requestfailed', (request) => request.url().endsWith('/approve')),
      grace.press('Approve').then(() => grace.open('/schedules')),
    ]);
    expect(ended.failure()?.errorText).toBe('net::ERR_ABORTED');
    await grace.reads(/You left while the decision was being sent\. It may have arrived\./);
    await grace.press('See what became of it');
    await grace.reads('Nobody has decided.');
    await page.unroute('**/approve');

    // Without an answer it is not said that the console tries again.
    await page.route('**/approve', (route) => route.abort('connectionrefused'));
    await grace.press('Approve');
    const answer = page.getByRole('alert').filter({ hasText: 'NO_ANSWER' });
    await answer.getByText(/Your approval is not recorded\. To decide, press again\./).waitFor();
    // What was unknown until the gate was read again is known now.
    expect(await answer.getByText(/It is unknown/).count()).toBe(0);
    await page.unroute('**/approve');
    grace.complaints.splice(0);
    await grace.press('Approve');
    await grace.sees('heading', /^The gate is approved$/);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('The gate is approved');
    const [saved] = await Promise.all([page.waitForEvent('download'), grace.press('Save the signed receipt')]);
    expect(saved.suggestedFilename()).toBe(`receipt-${run}-accept.json`);
  }, 180_000);

  it('confirms the response that was read, and no other', async () => {
    const api = await testBed().caller('ada');
    const run = await api.submit(FORM);
    await api.until(run, ['waiting']);
    const grace = await testBed().caller('grace');
    expect((await grace.approve(run, 'accept', { response: { window: 'night' } })).status).toBe(200);
    const linus = await testBed().visit(`/runs/${run}/gates/accept`, 'linus');
    await linus.reads('The response that you confirm');
    await linus.page.getByLabel('Reason').fill('night suits us');
    const approve = linus.page.getByRole('button', { name: 'Approve', exact: true });
    await approve.waitFor();
    expect((await grace.approve(run, 'accept', { decision: 'withdrawn' })).status).toBe(200);
    expect((await grace.approve(run, 'accept', { response: { window: 'day' } })).status).toBe(200);
    await linus.reads('What an approval would confirm now:');
    await linus.sees('heading', /^The response changed since you read it/);
    await linus.page.getByLabel('The response that you read').getByText('night').waitFor();
    expect(await approve.isDisabled()).toBe(true);
    await linus.press('I have read this response');
    expect(await linus.page.getByLabel('Reason').inputValue()).toBe('night suits us');
    await approve.click();
    await linus.sees('heading', /^The gate is approved$/);
    const { outputs } = await api.until(run, ['succeeded']);
    expect(outputs).toEqual({ said: 'day' });
  }, 180_000);

  it('asks a person to read all values, and hides none of them in a box', async () => {
    const { visitor: grace } = await atGate(testBed(), LONG);
    const { page } = grace;
    await page.setViewportSize({ width: 390, height: 844 });
    const values = page.getByLabel('Shown values');
    const height = await values.evaluate((box) => box.clientHeight);
    expect(height).toBeGreaterThan(203 * 10);
    expect(await values.evaluate((box) => box.scrollHeight)).toBeLessThanOrEqual(height);
    await grace.reads('Read the request to its end first.');
    const approve = page.getByRole('button', { name: 'Approve', exact: true });
    expect(await approve.isDisabled()).toBe(true);
    await page.getByRole('heading', { name: 'Your decision' }).scrollIntoViewIfNeeded();
    await approve.click();
    await grace.sees('heading', /^The gate is approved$/);
  }, 180_000);

  it('shows characters that would disguise a text, on the page and in the list', async () => {
    const { run, visitor: grace } = await atGate(testBed(), HIDDEN);
    const shown = () => grace.page.evaluate(() => `${document.title}\n${document.body.innerText}`);
    await grace.sees('heading', /^Pay \\u\{202e\}001\\u\{202c\} to \\u\{200b\}shop\?$/);
    await grace.reads('"to\\u{202e}": "pohs\\u{2066}"');
    expect(await shown()).not.toMatch(/[\u200b\u202a-\u202e\u2066-\u2069]/);
    await grace.open('/approvals');
    await grace.sees('link', /^Pay \\u\{202e\}001/);
    expect(await shown()).not.toMatch(/[\u200b\u202a-\u202e\u2066-\u2069]/);
    // Nor to a screen reader, by the names of nodes.
    await grace.open(`/runs/${run}`);
    await grace.page.getByLabel('Pay \\u{202e}001, gate, Waiting').waitFor();
    expect(await grace.page.content()).not.toMatch(/[\u200b\u202a-\u202e\u2066-\u2069]/);
  }, 180_000);

  it('signs out in all tabs, asks before it rejects, and keeps what was entered over a new sign-in', async () => {
    const { run, visitor: grace } = await atGate(testBed(), ASK);
    await grace.reads('You decide as Grace');
    await grace.page.getByLabel('Reason').fill('not on a Friday');
    await grace.page.reload();
    await grace.reads(/This browser computed the same digest/);
    expect(await grace.page.getByLabel('Reason').inputValue()).toBe('not on a Friday');
    expect(await grace.page.title()).toBe(`Approval accept · Run ${run.slice(-8)} · TaskRunner`);
    await grace.page.getByLabel('Ask me for the digest before I decide').check();
    await grace.page.getByLabel(/^The first 8 characters/).fill('zzzzzzzz');
    await grace.reads('What you typed does not match the gate digest.');
    await grace.page.getByLabel('Ask me for the digest before I decide').uncheck();

    const other = await testBed().tab(grace, '/runs');
    await other.sees('heading', /^Runs$/);
    await other.press(/Grace/);
    await other.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await other.sees('heading', /^You are signed out$/);
    await grace.reads('You signed out in another tab.');
    // Another person signs in, and the tab says so. Nobody finds what Grace has entered.
    await grace.page.getByRole('button', { name: 'Sign in as another person' }).click();
    await grace.page.getByLabel('Login').fill('linus');
    await grace.page.getByRole('button', { name: 'Sign in' }).click();
    await grace.reads(/You are signed in as Linus \(linus\)\. Before, this tab was that of Grace/);
    await grace.reads(/This browser computed the same digest/);
    expect(await grace.page.getByLabel('Reason').inputValue()).toBe('');
    // Linus reads the request to its end, once it is all there.
    await grace.page.getByRole('region', { name: 'Steps behind this gate' }).waitFor();
    await grace.page.getByRole('heading', { name: 'Your decision' }).scrollIntoViewIfNeeded();
    await grace.press('Reject …');
    await grace.sees('heading', /^Reject this request\?$/);
    await grace.press('Do not reject');
    await grace.reads('Nobody has decided.');
    await grace.press('Reject …');
    await grace.press('Reject it');
    await grace.sees('heading', /^The gate is rejected$/);
    await grace.reads(/Your rejection counts/);
  }, 180_000);
}
