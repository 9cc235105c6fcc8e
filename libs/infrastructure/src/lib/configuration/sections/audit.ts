import { duration, number, tenantName } from '../kinds';
import { key, section, unset } from '../key';
import { DAY, HOUR, MINUTE, SECOND } from './units';

export const audit = section('Audit chains. Each tenant has one.', {
  checkpointEvery: key(
    duration(SECOND, DAY),
    5 * MINUTE,
    'Minimum time between two signed checkpoints of a tenant. A checkpoint is signed only if the chain has grown. Requires `keys.checkpoint`.',
    's, m, h',
  ),
  refusals: section('Refused requests (401, 403). They are counted and recorded periodically.', {
    every: key(duration(SECOND, HOUR), MINUTE, 'Interval at which the counts are recorded.', 's, m, h'),
    most: key(
      number(1, 10_000),
      100,
      'Maximum number of refusals of one tenant in each interval that are recorded with their caller. Further refusals are recorded as one total.',
      'entries',
    ),
    tenant: unset(
      tenantName,
      'Tenant whose chain records refusals of unidentified callers. null: a chain of the installation that no tenant can read.',
    ),
  }),
});
