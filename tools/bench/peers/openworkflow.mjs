// OpenWorkflow: W workflows of S steps, C in flight. Its clients look once a second whether a run has ended, so the end of the last step counts.
import { EventEmitter, once } from 'node:events';
import { OpenWorkflow } from 'openworkflow';
import { BackendPostgres } from 'openworkflow/postgres';
import { freshDatabase, lanes, size } from './sizes.mjs';

const { steps, inFlight } = size;
const backend = await BackendPostgres.connect(await freshDatabase('bench_openworkflow'));
const product = new OpenWorkflow({ backend });
const ended = new EventEmitter().setMaxListeners(0);
const workflow = product.defineWorkflow({ name: 'workflow' }, async ({ input, step }) => {
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += await step.run({ name: `s${i}` }, async () => i);
  ended.emit(input.name);
  return sum;
});
const worker = product.newWorker({ concurrency: inFlight });
await worker.start();
let runs = 0;
const one = async () => {
  const name = `r${runs++}`;
  const over = once(ended, name);
  await workflow.run({ name });
  await over;
};
for (let i = 0; i < 20; i++) await one();
await lanes('openworkflow', one);
await worker.stop();
await backend.stop();
process.exit(0);
