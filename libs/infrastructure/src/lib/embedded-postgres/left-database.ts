import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { homeOf } from './data-place';
import { reclaimOrphan, serverOf, stopServer } from './postmaster';
import { isAlive } from './process-table';

/**
 * Stops a server that a killed process left in a data directory, and deletes everything in and outside of the directory. The caller must
 * know that no living process uses it.
 */
export async function discardDatabase(
  dataDirectory: string,
  log: (line: string) => void = () => undefined,
): Promise<void> {
  const requested = resolve(dataDirectory);
  // The folder that `location` names may be gone already.
  const home = await homeOf(requested).catch(() => requested);
  const pgdata = join(home, 'pgdata');
  if (existsSync(pgdata)) await reclaimOrphan(pgdata, log);
  await rm(home, { recursive: true, force: true });
  await rm(requested, { recursive: true, force: true });
}

/**
 * Stops a server that a killed process left in a data directory, and changes nothing else. `isLeft`: true if no living process owns the
 * directory. It is asked after the server was found, because an owner is known before its server starts.
 */
export async function stopLeftServer(dataDirectory: string, isLeft: () => Promise<boolean>): Promise<void> {
  const pgdata = join(await homeOf(resolve(dataDirectory)), 'pgdata');
  const pid = await serverOf(pgdata);
  if (pid !== null && (await isLeft())) await stopServer(pid, () => isAlive(pid));
}
