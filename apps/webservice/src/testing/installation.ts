import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import {
  bootstrapRoles,
  createDatabase,
  databaseRoles,
  generateKeyFile,
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

/** What a webservice needs of the world, in a folder of its own. */
export interface Installation {
  readonly folder: string;
  /** On free ports of loopback; it ticks no schedules, and says errors alone. */
  readonly configuration: Configuration;
  /** The file of the configuration, with other sections or other values of them. */
  text(sections?: Readonly<Record<string, object>>): string;
  /** As the administrator of the database. */
  sql(text: string): Promise<readonly object[]>;
  /** Connections of webservices to the database. */
  connections(): Promise<number>;
  remove(): Promise<void>;
}

/** A database, keys, and the configuration that names them. `jwks`: keys of the one trusted issuer, `https://issuer.example`. */
export async function installation(jwks: object): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'taskrunner-web-'));
  const server = await startEmbeddedPostgres({ dataDirectory: join(folder, 'pg'), fsync: false, ...BEGINNING });
  const passwords = Object.fromEntries(databaseRoles.map((role) => [role, server.passwordOf(roleName(role))]));
  await bootstrapRoles(server.url(), passwords as { [Role in DatabaseRole]: string });
  await createDatabase(server.url(), DATABASE);
  await migrateDatabase(server.url(roleName('owner'), DATABASE));
  await Promise.all(['admission', 'ledger'].map((name) => generateKeyFile(join(folder, `${name}.pem`))));
  const jwksFile = join(folder, 'jwks.json');
  await writeFile(jwksFile, JSON.stringify(jwks));
  const sections: Readonly<Record<string, object>> = {
    http: { port: 0, healthPort: 0, lameDuck: '0s', drain: '10s' },
    database: { webUrl: server.url(roleName('web'), DATABASE), poolSize: 4, allowUnsafe: true },
    authority: { issuers: [{ issuer: 'https://issuer.example', jwksFile, audience: 'api', algorithms: ['ES256'] }] },
    artifacts: { root: join(folder, 'objects') },
    keys: { folder },
    sandbox: { profile: 'none' },
    scheduler: { enabled: false },
    telemetry: { logLevel: 'error' },
  };
  const reading = parseConfiguration(JSON.stringify(sections), {}, 'webservice');
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return {
    folder,
    configuration: reading.configuration,
    text: (others = {}) => JSON.stringify({ ...sections, ...others }),
    sql: async (text) => {
      const client = new Client({ connectionString: server.url(undefined, DATABASE) });
      await client.connect();
      const { rows } = await client.query<object>(text);
      await client.end();
      return rows;
    },
    connections: async () => {
      const client = new Client({ connectionString: server.url(roleName('web'), DATABASE) });
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
