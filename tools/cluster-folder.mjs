// Where the migrated database of a run of the tests lies (`test-cluster.mjs`). `npm test` asks before anything is installed: nothing is imported here.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** Two or three databases run at once. */
const ENOUGH_BYTES = 4 * 2 ** 30;

/** In memory where there is room: a database is a thousand files, each of which a disk takes about a millisecond for. */
function place() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** In its folder, once it is made: where its data is. */
export const DATA = 'data';

/** A folder for one, which the database server's account can enter. */
export function clusterFolder() {
  const parent = mkdtempSync(join(place(), 'taskrunner-'));
  chmodSync(parent, 0o755);
  return parent;
}

/** Deletes what was made in the folder, and it. The data lies elsewhere where the server's account cannot enter the folder. */
export function removeCluster(parent) {
  const elsewhere = join(parent, DATA);
  if (existsSync(elsewhere)) rmSync(readFileSync(elsewhere, 'utf8'), { recursive: true, force: true });
  rmSync(parent, { recursive: true, force: true });
}
