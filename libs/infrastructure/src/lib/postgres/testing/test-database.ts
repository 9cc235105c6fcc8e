import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, Pool } from 'pg';
import { settingsOfOneProcess } from '../../file-storage/server-settings';
import { openWebDatabase, openWorkerDatabase } from '../databases';
import type { DatabaseOptions, WebDatabase, WorkerDatabase } from '../databases';
import { migrateDatabase } from '../schema/migrate';
import { bootstrapRoles, createDatabase, databaseRoles, roleName } from '../schema/roles';
import type { DatabaseRole } from '../schema/roles';

/** Interface of a started server, which the embedded one implements. */
export interface RunningServer {
  readonly port: number;
  url(role?: string, database?: string): string;
  passwordOf(role: string): string;
  stop(): Promise<void>;
}

/** Starts a server. Specs pass it in, because adapters do not import each other. */
export type StartServer = (options: {
  readonly dataDirectory: string;
  readonly fsync: boolean;
  readonly binDirectory?: string;
  readonly copyOf?: string;
  readonly listen?: 'loopback' | 'socket';
  readonly settings?: (major: number) => Readonly<Record<string, string>>;
}) => Promise<RunningServer>;

/** Connections of the server of a folder, beyond what a service needs: some specs open the pools of several services. */
const CONNECTIONS = 200;

/** `TASKRUNNER_TEST_STORAGE=folder`: the server is started as that of a storage folder, on a Unix socket and with the settings of one process. */
const STORAGE = process.env['TASKRUNNER_TEST_STORAGE'];
const OF_FOLDER = { listen: 'socket', settings: settingsOfOneProcess(CONNECTIONS) } as const;

/** Name of the migrated template database, also in `tools/test-cluster.mjs`. */
const TEMPLATE = 'taskrunner';

/**
 * A real server for one test file, with a migrated template database. `TASKRUNNER_TEST_PG_BIN` selects another release, and `TASKRUNNER_TEST_STORAGE` the server of a folder. Without the first, the
 * server starts as a copy of the migrated one that `npm test` has made (`TASKRUNNER_TEST_CLUSTER`).
 */
export interface TestServer {
  readonly server: RunningServer;
  /** Creates a fresh database: a copy of the template, or an empty one. */
  database(kind?: 'migrated' | 'empty'): Promise<TestDatabase>;
  stop(): Promise<void>;
}

export interface TestDatabase {
  readonly name: string;
  url(role: DatabaseRole | 'admin'): string;
  web(options?: DatabaseOptions): Promise<WebDatabase>;
  worker(options?: DatabaseOptions): Promise<WorkerDatabase>;
  /** Executes SQL as superuser, which sees all rows. */
  sql<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function startTestServer(
  startServer: StartServer,
  binDirectory = process.env['TASKRUNNER_TEST_PG_BIN'],
): Promise<TestServer> {
  const cluster = process.env['TASKRUNNER_TEST_CLUSTER'];
  const dataDirectory = await mkdtemp(join(cluster ? dirname(cluster) : tmpdir(), 'taskrunner-pg-'));
  // The server's account must be able to enter the directory. Otherwise the data would be placed elsewhere and left behind.
  await chmod(dataDirectory, 0o755);
  const beginning = binDirectory ? { binDirectory } : cluster ? { copyOf: cluster } : {};
  const server = await startServer({
    ...{ dataDirectory, fsync: false, ...beginning },
    ...(STORAGE === 'folder' ? OF_FOLDER : {}),
  });
  if (!('copyOf' in beginning)) await makeTemplate(server);
  const open: TestDatabase[] = [];
  let count = 0;
  return {
    server,
    database: async (kind = 'migrated') => {
      const name = `test_${++count}`;
      await createDatabase(server.url(), name, kind === 'empty' ? undefined : TEMPLATE);
      const database = testDatabase(server, name);
      open.push(database);
      return database;
    },
    stop: async () => {
      for (const database of open) await database.close();
      await server.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(server: RunningServer): Promise<void> {
  const passwords = Object.fromEntries(databaseRoles.map((role) => [role, server.passwordOf(roleName(role))]));
  await bootstrapRoles(server.url(), passwords as { [Role in DatabaseRole]: string });
  await createDatabase(server.url(), TEMPLATE);
  await migrateDatabase(server.url(roleName('owner'), TEMPLATE));
}

function testDatabase(server: RunningServer, name: string): TestDatabase {
  const parts: { close(): Promise<unknown> }[] = [];
  const admin = new Pool({ connectionString: server.url(undefined, name), max: 2 });
  admin.on('error', () => undefined);
  const url = (role: DatabaseRole | 'admin') => server.url(role === 'admin' ? undefined : roleName(role), name);
  const keep = <Resource extends { close(): Promise<unknown> }>(part: Resource): Resource => {
    parts.push(part);
    return part;
  };
  let closed: Promise<void> | null = null;
  return {
    name,
    url,
    web: async (options) => keep(await openWebDatabase(url('web'), { allowLoss: true, ...options })),
    worker: async (options) => keep(await openWorkerDatabase(url('worker'), { allowLoss: true, ...options })),
    sql: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await admin.query<Row>(text, values)).rows,
    close: () =>
      (closed ??= (async () => {
        for (const part of parts) await part.close();
        await admin.end();
      })()),
  };
}

/** Executes one statement on a connection of its own. */
export async function once(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
