import type { StepOwner, ContainerTask } from '@taskrunner/core/ports';
import { NOBODY, type ContainerCeiling } from './container-engine';
import { refusal } from './container-error';
import { containerLabels, containerName } from './container-identity';
import { grantedLimits } from './container-limits';

/** Where the egress proxy's socket is seen in a container. */
const EGRESS_SOCKET = '/run/taskrunner/egress.sock';

/** What of podman is configured. */
export interface PodmanShape {
  /** Whether the machine's control groups can hold limits; without, memory and processor are not limited by podman. */
  readonly cgroups: boolean;
  /** Most open files of a container's process. */
  readonly openFiles: number;
  readonly ceiling: ContainerCeiling;
  /** Names this worker: the folder of its workspaces. */
  readonly place: string;
  readonly owner: StepOwner | null;
}

/** Arguments of `podman create` for a step: everything that keeps it apart. Pure. `envFile` holds its environment. */
export function createArguments(task: ContainerTask, shape: PodmanShape, envFile: string): string[] {
  const { image, command, args, workspace, deadlineMs, egressSocket, secretFolder } = task;
  const limits = grantedLimits(task, shape.ceiling);
  const openFiles = Math.min(limits.openFiles ?? shape.openFiles, shape.openFiles);
  const nobody = `${NOBODY.uid}:${NOBODY.gid}`;
  return [
    ...['create', '--replace', '--pull', 'never', '--name', containerName(task)],
    ...Object.entries(containerLabels(task, shape.place)).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    // Who is not root maps its own user: then files of the workspace are the step's, and this worker may signal it.
    ...(shape.owner === null ? ['--userns', `keep-id:uid=${NOBODY.uid},gid=${NOBODY.gid}`] : []),
    ...['--user', nobody, '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--init'],
    ...['--network', 'none', '--no-hosts', '--hostname', 'task', '--http-proxy=false', '--ipc', 'private'],
    ...['--read-only', '--read-only-tmpfs=false', '--image-volume', 'ignore', '--no-healthcheck'],
    ...[
      '--tmpfs',
      `/tmp:rw,nosuid,nodev,mode=1777,size=${shape.ceiling.tmpBytes}`,
      '--shm-size',
      `${shape.ceiling.shmBytes}b`,
    ],
    ...['--log-driver', 'none', '--restart', 'no', '--timeout', String(Math.ceil(deadlineMs / 1_000))],
    ...['--stop-signal', 'SIGTERM', '--workdir', '/task', '--env-file', envFile],
    ...volume(workspace, '/task', 'rw'),
    ...volume(`${workspace}/in`, '/task/in', 'ro'),
    ...volume(`${workspace}/pack`, '/task/pack', 'ro'),
    ...(egressSocket === null ? [] : volume(egressSocket, EGRESS_SOCKET, 'rw')),
    ...(secretFolder === null ? [] : volume(secretFolder, '/run/secrets', 'ro')),
    ...['--ulimit', 'core=0:0', '--ulimit', `nofile=${openFiles}:${openFiles}`],
    ...(limits.fileBytes === null ? [] : ['--ulimit', `fsize=${limits.fileBytes}:${limits.fileBytes}`]),
    // A control group counts the processes of this container. The kernel's `nproc` counts all processes of a user, so it would fail a
    // container for what its neighbours start; it is used only where there is nothing else.
    ...(shape.cgroups
      ? [
          ...['--pids-limit', String(limits.processes), '--memory', `${limits.memoryBytes}b`],
          ...['--memory-swap', `${limits.memoryBytes}b`, '--cpus', String(limits.cpuMillicores / 1_000)],
        ]
      : ['--pids-limit', '-1', '--ulimit', `nproc=${limits.processes}:${limits.processes}`]),
    ...(command.length === 0 ? [] : ['--entrypoint', JSON.stringify(command)]),
    `${image.name}@${image.digest}`,
    ...args,
  ];
}

function volume(source: string, target: string, mode: 'ro' | 'rw'): string[] {
  if (/[,"\n]/.test(source)) throw refusal('START_FAILED', `podman cannot mount the path ${JSON.stringify(source)}`);
  const options = ['type=bind', `source=${source}`, `target=${target}`, `ro=${mode === 'ro'}`];
  return ['--mount', options.join(',')];
}
