import { duration, flag, number } from '../kinds';
import { key, section } from '../key';
import { SECOND, MINUTE, DAY } from './units';

export const scheduler = section(
  'Schedules start packs at set times. Every webservice can process ticks; each tick runs once.',
  {
    enabled: key(flag, true, 'Whether this process processes ticks. The API routes are available in either case.'),
    interval: key(
      duration(50, MINUTE),
      SECOND,
      'Interval at which the process looks for due schedules when it is idle.',
      'ms, s, m',
    ),
    batch: key(number(1, 1_000), 10, 'Maximum number of schedules that are processed at a time.', 'schedules'),
    lease: key(
      duration(SECOND, 10 * MINUTE),
      10 * SECOND,
      'How long a due schedule is reserved for the process that claimed it.',
      's, m',
    ),
    grace: key(duration(SECOND, DAY), MINUTE, 'Maximum delay of a tick that counts as on time.', 's, m, h'),
    catchUpWindow: key(
      duration(0, 365 * DAY),
      DAY,
      'Maximum window for catching up missed ticks. It is also the default for schedules that set none.',
      's, m, h, d',
    ),
    maxPerTenant: key(number(0, 100_000), 100, 'Maximum number of schedules of one tenant.', 'schedules'),
    maxActive: key(
      number(1, 1_000),
      20,
      'Maximum number of concurrent runs of one schedule. Further ticks are skipped.',
      'runs',
    ),
    history: key(number(1, 100_000), 1_000, 'Maximum number of entries in the tick history of a schedule.', 'entries'),
  },
);
