import { runService } from '@taskrunner/infrastructure/modules';
import { createWebservice } from './create-webservice';

void runService('webservice', async (configuration) => {
  const { url, health, stop } = await createWebservice(configuration);
  return { ready: { url, health }, stop };
});
