import { searched } from '@taskrunner/core/testing';
import { atNight } from '../stack/at-night';
import { pack, pause } from '../stack/stack';
import { longTasks, watchLongTasks, type Visitor } from './browser';
import type { TestBed } from './test-bed';

const ITEMS = searched(2_000, 100_000);
const LINES = searched(3_000, 100_000);
/** One line in so many has the word that is searched for. */
const NEEDLES = 100;
/** What a reader sees of a table or log, and some rows around it. */
const MOST_ROWS = 150;

const FAN = pack(
  `- id: fan
  map:
    items: "{{ inputs.items }}"
    maxItems: ${ITEMS}
    maxParallel: 100
    continueOnError: true
    steps: [ { id: act, when: "{{ item == 'bad' }}", run: { uses: "builtin:fail", with: { message: "bad" } } } ]
`,
  '  inputs: [ { name: items, type: array, required: true } ]\n',
);
const LIVE = pack(
  `- id: fan
  map: { items: "{{ inputs.items }}", maxItems: 10000, steps: [ { id: act, run: { uses: "builtin:noop" } } ] }
`,
  '  inputs: [ { name: items, type: array, required: true } ]\n',
);
const TALK = pack(`- id: talk
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "seq 1 ${LINES} | sed 's/00$/00 needle/'" } }
`);

