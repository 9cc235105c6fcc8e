import { duration, flag, list, listOf, name, number, oneOf, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { MINUTE, DAY } from './units';

export const approvals = section('Approval gates.', {
  floor: section('Minimum requirements for every approval. A pack cannot lower them.', {
    minApprovals: key(number(1, 100), 1, 'Minimum number of distinct people.', 'people'),
    selfApproval: key(flag, false, 'Whether an initiator of the run may decide. The pack must allow it too.'),
    maxExpiresAfter: key(duration(MINUTE, 365 * DAY), 7 * DAY, 'Maximum time to decide.', 's, m, h, d'),
    maxAuthAge: unset(
      duration(MINUTE, 365 * DAY),
      'Maximum age of the sign-in of a person who decides; null: no limit.',
      's, m, h, d',
    ),
    proof: key(
      oneOf('service', 'token', 'key'),
      'service',
      "Required proof of the person's identity.",
      'service | token | key',
    ),
  }),
  expiresAfter: key(duration(MINUTE, 365 * DAY), DAY, 'Default time to decide. A pack can set another.', 's, m, h, d'),
  executeWithin: key(
    duration(MINUTE, 365 * DAY),
    DAY,
    'Default time to start the approved steps, counted from the end of the time to decide. A pack can set another.',
    's, m, h, d',
  ),
  people: key(
    listOf({
      iss: needed(text, 'https://id.example.org', "Issuer of the person's tokens."),
      sub: needed(text, 'u-42', 'Subject of the person at this issuer.'),
      grants: key(list(name), [], 'Grants of the person in addition to packs.approve.'),
    }),
    [],
    'All people who may decide. If too few of them can decide at a gate, an event reports it. []: not known. People are then reminded after half of the time to decide.',
  ),
  actors: key(
    listOf({
      iss: needed(text, 'https://id.example.org', "Issuer of the program's identity."),
      sub: needed(text, 'approvals-bot', 'Subject of the program at this issuer.'),
    }),
    [],
    'Programs that may act for a person who decides (`act` in the token, RFC 8693). Their own tokens cannot decide. []: none.',
  ),
  grants: key(list(name), [], 'Grants that packs may require. A pack that requires another grant is invalid.'),
});
