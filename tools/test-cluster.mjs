// A migrated database for one test run: copying it takes a fraction of the time of initdb and the migrations.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DATA } from './cluster-folder.mjs';

/** Files in the folder of a cluster: the error that prevented it, and the mark of the process that creates it. */
const [FAULT, MAKING] = ['fault', 'making'];

/**
 * Passwords of the superuser and of the roles created later use one iteration instead of 4096, which each connection of a test would
 * compute.
 */
async function setPassword(server) {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(`alter role postgres password ${pg.escapeLiteral(server.passwordOf('postgres'))}`);
  await client.end();
}

/** Creates the cluster from the build and stops it. The result is the value of `TASKRUNNER_TEST_CLUSTER`; copies may be beside it. */
export async function makeTestCluster(parent) {
  const { startEmbeddedPostgres } = createRequire(import.meta.url)('@taskrunner/infrastructure/embedded-postgres');
  const { bootstrapRoles, createDatabase, databaseRoles, migrateDatabase, roleName } = createRequire(import.meta.url)(
    '@taskrunner/infrastructure/postgres',
  );
  const folder = join(parent, 'cluster');
  const server = await startEmbeddedPostgres({
    dataDirectory: folder,
    fsync: false,
    settings: { scram_iterations: '1' },
  });
  await setPassword(server);
  const passwords = databaseRoles.map((role) => [role, server.passwordOf(roleName(role))]);
  await bootstrapRoles(server.url(), Object.fromEntries(passwords));
  await createDatabase(server.url(), 'taskrunner');
  await migrateDatabase(server.url(roleName('owner'), 'taskrunner'));
  await server.stop();
  writeFileSync(join(parent, DATA), dirname(server.pgdata));
  return folder;
}

/** The cluster for all projects of a run: the first project creates it, the others wait. */
export async function sharedTestCluster(parent) {
  try {
    mkdirSync(join(parent, MAKING));
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const until = Date.now() + 300_000;
    while (!existsSync(join(parent, DATA))) {
      if (existsSync(join(parent, FAULT))) throw new Error(readFileSync(join(parent, FAULT), 'utf8'));
      if (Date.now() > until) throw new Error(`nobody has made the database in ${parent}`);
      await delay(50);
    }
    return join(parent, 'cluster');
  }
  try {
    return await makeTestCluster(parent);
  } catch (error) {
    writeFileSync(join(parent, FAULT), String(error.stack));
    throw error;
  }
}
