import type { StepOwner, ContainerTask } from '@taskrunner/core/ports';
import { NOBODY, type ContainerCeiling } from './container-engine';
import { refusal } from './container-error';
import { containerLabels, containerName } from './container-identity';
import { grantedLimits } from './container-limits';

/** Path of the egress socket in a container. */
const EGRESS_SOCKET = '/run/taskrunner/egress.sock';

/** Podman settings from the configuration. */
export interface PodmanShape {
  /** True if control groups can enforce limits. Otherwise podman limits neither memory nor processor. */
  readonly cgroups: boolean;
  /** Maximum number of open files per process of a container. */
  readonly openFiles: number;
  readonly ceiling: ContainerCeiling;
  /** Identifies this worker: the folder of its workspaces. */
  readonly place: string;
  readonly owner: StepOwner | null;
}

/** Arguments of `podman create` for a step, with its whole isolation. Pure. `envFile` contains its environment. */
export function createArguments(task: ContainerTask, shape: PodmanShape, envFile: string): string[] {
  const { image, command, args, workspace, deadlineMs, egressSocket, secretFolder } = task;
  const limits = grantedLimits(task, shape.ceiling);
  const openFiles = Math.min(limits.openFiles ?? shape.openFiles, shape.openFiles);
  const nobody = `${NOBODY.uid}:${NOBODY.gid}`;
  return [
    ...['create', '--replace', '--pull', 'never', '--name', containerName(task)],
    ...Object.entries(containerLabels(task, shape.place)).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    // Without root, this process's user is mapped. The step then owns the files of its workspace, and this worker may signal it.
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
    // A control group counts only the processes of this container. The kernel's `nproc` limit counts all processes of a user, so other
    // containers could exhaust it. It is used only without control groups.
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
