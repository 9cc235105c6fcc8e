import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { cancelRequest, submit, tenantA } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened));

it('tells listeners of runs and letters, and again when their connection was lost', async () => {
  let hints = 0;
  let hinted: () => void = () => undefined;
  const next = (): Promise<void> => new Promise((resolve) => (hinted = resolve));
  const listening = next();
  worker.due.listen(() => {
    hints++;
    hinted();
  });
  // The first hint covers those that were missed before the connection listened.
  await listening;

  const submitted = next();
  const run = await submit(web.runStore);
  await submitted;
  const posted = next();
  await web.runStore.post(tenantA, run, cancelRequest, 'cancel');
  await posted;

  const again = next();
  const before = hints;
  await database.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'taskrunner worker hints'`,
  );
  await again;
  const after = next();
  await submit(web.runStore);
  await after;
  expect(hints).toBeGreaterThanOrEqual(before + 2);
  // As a failed start does. Closing the database afterwards closes it once more.
  await worker.due.close();
});
