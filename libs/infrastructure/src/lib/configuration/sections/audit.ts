import { duration } from '../kinds';
import { key, section } from '../key';
import { DAY, MINUTE, SECOND } from './units';

export const audit = section('The audit chain of each tenant.', {
  checkpointEvery: key(
    duration(SECOND, DAY),
    5 * MINUTE,
    'Least time between two signed checkpoints of a tenant, if its chain has grown. Needs `keys.checkpoint`.',
    's, m, h',
  ),
});
