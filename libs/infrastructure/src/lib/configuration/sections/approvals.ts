import { duration, flag, list, listOf, name, number, oneOf, text } from '../kinds';
import { key, needed, section, unset } from '../key';
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
  people: key(
    listOf({
      iss: needed(text, 'https://id.example.org', 'Issuer of the tokens of this person.'),
      sub: needed(text, 'u-42', 'Who it is there.'),
      grants: key(list(name), [], 'What the person holds on top of packs.approve.'),
    }),
    [],
    'Everybody who may decide; a gate with too few of them is announced. []: not known, people are reminded at half time.',
  ),
  actors: key(
    listOf({
      iss: needed(text, 'https://id.example.org', 'Issuer that knows this program.'),
      sub: needed(text, 'approvals-bot', 'What it is there.'),
    }),
    [],
    'Programs that may act for a person who decides (`act` in the token, RFC 8693). Their own tokens decide nothing. []: none.',
  ),
  grants: key(list(name), [], 'Grants that packs may ask for; others are faults of the pack.'),
});
