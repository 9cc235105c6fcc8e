import { duration, number, tenantName } from '../kinds';
import { key, section, unset } from '../key';
import { DAY, HOUR, MINUTE, SECOND } from './units';

export const audit = section('The audit chain of each tenant.', {
  checkpointEvery: key(
    duration(SECOND, DAY),
    5 * MINUTE,
    'Least time between two signed checkpoints of a tenant, if its chain has grown. Needs `keys.checkpoint`.',
    's, m, h',
  ),
  refusals: section('Requests that were refused (401, 403). They are counted, and entered from time to time.', {
    every: key(duration(SECOND, HOUR), MINUTE, 'How often what was counted is entered.', 's, m, h'),
    most: key(
      number(1, 10_000),
      100,
      'Entries of one tenant, each time, that name who asked; further refusals are counted together.',
      'entries',
    ),
    tenant: unset(
      tenantName,
      'Tenant whose chain has the refusals of callers that no token names. Null: a chain of the installation that no tenant reads.',
    ),
  }),
});
