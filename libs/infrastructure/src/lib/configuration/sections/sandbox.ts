import { DEFAULT_MAX_FILES } from '@taskrunner/core';
import { duration, list, name, number, oneOf, path } from '../kinds';
import { key, section, unset } from '../key';
import { MINUTE, HOUR, DAY } from './units';

/** Sizes of file systems in memory. Fixed: an environment says nothing of them where they are these. */
export const DEFAULT_TMPFS = { tmpMiB: 256, shmMiB: 64 } as const;

export const sandbox = section('How steps are kept apart.', {
  profile: key(
    oneOf('auto', 'bwrap', 'none'),
    'auto',
    'How open runs are kept apart (sealed ones always are, by bubblewrap). auto: bubblewrap where the probe succeeds, else none.',
    'auto | bwrap | none',
  ),
  bubblewrap: unset(path, 'The program bwrap; null: looked for in /usr/bin, /bin, /usr/sbin and /usr/local/bin.'),
  probeInterval: key(
    duration(MINUTE, DAY),
    HOUR,
    'How often a worker tries again what its sandbox keeps apart; also at its start and after a start that failed.',
    'm, h, d',
  ),
  roots: key(list(path), [], 'Further exact paths that steps see, read-only; their bin folders join the PATH.'),
  interpreters: key(list(name), ['sh', 'bash', 'python3', 'node'], 'What builtin:script may start.'),
  limits: section('What a step may use, where the pack says nothing.', {
    memoryMiB: key(
      number(64, 1_048_576),
      4_096,
      'Memory of all its processes together, shared memory too; more is SANDBOX_LIMIT_MEMORY.',
      'MiB',
    ),
    maxProcesses: key(number(16, 65_536), 512, 'Processes and threads.', 'processes'),
    workspaceMiB: key(
      number(1, 1_048_576),
      1_024,
      'All that it writes to its workspace, and all its artifacts; more is SANDBOX_LIMIT_WORKSPACE.',
      'MiB',
    ),
    maxFiles: key(
      number(100, 100_000_000),
      DEFAULT_MAX_FILES,
      'Files and folders that it makes in its workspace, and in /tmp and /dev/shm each; more is SANDBOX_LIMIT_FILES.',
      'files',
    ),
    tmpMiB: key(
      number(1, 1_048_576),
      DEFAULT_TMPFS.tmpMiB,
      'Size of its /tmp, in memory; failing while that is full is SANDBOX_LIMIT_TMPFS.',
      'MiB',
    ),
    shmMiB: key(number(1, 1_048_576), DEFAULT_TMPFS.shmMiB, 'The same for its /dev/shm.', 'MiB'),
  }),
  watchInterval: key(
    duration(50, MINUTE),
    500,
    'How often a worker looks at what each step uses; it looks once more when the step is over.',
    'ms, s, m',
  ),
  cgroup: unset(
    path,
    'Folder of a control group that is delegated to the worker: the kernel holds the memory of steps there. null: the worker looks at it.',
  ),
  workDirectory: key(path, '/var/lib/taskrunner/work', 'Folder of the workspaces; emptied at start.'),
});
