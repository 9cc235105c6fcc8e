import { duration, number, size } from '../kinds';
import { key, section } from '../key';
import { SECOND, MINUTE, HOUR, DAY, GIB, KIB, MIB } from './units';

export const limits = section('Of every run, where the pack says nothing. A run keeps those of its admission.', {
  attemptTimeout: key(duration(SECOND, 365 * DAY), HOUR, 'One attempt of a step.', 's, m, h, d'),
  runTimeout: key(
    duration(SECOND, 365 * DAY),
    7 * DAY,
    'The run, without its waiting at approval gates.',
    's, m, h, d',
  ),
  cleanupTimeout: key(
    duration(SECOND, DAY),
    5 * MINUTE,
    'Steps with runOn: always after a cancel or timeout.',
    's, m, h',
  ),
  profileWait: key(
    duration(SECOND, 365 * DAY),
    DAY,
    'A run that no living worker can honour or has the labels for, before it ends PROFILE_MISMATCH.',
    's, m, h, d',
  ),
  maxParallel: key(number(1, 100_000), 16, 'Children of a map under way at once.', 'children'),
  logBytes: key(
    size(64 * KIB, 16 * GIB),
    64 * MIB,
    'Log of one execution of a step. What exceeds it is counted, dropped and said in the log and the evidence.',
    'KiB, MiB, GiB',
  ),
  logRate: key(
    size(64 * KIB, GIB),
    16 * MIB,
    'The same in a second, and at once. What is slower than this is never dropped: its pipe waits.',
    'KiB, MiB, GiB',
  ),
  planMemory: key(
    size(64 * MIB, 16 * GIB),
    256 * MIB,
    'Planning or simulating one pack: heap of its thread. More is PLAN_LIMIT.',
    'KiB, MiB, GiB',
  ),
  planTime: key(
    duration(SECOND, 10 * MINUTE),
    2 * SECOND,
    'Planning or simulating one pack, without its waiting. More is PLAN_LIMIT.',
    's, m',
  ),
  planThreads: key(number(1, 64), 2, 'Packs planned at once by one webservice.', 'threads'),
  planQueue: key(number(1, 100_000), 256, 'Packs that wait to be planned, half of them of one tenant.', 'packs'),
});
