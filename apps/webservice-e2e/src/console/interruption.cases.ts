import type { Page, Request } from 'playwright-core';
import { pack, pause } from '../stack/stack';
import type { Visitor } from './browser';
import type { TestBed } from './test-bed';

/** So long a person can decide in these packs, and so old may their sign-in be. */
const LIMIT_MS = 40_000;
const gated = (approval: string, name: string): string =>
  pack(
    '- { id: accept, gate: { approval: owners, message: "Go on?" } }\n',
    `  approvals: [ { id: owners, grants: [packs.approve], ${approval} } ]\n`,
    name,
  );
const SHORT = gated(`expiresAfter: ${LIMIT_MS / 1_000}s, executeWithin: 1m`, 'console-short');
const FRESH = gated(`maxAuthAge: ${LIMIT_MS / 1_000}s, reasonTemplate: "as agreed"`, 'console-fresh');
const DECIDED_BY_ONE = gated('minApprovals: 1', 'console-decided-by-one');
const SUGGESTED = gated('minApprovals: 2, reasonTemplate: "as agreed"', 'console-suggested');

/** A run that waits at its gate. */
async function waiting(testBed: TestBed, manifest: string): Promise<string> {
  const api = await testBed.caller('ada');
  const run = await api.submit(manifest);
  await api.until(run, ['waiting']);
  return run;
}

async function openGate(visitor: Visitor, run: string): Promise<void> {
  await visitor.open(`/runs/${run}/gates/accept`);
  await visitor.reads(/This browser computed the same digest/);
}

const reasonOn = (page: Page) => page.getByRole('textbox', { name: /^Reason/ });
const hasKeyboard = ({ page }: Visitor): Promise<string> =>
  page.evaluate(() => document.activeElement?.textContent ?? '');

