import { runService } from '@taskrunner/infrastructure/modules';
import { createWorker } from './create-worker';

void runService('worker', async (configuration) => {
  const { health, stop } = await createWorker(configuration);
  return { ready: { health }, stop };
});
