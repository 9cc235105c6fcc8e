import { randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFolderDatabase } from './folder-database';
import { killedRound } from './testing/kills';

const ROUNDS = process.env['TASKRUNNER_TESTS'] === 'all' ? 200 : 6;
const ENDS = ['first', 'last', 'spared'] as const;

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'storage-'));
  chmodSync(parent, 0o755);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

it(
  'every acknowledged commit is there after kill -9 of owner and server, at any moment and in any order',
  async () => {
    const folder = join(parent, 'storage');
    let acknowledged = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const ended = await killedRound(folder, randomInt(0, 40), ENDS[round % ENDS.length]!);
      // One commit may have been made whose acknowledgement was lost.
      expect([acknowledged, acknowledged + 1]).toContain(ended.found.highest);
      expect(ended.found.count).toBe(ended.found.highest);
      ({ acknowledged } = ended);
    }
    const database = await openFolderDatabase(folder);
    expect(database.isNew).toBe(false);
    await database.close();
  },
  ROUNDS * 60_000,
);
