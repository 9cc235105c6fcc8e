import { searched } from '@taskrunner/core/testing';
import type { Request } from 'playwright-core';
import { CuttingProxy } from '../stack/cutting-proxy';
import { pack, pause } from '../stack/stack';
import type { Visitor } from './browser';
import type { TestBed } from './test-bed';

/** How long the network is cut. */
const CUT_MS = searched(3_000, 10_000);
const LINES = searched(200, 600);
const TICKS = pack(`- id: tick
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "for i in $(seq 1 ${LINES}); do echo tick $i; sleep 0.05; done" } }
`);
const GATED = pack(
  '- { id: accept, gate: { approval: owners, message: "Go on?" } }\n',
  '  approvals: [ { id: owners, grants: [packs.approve] } ]\n',
);
const SLOW = pack(`- id: slow
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo begun; sleep 120" } }
`);

/** Connections of the console: what becomes of a page that loses its own, and how many it holds. */
export function networkCases(testBed: () => TestBed): void {
  it('loses no line and doubles none over a cut of the network, which is told', async () => {
    const api = await testBed().caller('ada');
    const run = await api.submit(TICKS);
    const ada = await testBed().visit(`/runs/${run}?tab=log`, 'ada');
    await ada.page
      .getByRole('button', { name: /^Line [1-9]/ })
      .first()
      .waitFor();
    const context = ada.page.context();
    await context.setOffline(true);
    await ada.reads(/^The connection is lost/);
    await pause(CUT_MS);
    await context.setOffline(false);
    await ada.reads(/^The connection is back\. The page is current as of/);
    await api.until(run, ['succeeded'], 120);
    await ada.page.locator(`[data-line="${LINES}"]`).waitFor();
    expect(await allLines(ada)).toEqual(Array.from({ length: LINES }, (_, index) => `tick ${index + 1}`));
    await ada.reads('The run is succeeded');
    ada.wasOffline();
  }, 180_000);

  it('tells of an outage of the server on a page that asks nothing by itself, and when that page is current again', async () => {
    const api = await testBed().caller('ada');
    const ada = await testBed().visit('/packs', 'ada');
    const { page } = ada;
    await ada.sees('heading', /^Packs$/);
    // The browser has a network, and is not told that the server has gone.
    await page.route(/\/api\//, (route) => route.abort('connectionrefused'));
    await ada.open('/runs');
    await ada.reads(/^The connection is lost/);
    await ada.open('/playground');
    await ada.reads(/^The connection is lost/);
    await ada.open('/packs');
    const name = `console-outage-${Date.now()}`;
    const wendy = await testBed().caller('wendy');
    const manifest = TICKS.replace(/name: [a-z-]+/, `name: ${name}`);
    expect((await wendy.ask('POST', '/api/packs', { manifest })).status).toBe(201);
    await page.unroute(/\/api\//);
    await ada.reads(/^The connection is back\. The page is current as of/);
    await page.getByRole('link', { name }).waitFor();
    expect(await page.getByText(/^The connection is lost/).count()).toBe(0);
    expect((await api.ask('GET', '/api/me')).status).toBe(200);
    ada.wasOffline();
  }, 180_000);

  it('tries again with longer and longer pauses where a proxy cuts one request of several, and says when', async () => {
    const api = await testBed().caller('ada');
    const run = await api.submit(GATED);
    await api.until(run, ['waiting']);
    const proxy = await CuttingProxy.open();
    try {
      const grace = await testBed().visit(`/runs/${run}/gates/accept`, 'grace', proxy.url);
      await grace.reads(/This browser computed the same digest/);
      // The page asks for this and for the gate at intervals; only this one is cut.
      proxy.cuts(/^\/api\/approvals\/count$/);
      await grace.reads(/^(?:The connection is lost|A part of the page cannot be read)/);
      await grace.reads(/^A part of the page cannot be read/);
      await grace.reads(/^Next try in \d+ s\./);
      const before = proxy.requests.length;
      await pause(CUT_MS);
      // Without one schedule for the page it was about fifty in a second. The gate is read at its own interval.
      expect(proxy.requests.length - before).toBeLessThan(20);
      expect(await grace.barriers()).toEqual([]);
      // While it is cut: afterwards the page may be quicker than the click, and the button is gone.
      const tries = (): number => proxy.requests.filter((path) => path === '/api/me').length;
      const made = tries();
      await grace.press('Try now');
      for (const end = Date.now() + 60_000; tries() === made; await pause(50))
        if (Date.now() > end) throw new Error('the page does not try again');
      proxy.cuts(null);
      await grace.reads(/^The connection is back\. The page is current as of/);
      grace.wasOffline();
    } finally {
      await proxy.close();
    }
  }, 180_000);

  it('holds one stream for all tabs, and one for each log', async () => {
    const api = await testBed().caller('ada');
    const run = await api.submit(SLOW);
    await api.until(run, ['running']);
    const path = `/runs/${run}?tab=log`;
    const first = await testBed().visit(path, 'ada');
    const line = (tab: Visitor): Promise<void> =>
      tab.page.getByRole('button', { name: 'Line 1', exact: true }).waitFor();
    await line(first);
    const tabs = [first];
    const context = first.page.context();
    const open = new Map<Request, string>();
    let feeds = 0;
    context.on('request', (request) => {
      if (request.headers()['accept'] !== 'text/event-stream') return;
      const { pathname } = new URL(request.url());
      open.set(request, pathname);
      if (pathname.endsWith('/events')) feeds += 1;
    });
    context.on('requestfinished', (request) => open.delete(request));
    context.on('requestfailed', (request) => open.delete(request));
    const streamsOf = (name: string): number => [...open.values()].filter((path) => path.endsWith(name)).length;
    while (tabs.length < 4) tabs.push(await testBed().tab(first, path));
    // The fourth tab works like the first.
    for (const tab of tabs) await line(tab);
    expect(streamsOf('/logs')).toBeLessThanOrEqual(tabs.length);
    expect(streamsOf('/events')).toBeLessThanOrEqual(1);
    const before = feeds;
    expect((await api.ask('POST', `/api/runs/${run}/cancel`, { reason: 'seen' })).status).toBe(202);
    for (const tab of tabs) await tab.reads('The run is cancelled');
    // The tab that reads the feed leaves, and another takes its place.
    await first.page.goto('about:blank');
    for (const end = Date.now() + 60_000; feeds === before;) {
      if (Date.now() > end) throw new Error('nobody reads the feed');
      await pause(100);
    }
    const later = await testBed().tab(tabs[1] as Visitor, '/runs');
    const other = await api.submit(SLOW);
    await later.page.getByRole('cell', { name: other.slice(-8) }).waitFor();
    expect((await api.ask('POST', `/api/runs/${other}/cancel`, { reason: 'seen' })).status).toBe(202);
  }, 180_000);
}

/** The texts of all lines in the order of their numbers, read by scrolling through the log. */
async function allLines({ page }: Visitor): Promise<readonly string[]> {
  const log = page.getByRole('log', { name: 'Log' });
  const found = new Map<number, string>();
  for (let top = 0; ; top += 400) {
    await log.evaluate((element, at) => element.scrollTo(0, at), top);
    await pause(50);
    const seen = await log
      .locator('[data-line]')
      .evaluateAll((all) =>
        all.map((one): [number, string] => [
          Number(one.getAttribute('data-line')),
          one.querySelector('.line-text')?.textContent ?? '',
        ]),
      );
    const numbers = seen.map(([number]) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const [number, text] of seen) found.set(number, text);
    if (top > (await log.evaluate(({ scrollHeight }) => scrollHeight))) break;
  }
  return [...found].sort(([one], [other]) => one - other).map(([, text]) => text);
}
