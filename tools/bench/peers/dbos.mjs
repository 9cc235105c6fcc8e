// DBOS Transact: W workflows of S steps, C in flight, each with F steps at once. Prints {steps_per_second, p50_ms}.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { freshDatabase, lanes, size } from './sizes.mjs';

const { steps, atOnce } = size;
/** A large workflow warms up by itself. */
const WARM_UPS = steps > 1_000 ? 1 : 20;
DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: await freshDatabase('bench_dbos'),
  logLevel: 'error',
  runAdminServer: false,
  systemDatabasePoolSize: 20,
});
const workflow = DBOS.registerWorkflow(
  async () => {
    let sum = 0;
    const step = (i) => DBOS.runStep(async () => i, { name: `s${i}` });
    for (let from = 0; from < steps; from += atOnce) {
      const count = Math.min(atOnce, steps - from);
      for (const i of await Promise.all(Array.from({ length: count }, (_, k) => step(from + k)))) sum += i;
    }
    return sum;
  },
  { name: 'workflow' },
);
await DBOS.launch();
for (let i = 0; i < WARM_UPS; i++) await workflow();
await lanes('dbos', async () => {
  const handle = await DBOS.startWorkflow(workflow)();
  await handle.getResult();
});
await DBOS.shutdown();
process.exit(0);
