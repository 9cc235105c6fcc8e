import { duration, list, name, number, oneOf, path } from '../kinds';
import { key, section, unset } from '../key';
import { MINUTE, HOUR, DAY } from './units';

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
    memoryMiB: key(number(64, 1_048_576), 4_096, 'Memory of each of its processes.', 'MiB'),
    maxProcesses: key(number(16, 65_536), 512, 'Processes and threads.', 'processes'),
    workspaceMiB: key(number(1, 1_048_576), 1_024, 'Size of a file in the workspace, and of all its artifacts.', 'MiB'),
  }),
  workDirectory: key(path, '/var/lib/taskrunner/work', 'Folder of the workspaces; emptied at start.'),
});
