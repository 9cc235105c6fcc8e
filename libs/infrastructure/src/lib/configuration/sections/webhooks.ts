import { ANNOUNCEMENT_TYPES } from '@taskrunner/core/ports';
import { duration, httpUrl, list, listOf, name, oneOf, secretFile, text } from '../kinds';
import { key, needed, section, unset } from '../key';
import { DAY, HOUR, MINUTE, SECOND } from './units';

const endpoint = {
  tenant: needed(name, 'acme', 'Tenant whose runs are reported.'),
  url: needed(
    httpUrl,
    'https://hooks.example.org/taskrunner',
    'URL of the endpoint; https, or http together with cidr.',
  ),
  secretFile: needed(
    secretFile,
    '/etc/taskrunner/webhooks/acme.secret',
    'File with mode 0600 that contains the signing secret: whsec_ followed by 24 to 64 bytes in base64.',
  ),
  types: key(list(oneOf(...ANNOUNCEMENT_TYPES)), [], 'Event types to send; []: all.'),
  cidr: unset(text, 'Address range that the host must resolve to. Required for private addresses.'),
};

export const webhooks = section(
  'Webhooks that report events of runs. A message contains ids, the gate digest and a link.',
  {
    endpoints: key(
      listOf(endpoint),
      [],
      'Endpoints of each tenant. Messages are signed according to Standard Webhooks.',
    ),
    timeout: key(duration(SECOND / 10, MINUTE), 10 * SECOND, 'Timeout of one attempt.', 'ms, s'),
    firstRetry: key(
      duration(10, HOUR),
      5 * SECOND,
      'Delay after the first attempt. The delay doubles with each attempt.',
      'ms, s, m, h',
    ),
    longestRetry: key(duration(10, DAY), HOUR, 'Maximum delay between attempts.', 'ms, s, m, h'),
    giveUpAfter: key(
      duration(SECOND, 7 * DAY),
      DAY,
      'Time after which delivery of a message is abandoned.',
      's, m, h, d',
    ),
  },
);
