import { duration, number } from '../kinds';
import { key, section } from '../key';
import { DAY, MINUTE, SECOND } from './units';

export const retries = section('Attempts of steps. A run keeps those of its admission.', {
  maxAttempts: key(
    number(1, 100),
    1,
    'Attempts of a step that may run twice (not `once`), where the pack says nothing.',
    'attempts',
  ),
  backoff: key(duration(0, DAY), 5 * SECOND, 'Pause after the first of them; it doubles each time.', 'ms, s, m, h'),
  maxBackoff: key(duration(0, DAY), 5 * MINUTE, 'Longest of these pauses.', 'ms, s, m, h'),
  cap: section('What no pack may ask for more of.', {
    maxAttempts: key(number(1, 100), 100, 'Attempts.', 'attempts'),
    maxBackoff: key(duration(0, 365 * DAY), DAY, 'Longest pause between two attempts.', 'ms, s, m, h, d'),
  }),
});
