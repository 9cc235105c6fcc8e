// graphile-worker: a run is a chain of S jobs, each of which adds the next one; C chains in flight. The library has no workflows.
import { EventEmitter, once } from 'node:events';
import { run } from 'graphile-worker';
import pg from 'pg';
import { freshDatabase, lanes, size } from './sizes.mjs';

const { steps, inFlight } = size;
const pool = new pg.Pool({ connectionString: await freshDatabase('bench_graphile'), max: 20 });
const ended = new EventEmitter().setMaxListeners(0);
const runner = await run({
  pgPool: pool,
  concurrency: inFlight,
  noHandleSignals: true,
  logger: quiet(),
  taskList: {
    step: async ({ chain, step }, { addJob }) => {
      if (step + 1 < steps) await addJob('step', { chain, step: step + 1 });
      else ended.emit(chain);
    },
  },
});
let chains = 0;
const chain = async () => {
  const name = `c${chains++}`;
  const over = once(ended, name);
  await runner.addJob('step', { chain: name, step: 0 });
  await over;
};
for (let i = 0; i < 20; i++) await chain();
await lanes('graphile-worker', chain);
await runner.stop();
process.exit(0);

function quiet() {
  const none = () => undefined;
  return { scope: quiet, error: none, warn: none, info: none, debug: none };
}
