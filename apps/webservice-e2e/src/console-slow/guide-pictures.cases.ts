import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Visitor } from './browser';
import { trust } from './evidence.cases';
import type { TestBed } from './test-bed';

const FOLDER = process.env['TASKRUNNER_GUIDE_PICTURES'];
const drawing = (FOLDER === undefined ? () => undefined : it) as typeof it;

/** Pictures of `docs/guides/first-pack.md`, of the pack that `taskrunner init` writes: `TASKRUNNER_GUIDE_PICTURES=docs/guides/pictures`. */
export function guidePictureCases(testBed: () => TestBed): void {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'guide-pictures-'));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  drawing(
    'is drawn for the guide of the first pack',
    async () => {
      const bed = testBed();
      const { stack } = bed;
      const folder = resolve(FOLDER ?? '');
      mkdirSync(folder, { recursive: true });
      const env = { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: await stack.tokenFor('ada') };
      await stack.taskrunner(['init', 'hello'], env, home);
      const manifest = join(home, 'hello', 'pack.yaml');
      const changed = readFileSync(manifest, 'utf8').replace(
        'minApprovals: 1',
        'minApprovals: 1, reasonRequired: true',
      );
      writeFileSync(manifest, changed);
      const args = ['run', 'hello', '-i', 'request={"target":"production"}', '--detach'];
      const { status, stdout } = await stack.taskrunner(args, env, home);
      expect(status).toBe(0);
      const run = stdout.trim();
      const api = await bed.caller('ada');
      await api.until(run, ['waiting']);

      const picture = async (visitor: Visitor, name: string, height = 800): Promise<void> => {
        await visitor.page.setViewportSize({ width: 1_200, height });
        await visitor.page.emulateMedia({ colorScheme: 'light' });
        // For a graph that is fitted, and for what comes a moment after the page.
        await visitor.page.waitForTimeout(1_000);
        await visitor.page.screenshot({ path: join(folder, `first-pack-${name}.png`) });
      };

      const ada = await bed.visit(`/runs/${run}`, 'ada');
      await ada.page.getByLabel('approve, gate, Waiting').waitFor();
      await picture(ada, 'waiting');

      const grace = await bed.visit(`/runs/${run}/gates/approve`, 'grace');
      await grace.reads(/This browser computed the same digest/);
      await picture(grace, 'approval', 1_000);
      expect(
        (await (await bed.caller('grace')).approve(run, 'approve', { reason: 'agreed with the owners' })).status,
      ).toBe(200);

      await api.until(run, ['succeeded']);
      await api.sealed(run);
      await ada.open(`/runs/${run}/evidence`);
      await trust(ada, stack.trustPath);
      await ada.sees('heading', /Verified, with a concession/);
      await picture(ada, 'evidence', 1_000);
    },
    300_000,
  );
}
