import { duration, number, size } from '../kinds';
import { key, section } from '../key';
import { SECOND, MINUTE, HOUR, DAY, GIB, KIB, MIB } from './units';

export const limits = section(
  'Default limits of runs. A pack can set others. A run keeps the values that were configured at its admission.',
  {
    attemptTimeout: key(duration(SECOND, 365 * DAY), HOUR, 'Timeout of one attempt of a step.', 's, m, h, d'),
    runTimeout: key(
      duration(SECOND, 365 * DAY),
      7 * DAY,
      'Timeout of a run, excluding the time it waits at approval gates.',
      's, m, h, d',
    ),
    cleanupTimeout: key(
      duration(SECOND, DAY),
      5 * MINUTE,
      'Timeout of steps with `runOn: always` after a cancellation or timeout. It begins after `worker.stopGrace`, in which other steps are stopped.',
      's, m, h',
    ),
    profileWait: key(
      duration(SECOND, 365 * DAY),
      DAY,
      'How long a run waits for a worker with a matching profile and the required labels. Then the run fails with PROFILE_MISMATCH.',
      's, m, h, d',
    ),
    maxParallel: key(number(1, 100_000), 16, 'Maximum number of concurrent items of a map.', 'items'),
    messageCharacters: key(
      number(100, 10_000),
      4_000,
      'Maximum length of the message of a run (`success.message`, `failure.message`). A longer message is cut.',
      'characters',
    ),
    logBytes: key(
      size(64 * KIB, 16 * GIB),
      64 * MIB,
      'Maximum log size of one execution of a step. Excess output is dropped; the log and the evidence record how much.',
      'KiB, MiB, GiB',
    ),
    logRate: key(
      size(64 * KIB, GIB),
      16 * MIB,
      'Maximum log rate of one execution, per second and in one burst. Output below this rate is never dropped; the pipe of the step blocks instead.',
      'KiB, MiB, GiB',
    ),
    planMemory: key(
      size(64 * MIB, 16 * GIB),
      256 * MIB,
      'Heap size of the thread that plans or simulates one pack. A pack that needs more gets PLAN_LIMIT.',
      'KiB, MiB, GiB',
    ),
    planTime: key(
      duration(SECOND, 10 * MINUTE),
      2 * SECOND,
      'Maximum processor time to plan or simulate one pack. A pack that needs more gets PLAN_LIMIT. One that does not get it within ten times as long, because the machine is busy, gets PLANNER_BUSY.',
      's, m',
    ),
    planThreads: key(number(1, 64), 2, 'Number of packs that one webservice plans concurrently.', 'threads'),
    planQueue: key(
      number(1, 100_000),
      256,
      'Maximum number of packs that wait to be planned. One tenant may use half of the queue.',
      'packs',
    ),
  },
);
