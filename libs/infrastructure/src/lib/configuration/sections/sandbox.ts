import { DEFAULT_MAX_FILES } from '@taskrunner/core/plan';
import { duration, list, name, number, oneOf, path } from '../kinds';
import { key, section, unset } from '../key';
import { MINUTE, HOUR, DAY } from './units';

/** Default sizes of file systems in memory. They must not change, because an environment does not name them. */
export const DEFAULT_TMPFS = { tmpMiB: 256, shmMiB: 64 } as const;

export const sandbox = section('Isolation of steps.', {
  profile: key(
    oneOf('auto', 'bwrap', 'none'),
    'auto',
    'Isolation of open runs. Sealed runs always use bubblewrap. auto: bubblewrap if the probe succeeds, otherwise none.',
    'auto | bwrap | none',
  ),
  bubblewrap: unset(path, 'Path of the bwrap program; null: search /usr/bin, /bin, /usr/sbin and /usr/local/bin.'),
  probeInterval: key(
    duration(MINUTE, DAY),
    HOUR,
    'Interval at which a worker probes the isolation of its sandbox. It also probes at startup and after a step fails to start.',
    'm, h, d',
  ),
  roots: key(list(path), [], 'Additional paths that steps can read. Their bin directories are added to PATH.'),
  interpreters: key(list(name), ['sh', 'bash', 'python3', 'node'], 'Interpreters that builtin:script may start.'),
  limits: section('Default resource limits of a step. A pack can set others.', {
    memoryMiB: key(
      number(64, 1_048_576),
      4_096,
      'Total memory of all processes of the step, including shared memory. A step that exceeds it fails with SANDBOX_LIMIT_MEMORY.',
      'MiB',
    ),
    maxProcesses: key(number(16, 65_536), 512, 'Maximum number of processes and threads.', 'processes'),
    workspaceMiB: key(
      number(1, 1_048_576),
      1_024,
      'Total size of the files in the workspace and of the artifacts. A step that exceeds it fails with SANDBOX_LIMIT_WORKSPACE.',
      'MiB',
    ),
    maxFiles: key(
      number(100, 100_000_000),
      DEFAULT_MAX_FILES,
      'Maximum number of files and directories that the step creates in its workspace, and likewise in /tmp and in /dev/shm. A step that exceeds it fails with SANDBOX_LIMIT_FILES.',
      'files',
    ),
    tmpMiB: key(
      number(1, 1_048_576),
      DEFAULT_TMPFS.tmpMiB,
      'Size of /tmp, in memory. A step that fails while /tmp is full gets SANDBOX_LIMIT_TMPFS.',
      'MiB',
    ),
    shmMiB: key(
      number(1, 1_048_576),
      DEFAULT_TMPFS.shmMiB,
      'Size of /dev/shm, in memory. A step that fails while /dev/shm is full gets SANDBOX_LIMIT_TMPFS.',
      'MiB',
    ),
  }),
  watchInterval: key(
    duration(50, MINUTE),
    500,
    'Interval at which a worker measures the resource usage of each step. It measures once more when the step ends.',
    'ms, s, m',
  ),
  cgroup: unset(
    path,
    'Directory of a control group that is delegated to the worker. The kernel then enforces the memory limit of steps. null: the worker measures the memory of steps and enforces the limit.',
  ),
  workDirectory: key(
    path,
    '/var/lib/taskrunner/work',
    'Directory of the workspaces. Workers of one host may share it. At startup, a worker deletes the workspaces of ended workers of its host.',
  ),
});
