import { duration } from '../kinds';
import { key, section } from '../key';
import { MINUTE, SECOND } from './units';

export const policies = section('Policies that gates evaluate.', {
  timeout: key(
    duration(SECOND / 10, MINUTE),
    5 * SECOND,
    'Timeout of one evaluation by an engine other than CEL. After it, the policy is undecided and the gate stays closed.',
    'ms, s',
  ),
});
