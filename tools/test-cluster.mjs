// A migrated database for one run of the tests: a copy of it is there in a fraction of the time that initdb and the migrations take.
import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

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

/**
 * Makes it, of what is built, and stops it. `folder` is for `TASKRUNNER_TEST_CLUSTER`, and copies may lie beside it; `remove`
 * deletes them all.
 */
export async function makeTestCluster() {
  const { bootstrapRoles, createDatabase, databaseRoles, migrateDatabase, roleName, startEmbeddedPostgres } =
    createRequire(import.meta.url)('@taskrunner/infrastructure');
  const parent = mkdtempSync(join(place(), 'taskrunner-'));
  chmodSync(parent, 0o755);
  const folder = join(parent, 'cluster');
  const server = await startEmbeddedPostgres({ dataDirectory: folder, fsync: false });
  const passwords = databaseRoles.map((role) => [role, server.passwordOf(roleName(role))]);
  await bootstrapRoles(server.url(), Object.fromEntries(passwords));
  await createDatabase(server.url(), 'taskrunner');
  await migrateDatabase(server.url(roleName('owner'), 'taskrunner'));
  await server.stop();
  const remove = () => {
    // The data lies elsewhere where the server's account cannot enter the folder.
    for (const path of [dirname(server.pgdata), parent]) rmSync(path, { recursive: true, force: true });
  };
  return { folder, remove };
}
