import { BUILTIN_EXECUTORS } from '@taskrunner/core/plan';
import type { Configuration } from './configuration';
import { kubernetesOf, podmanOf } from './container-settings';
import { environmentOf } from './environment-of';
import { parseConfiguration } from './parse-configuration';

function read(source: string): Configuration {
  const reading = parseConfiguration(source, {});
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return reading.configuration;
}

const WRITTEN = `
sandbox: { workDirectory: /work }
container:
  engine: kubernetes
  pull: missing
  limits: { memoryMiB: 17, cpuMillicores: 18, maxProcesses: 19, tmp: 1MiB, shm: 2MiB }
  podman: { path: /opt/podman, runtime: runc, cgroups: "off", openFiles: 100, timeout: 7s }
  kubernetes:
    kubeconfig: /etc/kubeconfig
    namespace: steps
    workClaim: work
    workSubPath: worker-1
    serviceAccount: nobody
    nodeSelector: [{ label: pool, value: steps }]
    runtimeClass: gvisor
    imagePullSecrets: [registry]
    ownerPod: worker-1
    ownerPodUid: 0f-1
    startTimeout: 8s
    keep: 9s
    poll: 60ms
    timeout: 10s
    outage: 11s
`;
const CEILING = {
  memoryBytes: 17 * 1024 ** 2,
  cpuMillicores: 18,
  processes: 19,
  tmpBytes: 1024 ** 2,
  shmBytes: 2 * 1024 ** 2,
};

describe('the section container', () => {
  it('each key reaches its engine', () => {
    const configuration = read(WRITTEN);
    expect(podmanOf(configuration)).toEqual({
      ...{ path: '/opt/podman', runtime: 'runc', cgroups: false, openFiles: 100, timeoutMs: 7_000 },
      ...{ place: '/work', pull: 'missing', ceiling: CEILING },
    });
    expect(kubernetesOf(configuration)).toEqual({
      ...{ kubeconfig: '/etc/kubeconfig', namespace: 'steps', workClaim: 'work', workSubPath: 'worker-1' },
      ...{ workDirectory: '/work', serviceAccount: 'nobody', nodeSelector: { pool: 'steps' }, runtimeClass: 'gvisor' },
      ...{ imagePullSecrets: ['registry'], ownerPod: { name: 'worker-1', uid: '0f-1' }, startTimeoutMs: 8_000 },
      ...{ ttlMs: 9_000, pollMs: 60, requestTimeoutMs: 10_000, outageMs: 11_000, place: 'steps/work/worker-1' },
      ...{ pull: 'missing', ceiling: CEILING },
    });
  });

  it('decides whether the environment has containers at all', () => {
    const build = { isolation: 'bwrap-open/v1', executors: BUILTIN_EXECUTORS, packTrust: {} as never };
    expect(environmentOf(read(''), build).executors).not.toHaveProperty('builtin:container');
    for (const source of [WRITTEN, 'container: { engine: podman }'])
      expect(environmentOf(read(source), build).executors).toHaveProperty('builtin:container', 1);
  });

  it('has none in a sealed environment of a cluster: no worker can prove what its network plugin does', () => {
    const build = { isolation: 'bwrap-open/v1', executors: BUILTIN_EXECUTORS, packTrust: {} as never };
    expect(environmentOf(read(WRITTEN), build, 'sealed').executors).not.toHaveProperty('builtin:container');
    const podman = environmentOf(read('container: { engine: podman }'), build, 'sealed');
    expect(podman.executors).toHaveProperty('builtin:container');
  });

  it.each([
    ['container: { engine: kubernetes }', '/container/kubernetes/workClaim'],
    ['container: { kubernetes: { ownerPod: a } }', '/container/kubernetes/ownerPodUid'],
  ])('refuses %s', (source, path) => {
    const reading = parseConfiguration(source, {});
    expect(reading.kind === 'refused' && reading.faults).toMatchObject([{ code: 'CONFIG_CONFLICT', path }]);
  });
});
