import { duration, number } from '../kinds';
import { key, section } from '../key';
import { DAY, MINUTE, SECOND } from './units';

export const retries = section('Retries of steps. A run keeps the values that were configured at its admission.', {
  maxAttempts: key(
    number(1, 100),
    1,
    'Default number of attempts of a step that may run more than once (not `once`). A pack can set another.',
    'attempts',
  ),
  backoff: key(
    duration(0, DAY),
    5 * SECOND,
    'Delay after the first attempt. The delay doubles with each attempt.',
    'ms, s, m, h',
  ),
  maxBackoff: key(duration(0, DAY), 5 * MINUTE, 'Maximum delay between attempts.', 'ms, s, m, h'),
  cap: section('Upper limits of the values that a pack can set.', {
    maxAttempts: key(number(1, 100), 100, 'Maximum number of attempts.', 'attempts'),
    maxBackoff: key(duration(0, 365 * DAY), DAY, 'Maximum delay between two attempts.', 'ms, s, m, h, d'),
  }),
});
