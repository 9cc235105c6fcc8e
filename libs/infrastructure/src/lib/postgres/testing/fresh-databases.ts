import type { DatabaseOptions, WebDatabase, WorkerDatabase } from '../databases';
import { startTestServer, type StartServer, type TestDatabase, type TestServer } from './test-database';

/** A database with the adapters of both programs. */
interface OpenedDatabase {
  readonly database: TestDatabase;
  readonly web: WebDatabase;
  readonly worker: WorkerDatabase;
}
type Take = (opened: OpenedDatabase) => void;
interface OpenOptions {
  readonly web?: DatabaseOptions;
  readonly worker?: DatabaseOptions;
}

/** Starts a server for the calling spec. Each test gets a fresh database through `take`. */
export function withFreshDatabases(startServer: StartServer, take: Take, options: OpenOptions = {}): void {
  let host: TestServer;
  let database: TestDatabase;
  beforeAll(async () => {
    host = await startTestServer(startServer);
  });
  beforeEach(async () => {
    database = await host.database();
    take(await opened(database, options));
  });
  afterEach(() => database.close());
  afterAll(() => host.stop());
}

/** Does the same with one database for all tests of the spec. */
export function withOneDatabase(startServer: StartServer, take: Take, options: OpenOptions = {}): void {
  let host: TestServer;
  beforeAll(async () => {
    host = await startTestServer(startServer);
    take(await opened(await host.database(), options));
  });
  afterAll(() => host.stop());
}

async function opened(database: TestDatabase, options: OpenOptions): Promise<OpenedDatabase> {
  return { database, web: await database.web(options.web), worker: await database.worker(options.worker) };
}
