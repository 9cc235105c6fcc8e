import { gzipSync } from 'node:zlib';
import type { Browser, Request } from 'playwright-core';
import { describeEvidence, trust } from './evidence.cases';
import { describePlayground } from './playground.cases';
import { hasChromium, startChromium, Visitor } from './browser';
import { isNight } from '../stack/at-night';
import { Caller, DevStack } from '../stack/stack';
import type { TestBed } from './test-bed';
import { accessCases, barriersOf } from './access.cases';
import { largeCases } from './large.cases';
import { networkCases } from './network.cases';
import { guidePictureCases } from './guide-pictures.cases';
import { pictureCases } from './pictures.cases';
import { decisionCases } from './decision.cases';
import { gateCases } from './gate.cases';
import { interruptionCases } from './interruption.cases';
import { officeCases } from './office.cases';
import { operationCases } from './operations.cases';
import { packCases } from './packs.cases';
import { runActionCases } from './run-actions.cases';
import { runListCases } from './run-list.cases';

const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: console-rollout, version: 1.0.0 }
spec:
  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1, reasonRequired: true } ]
  steps:
    - { id: scan, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo three findings" } } }
    - id: accept
      needs: [scan]
      gate: { approval: owners, message: "Roll out to two regions?", show: { findings: 3 } }
    - id: rollout
      needs: [accept]
      map: { items: [eu, us], steps: [ { id: deploy, run: { uses: "builtin:noop" } } ] }
`;
const FAILING = PACK.replace('echo three findings', 'echo the index is gone; exit 3').replace(
  'console-rollout',
  'console-audit',
);

/** Pages that the other cases of every change do not open, and what they show to *linus* when they are ready. */
const OTHER_PAGES: readonly (readonly [path: string, ready: RegExp])[] = [
  ['/packs', /^Packs$/],
  ['/submit', /^Run a pack of your own$/],
  ['/schedules', /^Schedules$/],
  ['/approvals', /^Approvals$/],
  ['/workers', /packs\.admin/],
  ['/audit', /packs\.admin/],
  ['/playground', /would run/],
  ['/nowhere', /^There is no such page$/],
];

const MINUTE_MS = 60_000;
/** Of the Authority that the stacks share (`stack-owner.mjs`). */
const TOKEN_LIFE_MS = 60 * MINUTE_MS;

function isRenewal(request: Request): boolean {
  return request.url().endsWith('/token') && request.postData()?.includes('grant_type=refresh_token') === true;
}

/** A reload asks the issuer again, the refresh token is used before the token expires, nobody is asked, and a sign-out ends it. */
async function keepsTokensInMemory(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await visitor.open('/runs?status=failed');
  await visitor.sees('heading', /^Runs$/);
  const stored = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])';
  expect(await page.evaluate(stored)).not.toMatch(/eyJ|Bearer/);
  await page.clock.install();
  await page.reload();
  await visitor.sees('heading', /^Runs$/);
  expect(new URL(page.url()).search).toBe('?status=failed');
  const renewal = page.waitForResponse((response) => isRenewal(response.request()));
  await page.clock.fastForward(TOKEN_LIFE_MS - MINUTE_MS);
  expect((await renewal).status()).toBe(200);
  const [list] = await Promise.all([
    page.waitForResponse((response) => response.url().includes('/api/runs?')),
    page.clock.fastForward(2 * MINUTE_MS),
  ]);
  expect(list.status()).toBe(200);
  await visitor.sees('heading', /^Runs$/);
  await visitor.press('acme Linus');
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await visitor.sees('heading', /^You are signed out$/);
}

/** Bytes of the scripts that the first page loads before it shows anything, compressed. `entry`: `assets/…`. */
async function firstPageBytes(assets: string, entry: string): Promise<number> {
  const names = [entry.replace('assets/', '')];
  let bytes = 0;
  for (const name of names) {
    const text = await (await fetch(`${assets}${name}`)).text();
    bytes += gzipSync(text).length;
    // Those that are imported later are called as functions.
    for (const [, other = ''] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      if (!names.includes(other)) names.push(other);
  }
  console.info(`scripts of the first page: ${bytes} bytes, compressed`);
  return bytes;
}

const describeBrowser = hasChromium() ? describe : describe.skip;

describeBrowser('the console, in a browser', () => {
  let stack: DevStack;
  let browser: Browser;
  let api: Caller;
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    browser = await startChromium();
    stack = await DevStack.shared('plain');
    api = new Caller(stack.server, await stack.tokenFor('ada'));
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  }, 60_000);

  afterEach(async () => {
    const complaints = visitors.flatMap((visitor) => visitor.complaints);
    for (const visitor of visitors.splice(0)) await visitor.close();
    expect(complaints).toEqual([]);
  });

  async function visit(url: string, login: string, proxy: string | null = null): Promise<Visitor> {
    const visitor = await Visitor.open(browser, proxy);
    visitors.push(visitor);
    await visitor.signIn(url, login);
    return visitor;
  }

  const testBed = (): TestBed => ({
    stack,
    visit: (path, login, proxy) => visit(`${stack.server}/console${path}`, login, proxy),
    tab: async (visitor, path) => {
      const other = await visitor.tab();
      visitors.push(other);
      await other.page.goto(`${stack.server}/console${path}`);
      return other;
    },
    caller: async (login) => new Caller(stack.server, await stack.tokenFor(login)),
  });
  // `npm run test:all` (docs/development.md). The cases of every change open each page once, too.
  if (isNight) {
    runActionCases(testBed);
    runListCases(testBed);
    largeCases(testBed);
    networkCases(testBed);
    accessCases(testBed);
    packCases(testBed);
    gateCases(testBed);
    decisionCases(testBed);
    interruptionCases(testBed);
    operationCases(testBed);
    officeCases(testBed);
  }
  pictureCases(testBed);
  guidePictureCases(testBed);

  it('shows a run from its beginning to its end: another person approves it, and its evidence verifies', async () => {
    const barriers: string[] = [];
    const ada = await visit(`${stack.server}/console/`, 'ada');
    await ada.sees('heading', /^Runs$/);
    const run = await api.submit(PACK);
    await api.until(run, ['waiting']);
    // The list notices it without being asked.
    await ada.page
      .getByRole('row', { name: /console-rollout/ })
      .getByRole('link', { name: 'console-rollout' })
      .click();
    await ada.sees('heading', /console-rollout/);
    // The plan is drawn with what is still to come.
    await ada.page.getByLabel('scan, run, Succeeded').waitFor();
    await ada.page.getByLabel('accept, gate, Waiting').waitFor();
    await ada.page.getByLabel('rollout, map, Pending').waitFor();
    barriers.push(...(await barriersOf(ada, 0)));
    await ada.page.keyboard.press('4');
    await ada.reads('three findings');
    await ada.page.keyboard.press('1');

    // Whoever started it is told why they cannot decide.
    await ada.page.getByRole('link', { name: 'Open the request' }).click();
    await ada.sees('heading', /^You cannot decide$/);
    expect(await ada.page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await ada.page.goBack();

    const grace = await visit(`${stack.server}/console/approvals`, 'grace');
    await grace.page
      .getByRole('listitem')
      .filter({ hasText: run.slice(-8) })
      .getByRole('link')
      .click();
    await grace.sees('heading', /^Roll out to two regions\?$/);
    await grace.reads(/This browser computed the same digest/);
    // What is decided about: of which pack, for whom, and what the steps behind the gate will do.
    const request = await grace.page.getByRole('main').innerText();
    for (const text of ['console-rollout', 'Requested by']) expect(request).toContain(text);
    const behind = await grace.page.getByRole('region', { name: 'Steps behind this gate' }).innerText();
    for (const text of ['rollout::deploy', 'builtin:noop', 'for each item of rollout']) expect(behind).toContain(text);
    barriers.push(...(await barriersOf(grace, 1)));
    const approve = grace.page.getByRole('button', { name: 'Approve' });
    expect(await approve.isEnabled()).toBe(false);
    await grace.page.getByLabel(/^Reason/).fill('read the findings');
    await approve.click();
    await grace.sees('heading', /^The gate is approved$/);

    await api.until(run, ['succeeded']);
    await ada.reads('The run is succeeded');
    await ada.page
      .getByRole('region', { name: 'Gates that are over' })
      .getByText(/approved by/)
      .waitFor();
    await ada.page.getByLabel('rollout, map, Succeeded').waitFor();
    await ada.page.getByRole('link', { name: 'sealed' }).click();
    await ada.sees('heading', /^Evidence of a run$/);
    await ada.page.locator('[data-digest]').waitFor();
    await trust(ada, stack.trustPath);
    await ada.sees('heading', /Verified, with a concession/);
    barriers.push(...(await barriersOf(ada, 2)));
    await ada.open('/runs');
    await ada.sees('row', /console-rollout/);
    barriers.push(...(await barriersOf(ada, 3)));
    expect(barriers).toEqual([]);
  }, 180_000);

  it('opens a failed run, by the link that the API gives, on its first failure, then the other pages, and keeps tokens in memory', async () => {
    const run = await api.submit(FAILING);
    const { links } = await api.until(run, ['failed']);
    const { console: link = '' } = links as Readonly<Record<string, string>>;
    const linus = await visit(link, 'linus');
    await linus.sees('heading', /^scan$/);
    const paint = 'performance.getEntriesByName("first-contentful-paint")[0]?.startTime';
    console.info(`first paint of the run page: ${Math.round(await linus.page.evaluate<number>(paint))} ms`);
    await linus.reads(/EXIT_3, exit code 3/);
    await linus.reads('the index is gone');
    await linus.sees('heading', /^What it reads$/);
    await linus.page.getByRole('button', { name: 'Open the log' }).click();
    expect(new URL(linus.page.url()).searchParams.get('step')).toBe('scan');
    for (const [path, ready] of OTHER_PAGES) {
      await linus.open(path);
      await linus.reads(ready);
    }
    await keepsTokensInMemory(linus);
  }, 180_000);

  it('comes whole from this server, under a policy that lets nothing else in', async () => {
    const page = await fetch(`${stack.server}/console/runs/anything`);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ${stack.issuer};`);
    const [, asset = ''] = /src="\.\/(assets\/[^"]+)"/.exec(await page.text()) ?? [];
    const script = await fetch(`${stack.server}/console/${asset}`);
    expect([script.status, script.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect(await firstPageBytes(`${stack.server}/console/assets/`, asset)).toBeLessThan(250_000);
    const other = await fetch(`${stack.server}/console/assets/..%2findex.html`);
    expect([other.status, await other.json()]).toMatchObject([404, { code: 'ROUTE_NOT_FOUND' }]);
  });

  describe('evidence', () => describeEvidence(() => ({ stack, browser, visitors })));

  if (isNight) describe('the playground', () => describePlayground(() => ({ stack, browser, visitors })));
});
