import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestBed } from './test-bed';
import { goTo, placesOf } from './places';

const FOLDER = process.env['TASKRUNNER_PICTURES'];
const drawing = (FOLDER === undefined ? () => undefined : it) as typeof it;

/** Pictures of the pages about runs (`office.cases.ts` has the others), for people to look at: `TASKRUNNER_PICTURES=folder`. */
export function pictureCases(testBed: () => TestBed): void {
  drawing(
    'is drawn on the pages about runs, in light and dark, wide and narrow',
    async () => {
      const folder = FOLDER ?? '';
      mkdirSync(folder, { recursive: true });
      const grace = await testBed().visit('/runs', 'grace');
      for (const place of await placesOf(testBed())) {
        for (const width of [1_440, 390]) {
          await grace.page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
          await goTo(grace, place);
          for (const scheme of ['light', 'dark'] as const) {
            await grace.page.emulateMedia({ colorScheme: scheme });
            // For a graph that is fitted, and for what comes a moment after the page.
            await grace.page.waitForTimeout(500);
            await grace.page.screenshot({ path: join(folder, `${place[0]}-${width}-${scheme}.png`) });
          }
        }
      }
    },
    600_000,
  );
}
