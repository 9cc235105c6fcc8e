import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  bootstrapRoles,
  createDatabase,
  databaseRoles,
  generateKeyFile,
  generateMacKeyFile,
  migrateDatabase,
  parseConfiguration,
  roleName,
  startEmbeddedPostgres,
  type Configuration,
  type DatabaseRole,
} from '@taskrunner/infrastructure';

/** Its name is that in the migrated cluster that `npm test` has made; where there is none, the database is made here. */
const DATABASE = 'taskrunner';
const CLUSTER = process.env['TASKRUNNER_TEST_CLUSTER'];
const BEGINNING = CLUSTER === undefined ? {} : { copyOf: CLUSTER, sharedDirectory: dirname(CLUSTER) };

/** What a worker needs of the world, in a folder of its own. */
export interface Installation {
  readonly folder: string;
  /** On a free port of loopback, without a sandbox; it says errors alone. */
  readonly configuration: Configuration;
  /** The file of the configuration, with other sections or other values of them. */
  text(sections?: Readonly<Record<string, object>>): string;
  remove(): Promise<void>;
}

/** A database, keys, and the configuration that names them. */
export async function installation(): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'taskrunner-worker-'));
  const server = await startEmbeddedPostgres({ dataDirectory: join(folder, 'pg'), fsync: false, ...BEGINNING });
  const passwords = Object.fromEntries(databaseRoles.map((role) => [role, server.passwordOf(roleName(role))]));
  await bootstrapRoles(server.url(), passwords as { [Role in DatabaseRole]: string });
  await createDatabase(server.url(), DATABASE);
  await migrateDatabase(server.url(roleName('owner'), DATABASE));
  await makeKeys(folder);
  const workerUrl = server.url(roleName('worker'), DATABASE);
  const sections: Readonly<Record<string, object>> = {
    http: { healthPort: 0 },
    worker: { drain: '2s', stopGrace: '1s' },
    database: { workerUrl, poolSize: 4, allowUnsafe: true },
    artifacts: { root: join(folder, 'objects') },
    keys: { folder },
    sandbox: { profile: 'none', workDirectory: join(folder, 'work') },
    sealedMode: { enabled: false },
    telemetry: { logLevel: 'error' },
  };
  const reading = parseConfiguration(JSON.stringify(sections), {});
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return {
    folder,
    configuration: reading.configuration,
    text: (others = {}) => JSON.stringify({ ...sections, ...others }),
    remove: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeKeys(folder: string): Promise<void> {
  for (const name of ['admission', 'ledger']) {
    const { publicKeyPem } = await generateKeyFile(join(folder, `${name}.pem`));
    await writeFile(join(folder, `${name}.pub.pem`), publicKeyPem);
  }
  for (const name of ['run-open', 'bundle']) await generateKeyFile(join(folder, `${name}.pem`));
  await generateMacKeyFile(join(folder, 'journal-mac.key'));
}
