import { duration } from '../kinds';
import { key, section } from '../key';
import { MINUTE, SECOND } from './units';

export const policies = section('Policies that gates ask.', {
  timeout: key(
    duration(SECOND / 10, MINUTE),
    5 * SECOND,
    'Longest time of one judgement by an engine other than CEL; over it the policy is undecided: closed.',
    'ms, s',
  ),
});
