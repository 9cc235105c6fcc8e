import { duration, list, name, number } from '../kinds';
import { key, section, unset } from '../key';
import { SECOND, MINUTE, HOUR } from './units';

export const worker = section('Settings of a worker.', {
  name: unset(name, 'Name of the worker in lists; null: the host name.'),
  concurrency: key(number(1, 10_000), 100, 'Maximum number of runs that the worker executes concurrently.', 'runs'),
  slots: key(
    number(1, 10_000),
    16,
    'Number of steps that the worker executes concurrently before it shares ready map items with other workers.',
    'steps',
  ),
  assignmentItems: key(
    number(1, 256),
    256,
    'Maximum number of items of one map that another worker takes at a time.',
    'steps',
  ),
  snapshotEntries: key(
    number(10, 10_000_000),
    10_000,
    'Number of journal entries after which a snapshot is written. Another worker resumes from the snapshot.',
    'entries',
  ),
  stepRowsAfter: key(
    number(0, 10_000_000),
    256,
    'Number of journal entries after which a run gets rows of its steps in the database, which takes work for each step. The steps of smaller runs are read from their journals. Runs with maps or loops, or with steps that need attention, have rows from then on. 0: all runs have them.',
    'entries',
  ),
  seals: key(
    number(1, 64),
    32,
    'Number of ended runs that are sealed concurrently. Large runs are sealed one at a time.',
    'runs',
  ),
  claimInterval: key(duration(10, MINUTE), 500, 'Interval between claims when the worker is idle.', 'ms, s'),
  lease: key(
    duration(3 * SECOND, 5 * MINUTE),
    8 * SECOND,
    'Time after which an unresponsive worker loses its runs.',
    's, m',
  ),
  unreadyAfter: key(
    duration(SECOND, HOUR),
    30 * SECOND,
    'How long claims or other database operations may fail before the worker reports that it is not ready.',
    's, m',
  ),
  labels: key(list(name), [], 'Labels that steps can select (`workers`).'),
  drain: key(
    duration(0, HOUR),
    60 * SECOND,
    'Time after SIGTERM that running steps may continue. Steps with `once` may use all of it; other steps are stopped earlier, by stopGrace. The orchestrator must allow the pod drain + stopGrace + 15 s before it kills the pod.',
    'ms, s, m',
  ),
  stopGrace: key(
    duration(0, HOUR),
    10 * SECOND,
    'Time between SIGTERM and SIGKILL when a step is stopped.',
    'ms, s, m',
  ),
});
