import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { CHECK_NAMES, CONTENT_CHECKS, fingerprint, visibleLine, type Check } from '@taskrunner/core/evidence';
import { ED25519_VECTORS, spkiOf } from '@taskrunner/core/testing';
import { TAR_CODEC } from '@taskrunner/infrastructure/archive';
import { atNight, isNight } from '../stack/at-night';
import { Caller, type DevStack } from '../stack/stack';
import { ALTERATIONS, archived } from './alterations';
import { Visitor } from './browser';

const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: console-evidence, version: 1.0.0 }
spec:
  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1, reasonRequired: true } ]
  steps:
    - { id: scan, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo three findings" } } }
    - id: accept
      needs: [scan]
      gate: { approval: owners, message: "Roll out to two regions?", show: { findings: 3 } }
    - { id: deploy, needs: [accept], run: { uses: "builtin:noop" } }
`;
/** One of so many alterations is made: in every change one of each kind, at night all. */
const EVERY = isNight ? 1 : 6;
const LIMITS = { maxBytes: 2 ** 28, maxFiles: 10_000, maxFileBytes: 2 ** 28 };

/** What `verify --json` prints. */
interface Verified {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** What a page or the command line says of each check. */
type Line = readonly [name: string, ok: boolean, basis: string, detail: string];

/** Reads the table of checks. It runs in the browser, whose types this project does not have. */
const LINES = `[...document.querySelectorAll('tr[data-check]')].map(({ dataset, lastElementChild }) =>
  [dataset.check, dataset.ok === 'true', dataset.basis, lastElementChild.textContent])`;

/** What the specs of the console share. */
export interface Stage {
  readonly stack: DevStack;
  readonly browser: Browser;
  /** Closed after each test, which fails if something went wrong in one of them. */
  readonly visitors: Visitor[];
}

/** Gives the page a trust file. `isDev`: it also accepts keys of a development stack. */
export async function trust({ page }: Visitor, path: string, isDev = true): Promise<void> {
  await page.getByLabel('Choose a trust file, or drop it here').setInputFiles(path);
  await page.waitForFunction(() => document.querySelector('textarea')?.value !== '');
  if (isDev) await page.getByLabel('Accept keys of a development stack').check();
}

/**
 * Of a bundle that passes: the verdict, whose keys were accepted and what that does not prove stand on the first screen, wide and narrow, and
 * the checks are folded with their number, which the keyboard unfolds.
 */
async function saysWhatMattersFirst({ page }: Visitor): Promise<void> {
  const verdict = page.getByRole('region', { name: 'Verdict' });
  for (const [width, height] of [
    [390, 844],
    [1_440, 900],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.evaluate('scrollTo(0, 0)');
    for (const text of [/Only its keys are trusted\.$/, /^Not proven: that the holders of the keys were honest/]) {
      const { y, height: own } = (await verdict.getByText(text).boundingBox()) ?? { y: NaN, height: NaN };
      expect([width, y + own]).toEqual([width, expect.any(Number)]);
      expect(y + own).toBeLessThanOrEqual(height);
    }
  }
  await page.getByRole('heading', { name: `Checks: ${CHECK_NAMES.length} checks passed` }).waitFor();
  const row = page.locator('tr[data-check="decisions.proof"]');
  expect(await row.isVisible()).toBe(false);
  await page.locator('summary', { hasText: /^Who decided: . 7 checks passed/ }).focus();
  await page.keyboard.press('Enter');
  await row.waitFor();
  await verdict.getByRole('button', { name: 'What stays open for this bundle' }).press('Enter');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('What this does not prove');
}

/**
 * Of another file on a small screen, where the verdict may be out of sight above: it stands below the file too, and leads there. The parts of
 * the report say that nobody verified them.
 */
async function saysItBesideTheFile({ page }: Visitor): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  const file = page.getByRole('region', { name: 'Bundle' });
  await file.getByText(/^✕ (?:The verification fails|This is no evidence bundle)\. Show the verdict$/).waitFor();
  await file.getByRole('button', { name: 'Show the verdict' }).click();
  expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe('Verdict');
  await page.getByRole('heading', { name: 'Who approved it not verified' }).waitFor();
}

/** Evidence in the console. They are part of the spec of the console, so that they need neither a stack nor a browser of their own. */
export function describeEvidence(stage: () => Stage): void {
  let stack: DevStack;
  let folder: string;
  let run: string;
  let bundle: Uint8Array;
  let files: ReadonlyMap<string, Uint8Array>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'evidence-'));
    ({ stack } = stage());
    const api = new Caller(stack.server, await stack.tokenFor('ada'));
    run = await api.submit(PACK);
    await api.until(run, ['waiting']);
    const grace = new Caller(stack.server, await stack.tokenFor('grace'));
    const { status } = await grace.approve(run, 'accept', { reason: 'read the findings' });
    expect(status).toBe(200);
    await api.until(run, ['succeeded']);
    bundle = await api.sealed(run);
    files = new Map((await TAR_CODEC.read(bundle, LIMITS)).map(({ path, bytes }) => [path, bytes]));
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  async function visitor(): Promise<Visitor> {
    const { browser, visitors } = stage();
    const opened = await Visitor.open(browser);
    visitors.push(opened);
    return opened;
  }

  /** The page to verify files, without a sign-in and, once it is loaded, without a network. Its verifier cannot use one. */
  async function openVerifier(): Promise<{ readonly visitor: Visitor; readonly requests: string[] }> {
    const opened = await visitor();
    const { page } = opened;
    const [worker] = await Promise.all([page.waitForEvent('worker'), page.goto(`${stack.server}/console/verify`)]);
    const text = await (await fetch(worker.url())).text();
    expect(text).not.toMatch(
      /\bfetch\s*\(|XMLHttpRequest|WebSocket|EventSource|importScripts|\bimport\s*\(|sendBeacon/,
    );
    expect(text).not.toMatch(/new Function\b|WebAssembly/);
    await page.locator('[data-verifier=ready]').waitFor();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.context().setOffline(true);
    return { visitor: opened, requests };
  }

  /** Gives the page a bundle, and returns what it says when it has verified it. */
  async function verdictOn({ page }: Visitor, bytes: Uint8Array, name = 'run.tar'): Promise<readonly Line[]> {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    await page
      .getByLabel('Choose an evidence bundle, or drop it here')
      .setInputFiles({ name, mimeType: 'application/x-tar', buffer: Buffer.from(bytes) });
    await page.locator(`[data-digest="${digest}"]`).waitFor();
    // The page groups the checks, and shows failed ones first.
    const place = ([name]: Line): number => (CHECK_NAMES as readonly string[]).indexOf(name);
    return [...(await page.evaluate<readonly Line[]>(LINES))].sort((one, other) => place(one) - place(other));
  }

  /** What the command line says of the same bundle. */
  async function expected(bytes: Uint8Array, trustPath = stack.trustPath): Promise<readonly Line[]> {
    const file = join(folder, 'asked.tar');
    writeFileSync(file, bytes);
    const { stdout } = await stack.taskrunner(['verify', file, '--trust', trustPath, '--allow-dev', '--json']);
    const { checks } = JSON.parse(stdout) as Verified;
    return checks.map(({ name, ok, basis, detail }) => [name, ok, basis, visibleLine(detail)]);
  }

  it('gives the verdict of the command line for a bundle and its alterations, and sends nothing', async () => {
    const { visitor, requests } = await openVerifier();
    await trust(visitor, stack.trustPath);
    const honest = await verdictOn(visitor, bundle);
    expect(honest).toEqual(await expected(bundle));
    expect(honest.map(([name, ok]) => [name, ok])).toEqual(CHECK_NAMES.map((name) => [name, true]));
    await visitor.sees('heading', /Verified, with a concession/);
    await saysWhatMattersFirst(visitor);
    expect(await visitor.page.getByText('not verified').count()).toBe(0);

    expect(ALTERATIONS.length).toBeGreaterThanOrEqual(20);
    for (const { what, make } of ALTERATIONS.filter((_, place) => place % EVERY === 0)) {
      const altered = await make(bundle, files);
      const found = await verdictOn(visitor, altered);
      expect([what, found]).toEqual([what, await expected(altered)]);
      expect([what, found.every(([, ok]) => ok)]).toEqual([what, false]);
      // What failed is first, and open.
      const [first] = await visitor.page.locator('tr[data-check]').all();
      expect([what, await first?.getAttribute('data-ok'), await first?.isVisible()]).toEqual([what, 'false', true]);
    }
    const forged = ALTERATIONS.find(({ what }) => what === 'another person decided');
    await verdictOn(visitor, (await forged?.make(bundle, files)) ?? bundle);
    await saysItBesideTheFile(visitor);
    expect(requests).toEqual([]);
  }, 600_000);

  atNight('judges signatures of Ed25519 at its edges as the command line does', async () => {
    const trustFile = JSON.parse(readFileSync(stack.trustPath, 'utf8')) as { keys: { usages: string[] }[] };
    const [admission] = trustFile.keys.filter(({ usages }) => usages.includes('admission'));
    const keys = [...new Set(ED25519_VECTORS.map(spkiOf))].map((spki) => ({
      ...admission,
      spki,
      keyid: fingerprint(spki),
    }));
    const path = join(folder, 'edges.json');
    writeFileSync(path, JSON.stringify({ ...trustFile, keys: [...trustFile.keys, ...keys] }));
    const { visitor } = await openVerifier();
    await trust(visitor, path);
    for (const { what, payload, signature } of ED25519_VECTORS) {
      // Every key is trusted, so the signature of one vector may be that of another's key.
      const holds = ED25519_VECTORS.some((one) => one.holds && one.payload === payload && one.signature === signature);
      const sig = Buffer.from(signature, 'hex').toString('base64');
      const envelope = {
        payload: Buffer.from(payload).toString('base64'),
        payloadType: 'application/vnd.taskrunner.admission+json',
        signatures: [{ keyid: '', sig }],
      };
      const altered = await archived(new Map(files).set('admission.json', Buffer.from(JSON.stringify(envelope))));
      const found = await verdictOn(visitor, altered);
      expect([what, found]).toEqual([what, await expected(altered, path)]);
      const detail = found.find(([name]) => name === 'admission.signature')?.[3] ?? '';
      // The payload is no admission, so the check fails for one reason or the other.
      expect([what, detail.startsWith('ENVELOPE_UNTRUSTED')]).toEqual([what, !holds]);
    }
  });

  atNight('says without a trust file what it checked, and that the signatures are of nobody', async () => {
    const { visitor, requests } = await openVerifier();
    const found = await verdictOn(visitor, bundle);
    expect(found.map(([name, ok]) => [name, ok])).toEqual(CONTENT_CHECKS.map((name) => [name, true]));
    await visitor.sees('heading', /^Consistent, but signed by nobody you trust$/);
    await visitor.reads(/no signature was matched to anybody/);
    await visitor.reads(/Nothing shows who admitted the run, who decided/);
    // The same bundle is verified as soon as there is a trust file, and the trust file is remembered only if that is asked for.
    await trust(visitor, stack.trustPath, false);
    await visitor.sees('heading', /The verification fails/);
    await visitor.reads(/made under the development Authority/);
    await visitor.reads(/tick “Accept keys of a development stack”/);
    await visitor.page.getByLabel('Plan hash').fill('sha256:0');
    await visitor.page.locator('tr[data-check="expectation"][data-ok="false"]').waitFor();
    await visitor.page.getByLabel('Plan hash').fill('');
    const stored = (): Promise<string> => visitor.page.evaluate('JSON.stringify({ ...localStorage })');
    expect(await stored()).not.toContain('taskrunner.trust');
    await visitor.page.getByLabel('Remember the trust file in this browser').check();
    expect(await stored()).toContain('taskrunner.trust.v1');
    await visitor.page.getByLabel('or paste its text').fill('{\n  "schema": 1\n}');
    await visitor.reads(/The trust file is refused/);
    await visitor.sees('heading', /^The trust file is refused$/);
    await visitor.reads('Chosen: run.tar');
    expect(requests).toEqual([]);
  });

  atNight('downloads the bundle of a run once, and shows its report', async () => {
    const linus = await visitor();
    const { page } = linus;
    const downloads: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/evidence') && request.url().includes('/api/')) downloads.push(request.url());
    });
    await linus.signIn(`${stack.server}/console/runs/${run}`, 'linus');
    await page.getByRole('link', { name: 'sealed' }).click();
    await linus.sees('heading', /^Evidence of a run$/);
    await page.locator('[data-digest]').waitFor();
    await page.context().setOffline(true);
    await trust(linus, stack.trustPath);
    await linus.sees('heading', /Verified, with a concession/);
    const shown = (await page.getByRole('main').innerText()).replaceAll(/\s+/g, ' ');
    for (const text of [
      'console-evidence:1.0.0',
      'accept: approved',
      'Roll out to two regions?',
      'read the findings',
      'Shown to who decided:',
      'nobody signed the pack',
      '0 connections were allowed, 0 were refused.',
      'The run produced no artifacts.',
      'What this does not prove',
    ])
      expect(shown).toContain(text);
    expect(await page.locator('tr[data-check="expectation"]').getAttribute('data-basis')).toBe('recomputed');
    expect(downloads).toHaveLength(1);
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: /^Save the bundle/ }).click(),
    ]);
    expect(readFileSync(await saved.path())).toEqual(Buffer.from(bundle));
    await page.context().setOffline(false);
    linus.wasOffline();
  });
}
