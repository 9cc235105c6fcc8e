import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasEnded, isOver, refusesDecisions, runStatuses } from '@taskrunner/core/foundation';

const POSTGRES = join(__dirname, '..');
const LIST = /status\s+(?:not\s+)?in\s+\(([^)]*'succeeded'[^)]*)\)/g;

/** Lists of statuses in statements and migrations: file and members. */
function lists(): { file: string; members: string }[] {
  return readdirSync(POSTGRES, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(sql|ts)$/.test(name) && !/spec\.ts$/.test(name))
    .flatMap((file) =>
      [...readFileSync(join(POSTGRES, file), 'utf8').matchAll(LIST)].map(([, text = '']) => ({
        file,
        members: [...text.matchAll(/'([^']*)'/g)]
          .map(([, status]) => status)
          .sort()
          .join(),
      })),
    );
}

it('each list of terminal statuses in SQL is one that core names', () => {
  const named = [hasEnded, isOver, refusesDecisions].map((set) => runStatuses.filter(set).sort().join());
  expect(lists().length).toBeGreaterThan(10);
  expect(lists().filter(({ members }) => !named.includes(members))).toEqual([]);
});