/** Runs and logs that are too large to be held whole by a browser. */
export function largeCases(testBed: () => TestBed): void {
  it(
    `shows a map of ${ITEMS} items as one node and a table in pages, failures first`,
    async () => {
      const api = await testBed().caller('ada');
      const items = Array.from({ length: ITEMS }, (_, index) => (index % 1_000 === 0 ? 'bad' : 'good'));
      const run = await api.submit(FAN, { items });
      await api.until(run, ['failed'], 2_400);
      const ada = await testBed().visit(`/runs/${run}`, 'ada');
      await watchLongTasks(ada.page);
      const failed = Math.floor(ITEMS / 1_000);
      const count = (value: number): string => value.toLocaleString('en');
      await ada.reads(new RegExp(`map, .* of .*, ${count(failed)} failed`));
      await ada.page.getByLabel('fan, map, Failed').click();
      await ada.press(/^Show its/);
      const rows = ada.page.getByRole('region', { name: 'Steps' }).getByRole('row');
      await rows.filter({ hasText: 'Failed' }).first().waitFor();
      expect(await rows.nth(1).innerText()).toContain('Failed');
      await ada.reads(new RegExp(`1 to 500 of ${count(ITEMS)}, failures first`));
      for (let page = 0; page < 3; page++) {
        expect(await rows.count()).toBeLessThan(MOST_ROWS);
        await ada.page.getByRole('region', { name: 'Steps' }).hover();
        for (let turn = 0; turn < 12; turn++) await ada.page.mouse.wheel(0, 1_500);
        expect(await rows.count()).toBeLessThan(MOST_ROWS);
        await ada.press('Next');
        await ada.reads(new RegExp(`^${count((page + 1) * 500 + 1)} to`));
      }
      await ada.press(/^Failed/);
      await ada.page.getByRole('row', { name: /fan\[0\] / }).waitFor();
      const table = ada.page.getByRole('table', { name: 'Steps' });
      expect(await table.getAttribute('aria-rowcount')).toBe(String(failed + 1));
      expect(await rows.count()).toBeLessThan(MOST_ROWS);
      await ada.page.keyboard.press('3');
      const times = ada.page.getByRole('region', { name: 'Timeline' });
      await times.getByRole('row').nth(5).waitFor();
      expect(await times.getByRole('row').count()).toBeLessThan(MOST_ROWS);
      await times.hover();
      for (let turn = 0; turn < 12; turn++) await ada.page.mouse.wheel(0, 4_000);
      expect(await times.getByRole('row').count()).toBeLessThan(MOST_ROWS);
      console.info(`long tasks with a map of ${ITEMS} items, ms: ${JSON.stringify(await longTasks(ada.page))}`);
    },
    searched(180_000, 1_500_000),
  );

  atNight(
    'follows a run of 10 000 items while it runs',
    async () => {
      const api = await testBed().caller('ada');
      const run = await api.submit(LIVE, { items: Array.from({ length: 10_000 }, (_, index) => index) });
      const ada = await testBed().visit(`/runs/${run}`, 'ada');
      await watchLongTasks(ada.page);
      await ada.reads(/map, .* of 10,000/);
      for (const tab of ['2', '3', '1', '2']) {
        await ada.page.keyboard.press(tab);
        if (tab === '2') await ada.open(`/runs/${run}?tab=steps&parent=fan`);
        await pause(10_000);
        expect(await rowsIn(ada)).toBeLessThan(MOST_ROWS);
      }
      await api.until(run, ['succeeded'], 1_200);
      await ada.reads('The run is succeeded');
      expect(await rowsIn(ada)).toBeLessThan(MOST_ROWS);
      console.info(`long tasks while 10 000 items ran, ms: ${JSON.stringify(await longTasks(ada.page))}`);
    },
    1_500_000,
  );

  it(
    `shows a log of ${LINES} lines in a window, searches it on the server, and gives its lines addresses`,
    async () => {
      const api = await testBed().caller('ada');
      const run = await api.submit(TALK);
      await api.until(run, ['succeeded'], 300);
      const ada = await testBed().visit(`/runs/${run}?tab=log`, 'ada');
      await watchLongTasks(ada.page);
      const log = ada.page.getByRole('log', { name: 'Log' });
      const lines = log.locator('[data-line]');
      const numbers = async (): Promise<number[]> =>
        (await lines.evaluateAll((all) => all.map((one) => Number(one.getAttribute('data-line'))))).sort(
          (one, other) => one - other,
        );
      await log.locator(`[data-line="${LINES}"]`).waitFor();
      // A reader who scrolls up is not moved to the end, and gets the lines before.
      await log.hover();
      for (let turn = 0; turn < 40; turn++) {
        await ada.page.mouse.wheel(0, -2_000);
        expect(await lines.count()).toBeLessThan(MOST_ROWS);
      }
      await ada.page.getByRole('button', { name: 'Go to the end' }).waitFor();
      const [top = 0] = await numbers();
      expect(top).toBeLessThan(LINES - 600);
      // All that is in the page is one stretch of the log.
      const seen = await numbers();
      expect(seen).toEqual(seen.map((_, index) => (seen[0] ?? 0) + index));

      await ada.page.keyboard.press('/');
      await ada.page.keyboard.type('needle');
      await ada.page.keyboard.press('Enter');
      await ada.reads(`${(LINES / NEEDLES).toLocaleString('en')} hits`);
      await ada.reads(`in lines 1 to ${LINES.toLocaleString('en')} of ${LINES.toLocaleString('en')}`);
      await ada.page.getByRole('button', { name: 'Line 700', exact: true }).click();
      await ada.press('Back to the hits');
      await ada.page.getByRole('button', { name: 'Line 700', exact: true }).click();
      await log.locator('[data-line="699"]').waitFor();
      expect(new URL(ada.page.url()).hash).toBe('#L700');
      await ada.page.getByRole('button', { name: 'Line 705', exact: true }).click({ modifiers: ['Shift'] });
      expect(new URL(ada.page.url()).hash).toBe('#L700-L705');
      expect(await log.locator('[data-target="true"]').count()).toBe(6);

      // The address leads others to the same lines.
      const grace = await testBed().visit(`/runs/${run}?tab=log#L1120-L1140`, 'grace');
      const marked = grace.page.locator('[data-target="true"]');
      await marked.first().waitFor();
      await grace.page.locator('[data-line="1140"]').waitFor();
      expect(await marked.count()).toBe(21);
      await grace.page.getByLabel('Raw').check();
      expect(await grace.page.locator('[data-line="1130"]').innerText()).toMatch(/^1130\s*1130$/);
      const [file] = await Promise.all([grace.page.waitForEvent('download'), grace.press('Download')]);
      expect(file.suggestedFilename()).toBe(`${run}.log`);
      let [text, count] = ['', 0];
      for await (const piece of await file.createReadStream()) {
        const part = (piece as Buffer).toString();
        count += part.split('\n').length - 1;
        text = `${text}${part}`.slice(-100);
      }
      expect([count, text.endsWith(`\t${LINES} needle\n`)]).toEqual([LINES, true]);
      console.info(`long tasks with a log of ${LINES} lines, ms: ${JSON.stringify(await longTasks(ada.page))}`);
    },
    searched(180_000, 900_000),
  );
}

/** Rows of all parts of the page together. */
async function rowsIn({ page }: Visitor): Promise<number> {
  return page.getByRole('row').count();
}
