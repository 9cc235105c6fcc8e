// No folder has more files than a reader can survey. Exceptions are sequences, and sets that a test reads as a whole.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { MOST_FILES, rooms } from './rooms.cjs';

const ROOT = dirname(import.meta.dirname);
/** Manifests with their inputs and plans: golden-plans.ts reads the folder. */
const AS_A_WHOLE = ['libs/core/src/lib/planner/golden'];

function* folders(folder) {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  yield [folder, entries.filter((entry) => entry.isFile()).length];
  for (const entry of entries)
    if (entry.isDirectory() && !['node_modules', 'dist'].includes(entry.name))
      yield* folders(`${folder}/${entry.name}`);
}

/** The remedy in the message about a full folder, for each kind of folder. */
function remedy(folder, files) {
  const steps = folder.endsWith('/migrations')
    ? 'Move the oldest migrations with their specs into a sub-folder that is named by their numbers (as 01-19), and correct the imports in migrations.ts; their names and times stay.'
    : rooms[folder] !== undefined
      ? `Move files of one noun into a room (a sub-folder), list it for ${folder} in tools/rooms.cjs, and draw it with npm run diagrams; index.ts exports the same names.`
      : 'Move files of one noun into a sub-folder, and correct the imports; a floor or an adapter lists its sub-folders as rooms in tools/rooms.cjs.';
  return `${folder} has ${files} files, at most ${MOST_FILES} are allowed. ${steps}`;
}

it(`no folder has more than ${MOST_FILES} files`, () => {
  const large = ['apps', 'libs', 'tools'].flatMap((root) =>
    [...folders(root)].filter(([folder, files]) => files > MOST_FILES && !AS_A_WHOLE.includes(folder)),
  );
  assert.equal(large.map((one) => remedy(...one)).join('\n'), '');
});

it('a folder that is read as a whole needs its exception', () => {
  for (const folder of AS_A_WHOLE) {
    const [[, files]] = folders(folder);
    assert.ok(files > MOST_FILES, `${folder} has ${files} files: take it out of AS_A_WHOLE`);
  }
});

it('a full folder is told with what to do', () => {
  assert.match(remedy('libs/core/src/lib/ports', 31), /ports has 31 files, .* tools\/rooms\.cjs/);
  assert.match(remedy('libs/infrastructure/src/lib/postgres/migrations', 31), /oldest migrations .* migrations\.ts/);
  assert.match(remedy('apps/cli/src/commands', 31), /sub-folder/);
});
