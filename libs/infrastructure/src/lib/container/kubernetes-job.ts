import type { V1Job, V1ResourceRequirements } from '@kubernetes/client-node';
import type { ContainerTask } from '@taskrunner/core/ports';
import type { ContainerCeiling } from './container-engine';
import { containerLabels, containerName, LABEL } from './container-identity';
import { grantedLimits } from './container-limits';
import type { JobShape } from './job-shape';

/** Name of the step's container in its pod. */
export const STEP_CONTAINER = 'step';

/** The Job of a step: one pod without retries, under the restricted Pod Security Standard, without token, network or host access. Pure. */
export function jobOf(task: ContainerTask, shape: JobShape): V1Job {
  const name = containerName(task);
  const labels = {
    'app.kubernetes.io/managed-by': 'taskrunner',
    ...containerLabels(task, shape.place),
    [`${LABEL}/execution`]: name,
    // The NetworkPolicy of the component container-jobs selects this label and allows no traffic.
    [`${LABEL}/network`]: 'none',
  };
  const folder = [shape.workSubPath, task.workspace.slice(shape.workDirectory.length)]
    .flatMap((path) => path.split('/'))
    .filter((part) => part !== '')
    .join('/');
  const { uid, gid } = shape.user;
  const identity = { runAsNonRoot: true, runAsUser: uid, runAsGroup: gid };
  const mount = (below: string, readOnly: boolean) => ({
    name: 'task',
    mountPath: `/task${below}`,
    subPath: `${folder}${below}`,
    readOnly,
  });
  const { ownerPod } = shape;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: shape.namespace,
      labels,
      annotations: { [`${LABEL}/run`]: task.run, [`${LABEL}/step-id`]: task.step },
      ...(ownerPod === null ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', ...ownerPod }] }),
    },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      activeDeadlineSeconds: seconds(task.deadlineMs + shape.startTimeoutMs),
      ttlSecondsAfterFinished: seconds(shape.ttlMs),
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: shape.serviceAccount,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          hostNetwork: false,
          hostPID: false,
          hostIPC: false,
          hostname: 'task',
          dnsPolicy: 'Default',
          terminationGracePeriodSeconds: seconds(task.stopGraceMs),
          nodeSelector: { ...shape.nodeSelector },
          ...(shape.runtimeClass === null ? {} : { runtimeClassName: shape.runtimeClass }),
          imagePullSecrets: shape.imagePullSecrets.map((secret) => ({ name: secret })),
          securityContext: { ...identity, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: STEP_CONTAINER,
              image: `${task.image.name}@${task.image.digest}`,
              imagePullPolicy: shape.pull === 'never' ? 'Never' : 'IfNotPresent',
              ...(task.command.length === 0 ? {} : { command: task.command.map(literal) }),
              args: task.args.map(literal),
              workingDir: '/task',
              env: Object.entries(task.env).map(([variable, value]) => ({ name: variable, value: literal(value) })),
              resources: resourcesOf(task, shape.ceiling),
              securityContext: {
                ...identity,
                allowPrivilegeEscalation: false,
                privileged: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [
                mount('', false),
                mount('/in', true),
                mount('/pack', true),
                { name: 'tmp', mountPath: '/tmp' },
                { name: 'shm', mountPath: '/dev/shm' },
              ],
            },
          ],
          volumes: [
            { name: 'task', persistentVolumeClaim: { claimName: shape.workClaim } },
            { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: String(shape.ceiling.tmpBytes) } },
            { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: String(shape.ceiling.shmBytes) } },
          ],
        },
      },
    },
  };
}

function resourcesOf(task: ContainerTask, ceiling: ContainerCeiling): V1ResourceRequirements {
  const { cpuMillicores, memoryBytes } = grantedLimits(task, ceiling);
  const limits = { cpu: `${cpuMillicores}m`, memory: String(memoryBytes) };
  return { limits, requests: limits };
}

/** Kubernetes expands `$(NAME)` in commands, arguments and values, and reduces `$$`. Text of a pack must stay literal. */
function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000);
}
