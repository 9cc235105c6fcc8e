import { Job } from 'kubernetes-models/batch/v1/Job';
import type { V1ContainerState, V1Pod } from '@kubernetes/client-node';
import type { ContainerTask } from '@taskrunner/core/ports';
import { containerName } from './container-identity';
import type { JobShape } from './job-shape';
import { jobOf } from './kubernetes-job';
import { viewOf } from './pod-view';
import { restrictedFaults } from './testing/pod-security';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const shape: JobShape = {
  ...{ namespace: 'steps', workClaim: 'work', workSubPath: 'worker-1', workDirectory: '/work', serviceAccount: 'step' },
  ...{ nodeSelector: { pool: 'steps' }, runtimeClass: 'gvisor', imagePullSecrets: ['registry'], pull: 'missing' },
  ceiling: { memoryBytes: 1 << 30, cpuMillicores: 2_000, processes: 64, tmpBytes: 1 << 20, shmBytes: 1 << 19 },
  ...{ user: { uid: 10_001, gid: 10_001 }, startTimeoutMs: 5_000, ttlMs: 1_500, place: 'x' },
  ownerPod: { name: 'worker-1', uid: '0f-1' },
};
const task: ContainerTask = {
  ...{ tenant: 'acme', run: 'run_1', step: 'a[3]::b', execution: 2, image: { name: 'r.example/x', digest: DIGEST } },
  ...{
    command: ['sh', '-c', 'echo $(HOME) $$ $1'],
    args: ['$(A)'],
    env: { A: '$(B) $$' },
    workspace: '/work/runs/r/2',
  },
  limits: { memoryBytes: null, cpuMillicores: 250, processes: null, openFiles: 64, fileBytes: 1 },
  ...{
    deadlineMs: 10_400,
    stopGraceMs: 300,
    egressSocket: null,
    secretFolder: null,
    hasSecrets: false,
    signal: new AbortController().signal,
  },
} as unknown as ContainerTask;

describe('the Job of a step', () => {
  const job = jobOf(task, shape);
  const pod = job.spec?.template.spec;
  const [container] = pod?.containers ?? [];

  it('is what the OpenAPI schemas of Kubernetes call a Job, and the restricted Pod Security Standard allows', () => {
    expect(() =>
      new Job(structuredClone(job) as unknown as ConstructorParameters<typeof Job>[0]).validate(),
    ).not.toThrow();
    expect(pod && restrictedFaults(pod)).toEqual([]);
    const loose = structuredClone(job) as unknown as { spec: { backoffLimit: unknown } };
    loose.spec.backoffLimit = '0';
    expect(() => new Job(loose as never).validate()).toThrow('backoffLimit must be integer');
  });

  it('runs once, bounded, as nobody in particular, without token, host and network', () => {
    expect(job.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 16, ttlSecondsAfterFinished: 2 });
    expect(pod).toMatchObject({
      ...{ restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false },
      ...{ hostNetwork: false, hostPID: false, hostIPC: false, terminationGracePeriodSeconds: 1 },
      ...{ nodeSelector: { pool: 'steps' }, runtimeClassName: 'gvisor', imagePullSecrets: [{ name: 'registry' }] },
    });
    expect(job.metadata?.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Pod', name: 'worker-1', uid: '0f-1' }]);
    expect(job.spec?.template.metadata?.labels).toMatchObject({ 'taskrunner.stellaops.io/network': 'none' });
    expect(container?.image).toBe(`r.example/x@${DIGEST}`);
    expect(container?.resources?.limits).toEqual({ cpu: '250m', memory: String(1 << 30) });
  });

  it('is named by run, step and execution, in the characters that names and labels may have', () => {
    expect(job.metadata?.name).toBe(containerName(task));
    for (const other of [{ run: 'run_2' }, { step: 'a' }, { execution: 3 }])
      expect(containerName({ ...task, ...other })).not.toBe(containerName(task));
    for (const text of [job.metadata?.name ?? '', ...Object.values(job.metadata?.labels ?? {})])
      expect(text).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  });

  it('has its own folder of the volume, and means what the pack says', () => {
    expect(container?.volumeMounts).toEqual([
      { name: 'task', mountPath: '/task', subPath: 'worker-1/runs/r/2', readOnly: false },
      { name: 'task', mountPath: '/task/in', subPath: 'worker-1/runs/r/2/in', readOnly: true },
      { name: 'task', mountPath: '/task/pack', subPath: 'worker-1/runs/r/2/pack', readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'shm', mountPath: '/dev/shm' },
    ]);
    expect(pod?.volumes?.slice(1)).toEqual([
      { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: String(1 << 20) } },
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: String(1 << 19) } },
    ]);
    expect(container?.command).toEqual(['sh', '-c', 'echo $$(HOME) $$$$ $$1']);
    expect([container?.args, container?.env]).toEqual([['$$(A)'], [{ name: 'A', value: '$$(B) $$$$' }]]);
  });

  it('leaves the entry point to the image where the pack names none', () => {
    expect(jobOf({ ...task, command: [] }, shape).spec?.template.spec?.containers[0]).not.toHaveProperty('command');
  });
});

describe('what a pod’s status says', () => {
  const imageID = `r.example/x@${DIGEST}`;
  const podWith = (state: V1ContainerState, more: object = {}, id = imageID): V1Pod => ({
    status: {
      ...more,
      containerStatuses: [{ name: 'step', image: 'x', imageID: id, ready: false, restartCount: 0, state }],
    },
  });
  it.each<[string, V1Pod, object]>([
    ['nothing yet', {}, { kind: 'waiting' }],
    ['being made', podWith({ waiting: { reason: 'ContainerCreating' } }), { kind: 'waiting' }],
    ['no image', podWith({ waiting: { reason: 'ErrImagePull' } }), { kind: 'stuck', code: 'IMAGE_MISSING' }],
    ['a bad start', podWith({ waiting: { reason: 'RunContainerError' } }), { kind: 'stuck', code: 'START_FAILED' }],
    [
      'no such program',
      podWith({ terminated: { exitCode: 128, reason: 'StartError' } }),
      { kind: 'stuck', code: 'START_FAILED' },
    ],
    ['running', podWith({ running: {} }), { kind: 'running', image: DIGEST }],
    ['an image by its configuration', podWith({ running: {} }, {}, DIGEST), { kind: 'running', image: null }],
    ['over', podWith({ terminated: { exitCode: 3 } }), { kind: 'ended', image: DIGEST, code: 3, starved: false }],
    ['starved', podWith({ terminated: { exitCode: 137, reason: 'OOMKilled' } }), { kind: 'ended', starved: true }],
    ['evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, { kind: 'taken', late: false }],
    [
      'too late',
      podWith({ terminated: { exitCode: 137 } }, { reason: 'DeadlineExceeded' }),
      { kind: 'taken', late: true },
    ],
  ])('%s', (_, pod, view) => expect(viewOf(pod)).toMatchObject(view));
});
