import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesEngine, type KubernetesOptions } from './kubernetes-engine';
import { CEILING, describeEngine } from './testing/engine-contract';
import { LocalApiServer } from './testing/local-api-server';

describeEngine('kubernetes', async ({ work, image, other }) => {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  // The worker sees a folder of the volume; a Job must be told which.
  const server = await LocalApiServer.start(folder, join(work, '..'));
  const options: KubernetesOptions = {
    ...{ kubeconfig: server.kubeconfig, namespace: server.namespace, place: work, ceiling: CEILING, pull: 'never' },
    ...{ workClaim: 'work', workSubPath: 'work', workDirectory: work, serviceAccount: 'steps', nodeSelector: {} },
    ...{ runtimeClass: null, imagePullSecrets: [], ownerPod: null, startTimeoutMs: 60_000, ttlMs: 60_000 },
    ...{ pollMs: 50, requestTimeoutMs: 10_000, outageMs: 10_000 },
  };
  const engine = await KubernetesEngine.open(options);
  return {
    engine,
    left: () => server.left(),
    lying: async () => {
      server.substitute.set(`${image.name}@${image.digest}`, `${other.name}@${other.digest}`);
      return engine;
    },
    dying: async () => {
      server.substitute.clear();
      const made = async () => {
        while ((await server.left()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      };
      return { engine: await KubernetesEngine.open(options), made };
    },
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
});
