import { pack } from '../stack/stack';
import type { Visitor } from './browser';
import type { TestBed } from './test-bed';
import { goTo, placesOf } from './places';

const BREAK = pack(
  '- { id: scan, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo no; exit 3" } } }\n',
);

const SCHEMES = ['light', 'dark'] as const;

/** In every change each page has one of the colour schemes, at night both. */
export function schemesOf(place: number): readonly (typeof SCHEMES)[number][] {
  return process.env['TASKRUNNER_TESTS'] === 'all' ? SCHEMES : SCHEMES.slice(place % 2, (place % 2) + 1);
}

/** The serious barriers of the open page, in the colour schemes of this place. */
export async function barriersOf(visitor: Visitor, place: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (const scheme of schemesOf(place)) {
    await visitor.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    found.push(...(await visitor.barriers()).map((barrier) => `${scheme}: ${barrier}`));
  }
  return found;
}

/** What people need who use a keyboard, a screen reader, other colours or less motion. */
export function accessCases(testBed: () => TestBed): void {
  it('has no serious barrier on the pages about runs, in light and dark, and nothing beyond 390 px', async () => {
    const grace = await testBed().visit('/runs', 'grace');
    const found: string[] = [];
    for (const [at, place] of (await placesOf(testBed())).entries()) {
      await goTo(grace, place);
      found.push(...(await barriersOf(grace, at)).map((barrier) => `${place[0]}, ${barrier}`));
      await grace.page.setViewportSize({ width: 390, height: 844 });
      if (Number(await grace.page.evaluate('document.documentElement.scrollWidth')) > 390)
        found.push(`${place[0]} is wider than 390 px`);
      await grace.page.setViewportSize({ width: 1_440, height: 900 });
    }
    for (const key of ['Control+k', 'Shift+?']) {
      await grace.page.keyboard.press(key);
      await grace.page.getByRole('dialog').waitFor();
      found.push(...(await grace.barriers()).map((barrier) => `${key}: ${barrier}`));
      await grace.page.keyboard.press('Escape');
    }
    expect(found).toEqual([]);
  }, 300_000);

  it('is used by keys', async () => {
    const api = await testBed().caller('ada');
    for (const run of [await api.submit(BREAK), await api.submit(BREAK)]) await api.until(run, ['failed']);
    const linus = await testBed().visit('/runs', 'linus');
    const { keyboard } = linus.page;
    const focused = (): Promise<string> => linus.page.evaluate(() => document.activeElement?.textContent ?? '');
    await linus.page.getByRole('row').nth(2).waitFor();
    await keyboard.press('j');
    const first = await focused();
    expect(first).not.toBe('');
    await keyboard.press('j');
    await keyboard.press('k');
    expect(await focused()).toBe(first);
    await keyboard.press('/');
    await keyboard.type('j');
    expect(await linus.page.getByLabel('Search runs').inputValue()).toBe('j');
    await keyboard.press('Control+k');
    await keyboard.type('failed');
    await keyboard.press('Enter');
    await linus.page.waitForURL(/status=failed/);
    await linus.page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('tbody tr')];
      return rows.length > 0 && rows.every((row) => row.textContent.includes('Failed'));
    });
    await linus.page.getByRole('heading', { name: 'Runs' }).click();
    await keyboard.press('j');
    await keyboard.press('Enter');
    await linus.page.waitForURL(/\/runs\/run_/);
    await linus.sees('button', /^Close the step$/);
    // The link that had the focus is gone. The next Tab is in the content, not in the navigation.
    await linus.page.waitForFunction(() => document.activeElement?.id === 'content');
    await keyboard.press('3');
    await linus.page.getByRole('region', { name: 'Timeline' }).waitFor();
    await keyboard.press('?');
    await linus.sees('heading', /^Keyboard shortcuts$/);
    await keyboard.press('Escape');
    // A change of the state of a run is told; lines of a log are not.
    expect(await linus.page.locator('[aria-live="polite"]').first().innerText()).toMatch(/failed/i);
    await keyboard.press('4');
    expect(await linus.page.getByRole('log').getAttribute('aria-live')).toBe('off');
  }, 180_000);
}
