import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { schemesOf } from './access.cases';
import type { TestBed } from './test-bed';
import { officesOf } from './offices';

/** Also takes pictures into this folder, for people to look at. */
const FOLDER = process.env['TASKRUNNER_PICTURES'];

/** Barriers on the pages that are not about one run, wide and narrow. */
export function officeCases(testBed: () => TestBed): void {
  it('has no serious barrier on the pages of packs, gates, schedules, workers and audit, and nothing beyond 390 px', async () => {
    if (FOLDER !== undefined) mkdirSync(FOLDER, { recursive: true });
    const offices = await officesOf(testBed());
    const found: string[] = [];
    let place = 0;
    for (const login of new Set(offices.map((office) => office.login))) {
      const visitor = await testBed().visit('/runs', login);
      const { page } = visitor;
      for (const { name, path, ready, press } of offices.filter((office) => office.login === login))
        for (const width of [390, 1_440]) {
          await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
          await visitor.open(path);
          await visitor.reads(ready);
          if (press !== undefined) await visitor.press(press);
          place += 1;
          // Each page is looked at once, wide or narrow; with pictures in every way.
          const isLookedAt = FOLDER !== undefined || place % 4 < 2 === (width === 390);
          for (const scheme of isLookedAt ? schemesOf(place) : []) {
            await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
            found.push(...(await visitor.barriers()).map((barrier) => `${name}, ${width}, ${scheme}: ${barrier}`));
            if (FOLDER !== undefined) await page.screenshot({ path: join(FOLDER, `${name}-${width}-${scheme}.png`) });
          }
          if (Number(await page.evaluate('document.documentElement.scrollWidth')) > width) found.push(`${name}: wider`);
          await page.keyboard.press('Escape');
        }
    }
    expect(found).toEqual([]);
  }, 600_000);
}
