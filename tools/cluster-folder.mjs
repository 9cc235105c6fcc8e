// Path of the migrated database of a test run (`test-cluster.mjs`). `npm test` uses this file before anything is installed, so it imports
// only Node.js.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** Two or three databases run at once, and tests have about as much in their own folders. */
const ENOUGH_BYTES = 6 * 2 ** 30;

/** In memory if there is room: a database has a thousand files, each of which costs about a millisecond on a disk. */
function place() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A file in the cluster's folder that contains the path of the data, once the database exists. */
export const DATA = 'data';

/** Creates a folder that the database server's account can enter. */
export function clusterFolder() {
  const parent = mkdtempSync(join(place(), 'taskrunner-'));
  chmodSync(parent, 0o755);
  return parent;
}

export const isInMemory = (parent) => parent.startsWith(MEMORY);

/** Deletes the content and the folder. If the server's account could not enter the folder, the data is elsewhere. */
export function removeCluster(parent) {
  const elsewhere = join(parent, DATA);
  if (existsSync(elsewhere)) rmSync(readFileSync(elsewhere, 'utf8'), { recursive: true, force: true });
  rmSync(parent, { recursive: true, force: true });
}