/** What comes between a person and their decision. */
export function interruptionCases(testBed: () => TestBed): void {
  it('says that the time to decide is over, and that a sign-in is too old, and keeps what was entered', async () => {
    const grace = await testBed().visit('/approvals', 'grace');
    const { page } = grace;
    await openGate(grace, await waiting(testBed(), SHORT));
    await grace.page.getByRole('button', { name: 'Approve' }).waitFor();
    await reasonOn(page).fill('not sent');
    await grace.sees('heading', /^The gate is expired$/);
    for (const name of ['Approve', 'Reject …'])
      expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0);
    await grace.reads(/The time to decide is over\. Nobody can decide any more/);
    await grace.reads('What you entered in this tab was not sent:');
    await grace.reads('not sent');
    expect(await hasKeyboard(grace)).toBe('The gate is expired');

    // Her sign-in is older than this gate permits, which the page knows before she decides.
    const run = await waiting(testBed(), FRESH);
    await pause(LIMIT_MS / 2);
    await openGate(grace, run);
    await grace.reads('Your sign-in is too old for this gate. Sign in again.');
    await grace.reads('It may be at most 40 s old.');
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await signInAgain(grace);
    expect(await reasonOn(page).inputValue()).toBe('as agreed');
    await reasonOn(page).fill('read it');

    // It becomes too old while the page does not hear of it. The decision goes out once: a renewed token is of the same sign-in.
    await page.route(/\/gates\/accept$/, (route) =>
      route.request().method() === 'GET' ? undefined : route.continue(),
    );
    await pause(LIMIT_MS);
    const sent: Request[] = [];
    page.on('request', (request) => sent.push(...(request.url().endsWith('/approve') ? [request] : [])));
    await grace.press('Approve');
    const refusal = page.getByRole('alert').filter({ hasText: 'GATE_AUTH_TOO_OLD' });
    await refusal.getByRole('button', { name: 'Sign in again' }).waitFor();
    expect(sent).toHaveLength(1);
    grace.wasRefused(401);
    await page.unroute(/\/gates\/accept$/);
    await signInAgain(grace);
    expect(await reasonOn(page).inputValue()).toBe('read it');
    await grace.press('Approve');
    await grace.sees('heading', /^The gate is approved$/);
    await grace.reads(/read it/);
  });

  it('shows in one tab what was decided in another, where no second decision goes out', async () => {
    const run = await waiting(testBed(), SUGGESTED);
    const first = await testBed().visit(`/runs/${run}/gates/accept`, 'grace');
    await first.reads(/This browser computed the same digest/);
    const second = await testBed().tab(first, `/runs/${run}/gates/accept`);
    await second.reads(/This browser computed the same digest/);
    let sent = 0;
    first.page.context().on('request', (request) => (sent += Number(request.url().endsWith('/approve'))));

    // The pack suggests a reason. Who deletes it does not find it again.
    expect(await reasonOn(first.page).inputValue()).toBe('as agreed');
    await reasonOn(first.page).fill('');
    await first.page.reload();
    await first.reads(/This browser computed the same digest/);
    expect(await reasonOn(first.page).inputValue()).toBe('');
    await second.press('Reject …');
    await second.sees('heading', /^Reject this request\?$/);
    await first.press('Approve');
    await first.sees('heading', /^Your approval counts$/);
    await second.sees('heading', /^Your approval counts$/);
    expect(await second.page.getByRole('dialog').count()).toBe(0);
    expect(await second.page.getByRole('button', { name: 'Approve', exact: true }).count()).toBe(0);
    expect(await hasKeyboard(second)).toBe('Your approval counts');
    expect(sent).toBe(1);

    // A reason that could not be sent stays, also over a reload.
    await reasonOn(second.page).fill('a mistake');
    await second.page.route('**/approve', (route) => route.abort('connectionrefused'));
    // As soon as the gate has been read again, the page knows more.
    await keepAsItIs(second.page);
    await second.press('Withdraw my approval');
    await second.reads(/^It is unknown whether the decision arrived/);
    await second.page.unroute(/\/gates\/accept$/);
    await second.page.unroute('**/approve');
    second.complaints.splice(0);
    await second.page.reload();
    await second.sees('heading', /^Your approval counts$/);
    expect(await reasonOn(second.page).inputValue()).toBe('a mistake');
    await second.press('Withdraw my approval');
    await second.reads('(withdrawn later)');
    await first.page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
    expect(await reasonOn(first.page).inputValue()).toBe('as agreed');
  });

  it('says what became of a decision whose answer was lost, and of those that another tab was faster than', async () => {
    const run = await waiting(testBed(), SUGGESTED);
    const first = await testBed().visit(`/runs/${run}/gates/accept`, 'grace');
    await first.reads(/This browser computed the same digest/);
    const second = await testBed().tab(first, `/runs/${run}/gates/accept`);
    await second.reads(/This browser computed the same digest/);
    await second.page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
    await keepAsItIs(second.page);
    await reasonOn(first.page).fill('read it twice');
    await first.page.route('**/approve', async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await first.press('Approve');
    await first.reads('The answer was lost. Your approval arrived, with this reason:');
    await first.page.unroute('**/approve');
    first.complaints.splice(0);
    expect(await first.page.getByText('was not sent').count()).toBe(0);

    // The other tab does not know it yet, and is answered with the first record.
    await reasonOn(second.page).fill('looked at it');
    await second.press('Approve');
    await second.page.unroute(/\/gates\/accept$/);
    await second.page.reload();
    await second.reads(/^You had already approved at .* This reason was not recorded:$/);
    await second.reads('looked at it');

    // And one that is refused.
    const other = await waiting(testBed(), DECIDED_BY_ONE);
    await openGate(first, other);
    await openGate(second, other);
    await second.page.getByRole('button', { name: 'Reject …', exact: true }).waitFor();
    await keepAsItIs(second.page);
    await reasonOn(second.page).fill('not on a Friday');
    await first.press('Approve');
    await first.sees('heading', /^The gate is approved$/);
    await second.press('Reject …');
    await second.press('Reject it');
    await second.page.getByRole('dialog').getByText('GATE_DECIDED').waitFor();
    second.wasRefused(409);
    await second.page.unroute(/\/gates\/accept$/);
    await second.page.reload();
    await second.sees('heading', /^Your rejection was refused$/);
    await second.reads(
      /^Your rejection was refused \(GATE_DECIDED\): you approved at .* This reason was not recorded:$/,
    );
    await second.reads('not on a Friday');
    expect(await second.page.getByText('✓ Your approval counts').count()).toBe(0);
  });
}

/** From now on the page does not hear of changes at the gate. */
async function keepAsItIs(page: Page): Promise<void> {
  await page.route(/\/gates\/accept$/, (route) => (route.request().method() === 'GET' ? undefined : route.continue()));
}

/** Presses the button of the page, and signs in at the Authority, which asks although the person is signed in there. */
async function signInAgain(grace: Visitor): Promise<void> {
  await grace.press('Sign in again');
  await grace.page.getByLabel('Login').fill('grace');
  await grace.page.getByRole('button', { name: 'Sign in' }).click();
  await grace.reads(/This browser computed the same digest/);
  await grace.page.getByRole('button', { name: 'Approve' }).waitFor();
}
