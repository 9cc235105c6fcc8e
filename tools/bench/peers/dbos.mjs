// DBOS Transact: W workflows of S steps, C in flight. Prints {steps_per_second, p50_ms}.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { freshDatabase, lanes, size } from './sizes.mjs';

const { steps } = size;
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
    for (let i = 0; i < steps; i++) sum += await DBOS.runStep(async () => i, { name: `s${i}` });
    return sum;
  },
  { name: 'workflow' },
);
await DBOS.launch();
for (let i = 0; i < 20; i++) await workflow();
await lanes('dbos', async () => {
  const handle = await DBOS.startWorkflow(workflow)();
  await handle.getResult();
});
await DBOS.shutdown();
process.exit(0);
