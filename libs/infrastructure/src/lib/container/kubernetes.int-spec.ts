import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesEngine, type KubernetesOptions } from './kubernetes-engine';
import { CEILING, describeEngine, type EngineSetting } from './testing/engine-contract';
import { watchWorkspace } from '../sandbox/watch-workspace';
import { LocalApiServer } from './testing/local-api-server';

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: object }[];
}

const setting = async ({ work, image, other }: EngineSetting) => {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  // The worker mounts a folder of the volume, and its Jobs need that folder's path.
  const server = await LocalApiServer.start(folder, join(work, '..'));
  const options: KubernetesOptions = {
    ...{ kubeconfig: server.kubeconfig, namespace: server.namespace, place: work, ceiling: CEILING, pull: 'never' },
    ...{ workClaim: 'work', workSubPath: 'work', workDirectory: work, serviceAccount: 'steps', nodeSelector: {} },
    ...{ runtimeClass: null, imagePullSecrets: [], ownerPod: null, startTimeoutMs: 60_000, ttlMs: 60_000 },
    ...{ pollMs: 50, requestTimeoutMs: 60_000, outageMs: 60_000, watchWorkspace },
  };
  const engine = await KubernetesEngine.open(options);
  return {
    engine,
    server,
    options,
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
};

describeEngine('kubernetes', 'main', setting, {
  'reads a log again that broke off, and tells no byte twice': async ({ engine, server }, { perform }) => {
    server.breakLogAfter = 100_000;
    const { outcome, report } = await perform(engine, { args: ['seq 1 50000'] });
    expect(outcome.kind).toBe('succeeded');
    expect(server.breakLogAfter).toBeNull();
    expect(report.stdout).toBe(Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join(''));
  },
  'asks again while the API server is away': async ({ engine, server }, { perform }) => {
    server.outages = 7;
    const { outcome } = await perform(engine, { args: ['exit 0'] });
    expect([outcome.kind, server.outages]).toEqual(['succeeded', 0]);
  },
  'hands the run over where the API server stays away': async ({ engine, options, server }, { perform }) => {
    const impatient = await KubernetesEngine.open({ ...options, outageMs: 200 });
    server.outages = Infinity;
    const { outcome } = await perform(impatient, { args: ['exit 0'] });
    server.outages = 0;
    expect(outcome).toEqual({
      ...{ kind: 'lost', reason: 'ENGINE_LOST' },
      cause: expect.objectContaining({
        message: expect.stringContaining('the API server was unavailable') as string,
      }) as Error,
    });
    await engine.sweep();
  },
  'says what the cluster refuses': async ({ options }, { perform }) => {
    const root = await KubernetesEngine.open({ ...options, serviceAccount: 1 as never });
    const { outcome } = await perform(root, { args: ['exit 0'] });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'START_FAILED', retryable: true });
    expect(JSON.stringify(outcome)).toContain('serviceAccountName must be string');
  },
  'trusts no cluster without a checked certificate, and says which it cannot reach': async ({ options }) => {
    const file = JSON.parse(await readFile(options.kubeconfig ?? '', 'utf8')) as Kubeconfig;
    const open = async (cluster: object) => {
      const kubeconfig = `${options.kubeconfig}-other`;
      const clusters = [{ name: 'local', cluster: { ...file.clusters[0]?.cluster, ...cluster } }];
      await writeFile(kubeconfig, JSON.stringify({ ...file, clusters }));
      return KubernetesEngine.open({ ...options, kubeconfig });
    };
    for (const cluster of [
      { 'insecure-skip-tls-verify': true },
      { server: 'http://127.0.0.1:1' },
      { 'certificate-authority-data': '' },
    ])
      await expect(open(cluster)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  },
});
