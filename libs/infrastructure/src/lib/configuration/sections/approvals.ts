import { duration, flag, list, name, number, oneOf } from '../kinds';
import { key, section, unset } from '../key';
import { MINUTE, DAY } from './units';

export const approvals = section('Gates.', {
  floor: section('What every approval must meet, whatever the pack says.', {
    minApprovals: key(number(1, 100), 1, 'Fewest distinct people.', 'people'),
    selfApproval: key(flag, false, 'May an initiator of the run decide, where the pack allows it too?'),
    maxExpiresAfter: key(duration(MINUTE, 365 * DAY), 7 * DAY, 'Longest time to decide.', 's, m, h, d'),
    maxAuthAge: unset(duration(MINUTE, 365 * DAY), 'Oldest sign-in of a person who decides; null: any.', 's, m, h, d'),
    proof: key(oneOf('service', 'token', 'key'), 'service', 'What must prove the person.', 'service | token | key'),
  }),
  expiresAfter: key(duration(MINUTE, 365 * DAY), DAY, 'Time to decide, where the pack says nothing.', 's, m, h, d'),
  executeWithin: key(
    duration(MINUTE, 365 * DAY),
    DAY,
    'Time to start what was approved, where the pack says nothing.',
    's, m, h, d',
  ),
  grants: key(list(name), [], 'Grants that packs may ask for; others are faults of the pack.'),
});
