// The worker of a platform team: steps deploy to its platform, and secrets come from its own vault. No file of TaskRunner changes.
//   TASKRUNNER_CONFIG=task-runner.yaml node dist/worker.js
import { join } from 'node:path';
import { runService } from '@taskrunner/infrastructure/modules';
import { createWorker } from '@taskrunner/worker';
import { platform } from './platform';

void runService('worker', async (configuration) => {
  const { health, stop } = await createWorker(configuration, {
    ...platform,
    isolatedMain: join(__dirname, 'isolated.js'),
  });
  return { ready: { health }, stop };
});
