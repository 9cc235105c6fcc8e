import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import type { Reader } from '../lib/configuration/check-configuration';
import type { Configuration } from '../lib/configuration/configuration';
import { parseConfiguration } from '../lib/configuration/parse-configuration';
import { startEmbeddedPostgres } from '../lib/embedded-postgres/embedded-postgres';
import { migrateDatabase } from '../lib/postgres/schema/migrate';
import {
  bootstrapRoles,
  createDatabase,
  databaseRoles,
  roleName,
  type DatabaseRole,
} from '../lib/postgres/schema/roles';
import { generateKeyFile } from '../lib/signing/key-file';
import { generateMacKeyFile } from '../lib/signing/mac-key';

// The external parts of an installation for tests that compose services: a database, keys, and configurations that name them.

/** A key set whose private key is thrown away. */
function someKeySet(): object {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'nobody', alg: 'ES256', use: 'sig' }] };
}

/** Name of the database in the migrated cluster of `npm test`. Without such a cluster the database is created here. */
const DATABASE = 'taskrunner';
const CLUSTER = process.env['TASKRUNNER_TEST_CLUSTER'];
const BEGINNING = CLUSTER === undefined ? {} : { copyOf: CLUSTER, sharedDirectory: dirname(CLUSTER) };

/** Sections of a configuration that replace the defaults. */
export type Sections = Readonly<Record<string, object>>;

/** An installation in its own folder. */
export interface Installation {
  readonly folder: string;
  /** Configuration of a service on free ports of loopback, without a sandbox. It runs no schedules, and logs only errors. */
  readonly configuration: Configuration;
  /** The same configuration with other sections. */
  configured(sections?: Sections): Configuration;
  /** The configuration file with other sections. */
  text(sections?: Sections): string;
  /** The connection URL of a database role. */
  urlOf(role: DatabaseRole): string;
  /** Executes a statement as the administrator of the database. */
  sql(text: string): Promise<readonly object[]>;
  /** Number of database connections of webservices. */
  connections(): Promise<number>;
  remove(): Promise<void>;
}

/**
 * Creates an installation. `jwks`: keys of the one trusted issuer, `https://issuer.example`; by default one that nobody signs with. `reader`: component that reads the
 * configuration.
 */
export async function installation({
  jwks = someKeySet(),
  reader = 'anybody',
}: { readonly jwks?: object; readonly reader?: Reader } = {}): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'taskrunner-installation-'));
  const server = await startEmbeddedPostgres({ dataDirectory: join(folder, 'pg'), fsync: false, ...BEGINNING });
  const passwords = Object.fromEntries(databaseRoles.map((role) => [role, server.passwordOf(roleName(role))]));
  await bootstrapRoles(server.url(), passwords as { [Role in DatabaseRole]: string });
  await createDatabase(server.url(), DATABASE);
  await migrateDatabase(server.url(roleName('owner'), DATABASE));
  await makeKeys(folder);
  const jwksFile = join(folder, 'jwks.json');
  await writeFile(jwksFile, JSON.stringify(jwks));
  const [webUrl, workerUrl] = (['web', 'worker'] as const).map((role) => server.url(roleName(role), DATABASE));
  const sections: Sections = {
    http: { port: 0, healthPort: 0, lameDuck: '0s', drain: '10s' },
    worker: { drain: '2s', stopGrace: '1s' },
    database: { webUrl, workerUrl, poolSize: 4, allowUnsafe: true },
    authority: { issuers: [{ issuer: 'https://issuer.example', jwksFile, audience: 'api', algorithms: ['ES256'] }] },
    artifacts: { root: join(folder, 'objects') },
    keys: { folder },
    sandbox: { profile: 'none', workDirectory: join(folder, 'work') },
    sealedMode: { enabled: false },
    scheduler: { enabled: false },
    telemetry: { logLevel: 'error' },
  };
  const configured = (others: Sections = {}): Configuration => {
    const reading = parseConfiguration(JSON.stringify({ ...sections, ...others }), {}, reader);
    if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
    return reading.configuration;
  };
  return {
    folder,
    configuration: configured(),
    configured,
    text: (others = {}) => JSON.stringify({ ...sections, ...others }),
    urlOf: (role) => server.url(roleName(role), DATABASE),
    sql: async (text) => {
      const client = new Client({ connectionString: server.url(undefined, DATABASE) });
      await client.connect();
      try {
        return (await client.query<object>(text)).rows;
      } finally {
        await client.end();
      }
    },
    connections: async () => {
      const client = new Client({ connectionString: webUrl });
      await client.connect();
      const { rows } = await client.query<{ application_name: string }>(
        'SELECT application_name FROM pg_stat_activity',
      );
      await client.end();
      return rows.filter(({ application_name: name }) => name === 'taskrunner web').length;
    },
    remove: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Keys of a webservice and of a worker. Each reads only its own. */
async function makeKeys(folder: string): Promise<void> {
  for (const name of ['admission', 'ledger', 'run-open', 'run-sealed', 'bundle']) {
    const { publicKeyPem } = await generateKeyFile(join(folder, `${name}.pem`));
    await writeFile(join(folder, `${name}.pub.pem`), publicKeyPem);
  }
  await generateMacKeyFile(join(folder, 'journal-mac.key'));
}
