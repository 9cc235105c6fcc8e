import { duration, flag, number } from '../kinds';
import { key, section } from '../key';
import { SECOND, MINUTE, DAY } from './units';

export const scheduler = section(
  'Schedules: packs that run by the clock. Every webservice may tick; a tick runs once.',
  {
    enabled: key(flag, true, 'Does this process tick? The routes are there either way.'),
    interval: key(duration(50, MINUTE), SECOND, 'Pause between looks for what is due, when nothing is.', 'ms, s, m'),
    batch: key(number(1, 1_000), 10, 'Schedules that one look takes.', 'schedules'),
    lease: key(
      duration(SECOND, 10 * MINUTE),
      10 * SECOND,
      'How long a due schedule is left to the process that took it, before another tries.',
      's, m',
    ),
    grace: key(duration(SECOND, DAY), MINUTE, 'How late a tick still counts as in time.', 's, m, h'),
    catchUpWindow: key(
      duration(0, 365 * DAY),
      DAY,
      'Longest window in which missed ticks are made up, and that of schedules that name none.',
      's, m, h, d',
    ),
    maxPerTenant: key(number(0, 100_000), 100, 'Schedules of one tenant.', 'schedules'),
    maxActive: key(number(1, 1_000), 20, 'Runs of one schedule under way at once; further ticks are skipped.', 'runs'),
    history: key(number(1, 100_000), 1_000, 'Lines of history that a schedule keeps.', 'lines'),
  },
);
