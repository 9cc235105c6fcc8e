// No folder has more files than a reader can survey. Exceptions are sequences, and sets that a test reads as a whole.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';

const ROOT = dirname(import.meta.dirname);
const MOST_FILES = 30;
/** Manifests with their inputs and plans: golden-plans.ts reads the folder. */
const AS_A_WHOLE = ['libs/core/src/lib/planner/golden'];

function* folders(folder) {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  yield [folder, entries.filter((entry) => entry.isFile()).length];
  for (const entry of entries)
    if (entry.isDirectory() && !['node_modules', 'dist'].includes(entry.name))
      yield* folders(`${folder}/${entry.name}`);
}

it(`no folder has more than ${MOST_FILES} files`, () => {
  const large = ['apps', 'libs', 'tools'].flatMap((root) =>
    [...folders(root)].filter(([, files]) => files > MOST_FILES),
  );
  assert.deepEqual(
    large.map(([folder]) => folder),
    AS_A_WHOLE,
  );
});
