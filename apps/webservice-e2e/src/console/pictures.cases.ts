import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Desk } from './desk';
import { placesOf } from './places';

const FOLDER = process.env['TASKRUNNER_PICTURES'];
const drawing = (FOLDER === undefined ? () => undefined : it) as typeof it;

/** Pictures of every page, for people to look at: `TASKRUNNER_PICTURES=folder`. */
export function pictureCases(desk: () => Desk): void {
  drawing(
    'is drawn on every page, in light and dark, wide and narrow',
    async () => {
      const folder = FOLDER ?? '';
      mkdirSync(folder, { recursive: true });
      const grace = await desk().visit('/runs', 'grace');
      for (const [name, path, ready] of await placesOf(desk())) {
        for (const width of [1_440, 390]) {
          await grace.page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
          await grace.open(path);
          await grace.reads(ready);
          for (const scheme of ['light', 'dark'] as const) {
            await grace.page.emulateMedia({ colorScheme: scheme });
            await grace.page.waitForTimeout(300);
            await grace.page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`) });
          }
        }
      }
    },
    600_000,
  );
}
