// pg-boss: a run is a chain of S jobs in separate queues, each of which sends the next one; C chains in flight.
import { EventEmitter, once } from 'node:events';
import PgBoss from 'pg-boss';
import { freshDatabase, lanes, size } from './sizes.mjs';

const { steps, inFlight } = size;
const boss = new PgBoss({ connectionString: await freshDatabase('bench_boss'), max: 20 });
boss.on('error', () => undefined);
await boss.start();
const ended = new EventEmitter().setMaxListeners(0);
await boss.createQueue('step');
for (let i = 0; i < 4; i++)
  await boss.work('step', { batchSize: inFlight, pollingIntervalSeconds: 0.5 }, async (jobs) => {
    const next = jobs.filter(({ data }) => data.step + 1 < steps);
    if (next.length > 0)
      await boss.insert(next.map(({ data }) => ({ name: 'step', data: { ...data, step: data.step + 1 } })));
    for (const { data } of jobs) if (data.step + 1 === steps) ended.emit(data.chain);
  });
let chains = 0;
await lanes('pg-boss', async () => {
  const name = `c${chains++}`;
  const over = once(ended, name);
  await boss.send('step', { chain: name, step: 0 });
  await over;
});
process.exit(0);
