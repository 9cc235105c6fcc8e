import { duration, list, name, number } from '../kinds';
import { key, section, unset } from '../key';
import { SECOND, MINUTE, HOUR } from './units';

export const worker = section('Workers.', {
  name: unset(name, 'Its name in lists; null: the name of the host.'),
  concurrency: key(number(1, 10_000), 100, 'Runs driven at once.', 'runs'),
  slots: key(
    number(1, 10_000),
    16,
    'Steps that are executed at once before what maps have ready is shared with other workers.',
    'steps',
  ),
  assignmentItems: key(number(1, 256), 256, 'Steps of one map that another worker takes at once, at most.', 'steps'),
  snapshotEntries: key(
    number(10, 10_000_000),
    10_000,
    'Entries of a journal after which a snapshot is written, from which another worker goes on.',
    'entries',
  ),
  seals: key(number(1, 64), 4, 'Ended runs whose evidence is made at once; large ones one at a time.', 'runs'),
  claimInterval: key(duration(10, MINUTE), 500, 'Pause between claims when idle.', 'ms, s'),
  lease: key(
    duration(3 * SECOND, 5 * MINUTE),
    8 * SECOND,
    'How long a worker that stops answering keeps its runs.',
    's, m',
  ),
  unreadyAfter: key(
    duration(SECOND, HOUR),
    30 * SECOND,
    'How long its claims, or other work on the database, may fail before it says that it is not ready.',
    's, m',
  ),
  labels: key(list(name), [], 'Labels that steps may ask for (`workers`).'),
  drain: key(
    duration(0, HOUR),
    60 * SECOND,
    'After SIGTERM, how long steps under way may go on: those that may act once only until it is over, others stopGrace less. The orchestrator must give the pod drain, stopGrace and 15 s before it kills it.',
    'ms, s, m',
  ),
  stopGrace: key(duration(0, HOUR), 10 * SECOND, 'Between SIGTERM and SIGKILL when a step is stopped.', 'ms, s, m'),
});
