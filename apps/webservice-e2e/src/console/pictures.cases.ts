import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Desk } from './desk';
import { goTo, OPERATOR_PLACES, placesOf } from './places';

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
      const ops = await desk().visit('/runs', 'ops');
      const places = (await placesOf(desk())).map((place) => [grace, place] as const);
      for (const [visitor, place] of [...places, ...OPERATOR_PLACES.map((one) => [ops, one] as const)]) {
        for (const width of [1_440, 390]) {
          await visitor.page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
          await goTo(visitor, place);
          for (const scheme of ['light', 'dark'] as const) {
            await visitor.page.emulateMedia({ colorScheme: scheme });
            // For a graph that is fitted, and for what comes a moment after the page.
            await visitor.page.waitForTimeout(500);
            await visitor.page.screenshot({ path: join(folder, `${place[0]}-${width}-${scheme}.png`) });
          }
        }
      }
    },
    600_000,
  );
}
